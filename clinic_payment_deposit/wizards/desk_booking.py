from datetime import datetime, time, timedelta

import pytz

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..tools.contact import parse_contact

SHOWN = 16
LOOK_AHEAD = timedelta(days=28)


class ClinicDeskBooking(models.TransientModel):
    """The phone rings: who, what, when; the link leaves by itself."""

    _name = "clinic.desk.booking"
    _description = "Book by Phone"
    _inherit = ["clinic.dialog"]

    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, required=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Patient",
        domain="[('company_id', 'in', [False, company_id]), "
        "('is_company', '=', False)]",
    )
    first_name = fields.Char()
    last_name = fields.Char()
    contact = fields.Char(
        string="Mobile or Email", help="Where the link goes to.", size=100
    )
    birth_date = fields.Date()
    type_id = fields.Many2one(
        "resource.booking.type",
        string="Visit",
        domain="[('company_id', '=', company_id)]",
    )
    combination_ids = fields.Many2many(
        "resource.booking.combination", compute="_compute_combination_ids"
    )
    combination_id = fields.Many2one(
        "resource.booking.combination",
        string="With",
        domain="[('id', 'in', combination_ids)]",
        help="Empty: whoever is free first.",
    )
    day = fields.Date(
        string="From", default=lambda self: self.env.company._get_clinic_today()
    )
    hold_hours = fields.Float(
        default=24.0,
        help="So long the time waits for the deposit, until the visit at most.",
    )
    slot_ids = fields.One2many("clinic.desk.booking.slot", "desk_id", string="Free")
    deposit_text = fields.Char(compute="_compute_deposit_text", string="Deposit")

    @api.depends("type_id")
    def _compute_combination_ids(self):
        for desk in self:
            rows = desk.type_id.sudo().combination_rel_ids
            desk.combination_ids = rows.combination_id

    @api.depends("type_id", "partner_id")
    def _compute_deposit_text(self):
        for desk in self:
            policy = desk.type_id.sudo().clinic_deposit_policy_id
            desk.deposit_text = policy.name or self.env._("Nothing is asked for")

    @api.model
    def action_open(self):
        """Open the dialog with the visit that is booked most, and its next times."""
        company = self.env.company
        kinds = self.env["resource.booking.type"].search(
            [("company_id", "=", company.id)]
        )
        usual = kinds.sorted("booking_count", reverse=True)[:1]
        desk = self.create({"company_id": company.id, "type_id": usual.id})
        desk.slot_ids = desk._prepare_slots()
        return desk._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Book by phone"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def action_show(self):
        """Look for free times as chosen."""
        self.ensure_one()
        if self.combination_id not in self.combination_ids:
            self.combination_id = False
        self.slot_ids = self._prepare_slots()
        return self._reopen()

    def _prepare_slots(self):
        """Return the commands that show the next free times."""
        kind = self.type_id.sudo()
        if not kind:
            return [Command.clear()]
        zone = pytz.timezone(self.company_id._get_clinic_tz())
        today = self.company_id._get_clinic_today()
        day = max(self.day or today, today)
        begin = zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc)
        begin = max(begin.replace(tzinfo=None), fields.Datetime.now())
        offered = kind._get_offered(
            begin, begin + LOOK_AHEAD, self.combination_id.sudo() or None, by_desk=True
        )
        return [Command.clear()] + [
            Command.create({"start": slot.start}) for slot in offered[:SHOWN]
        ]

    def _book(self, start):
        """Take a time for the patient; the link of its deposit leaves at once.

        :return: the booking (sudo)
        :raise UserError: in words, when it can't be
        """
        self.ensure_one()
        kind, patient = self.type_id.sudo(), self._get_patient()
        policy = kind.clinic_deposit_policy_id
        quote = policy._quote(kind, patient.sudo(), start) if policy else None
        booking = (
            self.env["resource.booking"]
            .sudo()
            ._hold_slot(
                kind,
                start,
                patient.sudo(),
                combination=self.combination_id.sudo() or None,
                minutes=self._get_minutes(start) if quote else None,
                clinic_source="desk",
            )
        )
        if quote:
            deposit = self.env["clinic.deposit"].sudo()._request(booking, None)
            deposit._tell_requested()
        return booking

    def _get_minutes(self, start):
        """Return how long the time waits: not beyond the visit itself."""
        until_visit = (start - fields.Datetime.now()).total_seconds() // 60
        return int(max(min(self.hold_hours * 60, until_visit), 1))

    def _get_patient(self):
        """Return who comes: found, or new. The desk makes contacts here only."""
        if self.partner_id:
            return self.partner_id
        if not (self.first_name and self.last_name):
            raise UserError(self.env._("Choose the patient, or write the name."))
        return self.env["res.partner"].sudo().create(self._prepare_patient_vals())

    def _prepare_patient_vals(self):
        country = self.company_id.country_id
        contact = parse_contact(self.contact, country.code)
        if not contact:
            raise UserError(
                self.env._("Write the mobile number or email that the link goes to.")
            )
        field = "phone" if contact.channel == "sms" else "email"
        return {
            "name": f"{self.first_name.strip()} {self.last_name.strip()}",
            field: contact.address,
            "company_id": self.company_id.id,
            "lang": self.company_id.partner_id.lang or self.env.lang,
            "country_id": country.id,
            "clinic_birth_date": self.birth_date,
        }
