from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..outreach.recheck import PAYMENT_WAIT, Verdict

TOPIC = "share_refused"


class AccountMove(models.Model):
    """The payer refuses its share: whoever owes it now hears so before any reminder."""

    _inherit = "account.move"

    def _tell_share_refused(self, transfer):
        """Say what is open now and until when, once for each refused share.

        Whoever was left alone because the payer was awaited is so no more.

        :param transfer: the entry by which the payer owed it
        """
        case = self.env["clinic.followup.case"]._get_or_create(
            self.clinic_guarantor_id, self.company_id
        )
        case.hold_ids.filtered(
            lambda hold: hold.is_active and hold.reason == "insurer"
        ).action_end()
        self.env["clinic.message"]._queue(
            TOPIC,
            case.partner_id,
            case.company_id,
            f"{TOPIC}:{transfer.id}",
            source=self,
            case_id=case.id,
            patient_id=self.clinic_patient_id.id,
            currency_id=self.currency_id.id,
            amount=self.amount_residual,
            route_id=case._get_notice_route().id,
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()


class ClinicFollowupCase(models.Model):
    _inherit = "clinic.followup.case"

    def _get_notice_route(self):
        """Return the `clinic.contact.route` that reaches this person, else a letter."""
        try:
            return self._get_link_route(self._get_virtual_link())
        except UserError:
            return self.env.ref("clinic_dunning.route_plan").sudo()


class ClinicMessage(models.Model):
    """What is said of a refused share is true when it leaves."""

    _inherit = "clinic.message"

    def _get_refused_bill(self):
        """Return the bill whose share was refused, or none (sudo)."""
        moves = self.env["account.move"].sudo()
        if self.topic_id.code != TOPIC or self.res_model != moves._name:
            return moves
        return moves.browse(self.res_id).exists()

    def _get_stop_reason(self):
        """A bill that is disputed or left alone is not spoken of."""
        bill = self._get_refused_bill()
        if bill.clinic_dispute_since:
            return self.env._("The invoice is disputed.")
        if bill and bill.no_followup:
            return self.env._("The invoice is excluded from follow-up.")
        return super()._get_stop_reason()

    def _recheck_amount(self, open_items, paying):
        bill = self._get_refused_bill()
        if not bill:
            return super()._recheck_amount(open_items, paying)
        if self.currency_id.compare_amounts(bill.amount_residual, 0) <= 0:
            return Verdict("skip", self.env._("Nothing is due any more."))
        if bill.id in paying:
            until = fields.Datetime.now() + PAYMENT_WAIT
            return Verdict("later", self.env._("A payment is under way."), until)
        return Verdict("send", amount=bill.amount_residual)

    def _prepare_values(self, verdict, lang):
        values = super()._prepare_values(verdict, lang)
        if bill := self._get_refused_bill():
            days = bill._get_share_lines().mapped("date_maturity")
            values["due_date"] = format_date(self.env, max(days), lang_code=lang)
            values["reference"] = bill.name
        return values
