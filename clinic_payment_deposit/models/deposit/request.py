import secrets
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

# After the visit, the page still says what became of its deposit.
LINK_HOURS = 48


class ClinicDeposit(models.Model):
    """Asking for a deposit, and the address where it is paid."""

    _inherit = "clinic.deposit"

    @api.model
    def _request(self, booking, accepted=None):
        """Ask for what the policy of a visit's type asks for; books nothing.

        :param booking: `resource.booking` with its slot
        :param dict accepted: {"version": int, "lang": str, "ip": str} where the person
            accepted the policy's text already, else None: the pay page asks for it
        :return: `clinic.deposit`, or an empty recordset when nothing is asked
        :raise UserError: the accepted version is not today's
        """
        partner = booking.clinic_patient_id or booking.partner_id
        policies = self.env["clinic.deposit.policy"].sudo()
        quote = policies._quote(booking.type_id, partner, booking.start)
        if not quote:
            return self.browse()
        known = booking.sudo().clinic_deposit_id
        if known.state in ("requested", "pending", "authorized", "paid"):
            return known
        deposit = self.sudo().create(
            self._prepare_request_vals(booking, partner, quote, accepted)
        )
        if accepted:
            deposit._accept(accepted)
        return deposit

    def _prepare_request_vals(self, booking, partner, quote, accepted):
        lang = (accepted or {}).get("lang") or partner.lang or self.env.lang
        policy = quote.policy.with_context(lang=lang)
        return {
            "booking_id": booking.id,
            "type_id": booking.type_id.id,
            "visit_start": booking.start,
            "partner_id": self._get_payer(partner).id,
            "patient_id": partner.id,
            "company_id": policy.company_id.id,
            "currency_id": quote.currency.id,
            "amount": quote.amount,
            "way": quote.way,
            "pay_by": booking.clinic_held_until or quote.pay_by,
            "free_until": quote.free_until,
            "lang": lang,
            "nonce": secrets.token_urlsafe(12),
            "policy_id": policy.id,
            "policy_version": policy.version,
            "policy_text": policy.text,
            "nature": policy.nature,
            "free_cancel_hours": policy.free_cancel_hours,
            "late_cancel_share": policy.late_cancel_share,
            "no_show_share": policy.no_show_share,
        }

    def _get_payer(self, partner):
        """Return who pays for a patient: the guarantor, where there is one."""
        until = partner.clinic_guarantor_until
        is_over = until and until < fields.Date.context_today(self)
        return partner if is_over else partner.clinic_guarantor_id or partner

    def _accept(self, accepted):
        """Keep the proof that the policy's text was accepted as it was shown.

        :raise UserError: another version was accepted than this deposit goes by
        """
        self.ensure_one()
        if int(accepted.get("version") or 0) != self.policy_version:
            raise UserError(
                self.env._("The terms have changed. Please read and accept them again.")
            )
        if not self.acceptance_id:
            acceptances = self.env["clinic.policy.acceptance"].sudo()
            self.sudo().acceptance_id = acceptances._accept_deposit(
                self, accepted.get("lang"), accepted.get("ip")
            )

    def _get_accepted_text(self, lang=None):
        """Return what is accepted: the policy, and what may be done with a card."""
        if self.way == "pay":
            return self.policy_text
        nature = self.with_context(lang=lang or self.lang)._get_nature_text()
        return Markup("<p>%s</p>%s") % (nature, self.policy_text)

    # -- the way to pay ----------------------------------------------------------------

    def _get_url(self):
        """Return the address of the pay page; it can't be had again later."""
        return self._issue_link()[1]

    def _issue_link(self, **vals):
        """Make a link to the pay page; it works until the visit, and a bit longer.

        Nothing can be paid there any more once the slot was given back.

        :return: (link record, address)
        """
        self.ensure_one()
        links = self.env["clinic.link"].sudo()
        since = max(self.visit_start or self.pay_by, fields.Datetime.now())
        return links._issue(
            self.partner_id,
            self.company_id,
            "booking",
            path="d",
            clinic_deposit_id=self.id,
            expires_at=since + timedelta(hours=LINK_HOURS),
            **vals,
        )

    def _format(self, amount):
        lang = self.env.lang or self.lang
        return format_amount(self.env, amount, self.currency_id, lang)


class ClinicLink(models.Model):
    _inherit = "clinic.link"

    clinic_deposit_id = fields.Many2one(
        "clinic.deposit",
        string="Deposit",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )


class ClinicPolicyAcceptance(models.Model):
    """The same proof serves the terms of deposits."""

    _inherit = "clinic.policy.acceptance"

    deposit_policy_id = fields.Many2one(
        "clinic.deposit.policy", readonly=True, ondelete="set null"
    )

    @api.model
    def _accept_deposit(self, deposit, lang, ip):
        """Keep the proof for one deposit: its text, as it was shown."""
        return self.create(
            {
                "partner_id": deposit.partner_id.id,
                "company_id": deposit.company_id.id,
                "deposit_policy_id": deposit.policy_id.id,
                "version": deposit.policy_version,
                "text": deposit._get_accepted_text(lang),
                "lang": lang or deposit.lang,
                "ip": ip,
            }
        )
