import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.clinic_dunning.models.outreach.naming import is_name

NAME_LENGTH = 40


class ClinicBookingRequest(models.Model):
    """What a visitor of the page asks for, until it is an appointment.

    Who he is stands on a contact of its own, archived until the address is proved:
    nobody is taken for a patient by what he says.
    """

    _name = "clinic.booking.request"
    _description = "Appointment Asked for on the Page"
    _order = "id desc"
    _rec_name = "type_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    type_id = fields.Many2one(
        "resource.booking.type", required=True, ondelete="cascade", readonly=True
    )
    combination_id = fields.Many2one(
        "resource.booking.combination",
        string="Practitioner",
        ondelete="set null",
        readonly=True,
        help="Empty: the first one available.",
    )
    start = fields.Datetime(readonly=True, help="Empty: a place on the waiting list.")
    tz = fields.Char(string="Time Zone", required=True, readonly=True)
    lang = fields.Char(string="Language", required=True, readonly=True)
    visitor_id = fields.Many2one(
        "res.partner", required=True, ondelete="cascade", readonly=True
    )
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        readonly=True,
    )
    address_hash = fields.Char(readonly=True, index=True)
    birth_date = fields.Date(readonly=True)
    verified_at = fields.Datetime(readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Patient",
        ondelete="cascade",
        readonly=True,
        help="Whom the proved address and the birth date belong to.",
    )
    booking_id = fields.Many2one(
        "resource.booking",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
    )
    wait_until = fields.Date(
        readonly=True, help="Last day on which a freed slot would suit."
    )
    waiting_id = fields.Many2one(
        "clinic.waiting.list",
        string="On the Waiting List",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
    )
    ip = fields.Char(string="IP Address", readonly=True)

    @api.model
    def _ask(self, wish, person, ip):
        """Keep what a visitor asks for, and send a code to his address.

        :param dict wish: type_id, combination_id, start, tz, lang; for the waiting
            list no start, but wait_until
        :param dict person: first_name, last_name, birth_date (text), contact
        :return: the secret under which he goes on
        :raise UserError: in words, for what can't be
        """
        company = wish["type_id"].company_id
        contact = company._parse_clinic_contact(person.get("contact"))
        born = self._parse_birth_date(person.get("birth_date"))
        visitor = self._create_visitor(company, person, contact, wish)
        request = self._keep(wish, visitor, ip, channel=contact.channel)
        request.birth_date = born
        request.address_hash = self.env["clinic.contact.address"]._hash(contact.address)
        link, secret = self.env["clinic.link"]._issue_request(request)
        request._send_code(link.sudo())
        return secret

    @api.model
    def _ask_as(self, partner, wish, ip):
        """Keep the wish of somebody whom a link of ours has proved.

        :return: the secret under which the person goes on
        """
        request = self._keep(wish, partner, ip)
        request.write({"verified_at": fields.Datetime.now(), "partner_id": partner.id})
        address = partner.email_normalized or partner.phone_sanitized or partner.id
        request.address_hash = self.env["clinic.contact.address"]._hash(str(address))
        return self.env["clinic.link"]._issue_request(request)[1]

    @api.model
    def _keep(self, wish, visitor, ip, **vals):
        return self.create(
            {
                "company_id": wish["type_id"].company_id.id,
                "type_id": wish["type_id"].id,
                "combination_id": wish["combination_id"].id,
                "start": wish["start"],
                "wait_until": wish.get("wait_until"),
                "tz": wish["tz"],
                "lang": wish["lang"],
                "visitor_id": visitor.id,
                "ip": ip,
                **vals,
            }
        )

    @api.model
    def _create_visitor(self, company, person, contact, wish):
        """Return the archived contact of somebody who has proved nothing yet.

        :raise ValidationError: for names that no message could greet by
        """
        first, last = (
            " ".join((person.get(part) or "").split())
            for part in ("first_name", "last_name")
        )
        names = [first, last]
        if not all(names) or any(not self._is_name(name) for name in names):
            raise ValidationError(
                self.env._("Please give your first and last name, in letters only.")
            )
        vals = {"email": contact.address}
        if contact.channel == "sms":
            country = self.env["res.country"].search([("code", "=", contact.country)])
            vals = {"phone": contact.address, "country_id": country.id}
        return self.env["res.partner"].create(
            {
                "name": f"{first} {last}",
                "active": False,
                "company_id": company.id,
                "lang": wish["lang"],
                "tz": wish["tz"],
                "clinic_preferred_channel": contact.channel,
                **vals,
            }
        )

    @api.model
    def _is_name(self, name):
        """Return whether it is a name: what strangers write here goes into messages."""
        words = [word.rstrip(".") for word in name.replace("’", "'").split()]
        return len(name) <= NAME_LENGTH and all(map(is_name, words))

    @api.model
    def _parse_birth_date(self, text):
        """Return the day somebody typed, False for none.

        :raise ValidationError: for what is no day of the past
        """
        if not (text or "").strip():
            return False
        day = self.env["clinic.link"]._parse_date(text)
        if not day or not 1900 <= day.year or day > fields.Date.today():
            raise ValidationError(
                self.env._("Please write the birth date as day, month and year.")
            )
        return day

    def _get_zone(self):
        return pytz.timezone(self.tz)

    @api.autovacuum
    def _gc_requests(self):
        """Forget, after two days, those who never made an appointment."""
        day = fields.Datetime.subtract(fields.Datetime.now(), days=2)
        stale = self.search(
            [
                ("create_date", "<", day),
                ("booking_id", "=", False),
                ("waiting_id", "=", False),
            ]
        )
        visitors = stale.visitor_id.filtered(lambda visitor: not visitor.active)
        stale.unlink()
        kept = self.search([("visitor_id", "in", visitors.ids)]).visitor_id
        strangers = visitors - kept
        messages = self.env["clinic.message"].search(
            [("partner_id", "in", strangers.ids)]
        )
        messages.attempt_ids.mail_mail_id.unlink()
        messages.unlink()
        strangers.unlink()
