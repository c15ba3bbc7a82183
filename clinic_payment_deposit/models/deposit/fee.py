from odoo import Command, fields, models
from odoo.exceptions import UserError


class ClinicDeposit(models.Model):
    """Keeping a deposit: only by a posted fee, only where the law allows it."""

    _inherit = "clinic.deposit"

    def _keep(self, amount=None):
        """Keep so much: bill it as a fee that the deposit pays.

        Of a hold, that much is captured and the rest released.

        :param float amount: in the deposit's currency; default: all of it
        :return: the posted fee (`account.move`), empty while the capture is under way
        :raise UserError: where it is unlawful, or more than there is
        """
        self.ensure_one()
        self._lock()
        for action in ("keep", "no_show_fee"):
            self.env["clinic.compliance.rule"]._check_allowed(action, self.company_id)
        if self.state == "authorized":
            self.sudo().to_keep = amount or self.amount
            self._capture(amount)
            return self._keep_captured()
        return self._bill_fee(self.open if amount is None else amount)

    def _keep_captured(self):
        """Bill what was captured to be kept, once the money is in the books."""
        wanted = self.to_keep
        if self.state != "paid" or self.currency_id.compare_amounts(wanted, 0) <= 0:
            return self.env["account.move"]
        self.sudo().to_keep = 0.0
        return self._bill_fee(min(wanted, self.open))

    def _bill_fee(self, amount):
        is_wrong = self.currency_id.compare_amounts(amount, 0) <= 0
        if is_wrong or self.currency_id.compare_amounts(amount, self.open) > 0:
            raise UserError(
                self.env._("Only %s of this deposit is open.", self._format(self.open))
            )
        fee = (
            self.env["account.move"]
            .sudo()
            .with_company(self.company_id)
            .create(self._prepare_fee_vals(amount))
        )
        fee.action_post()
        self._apply_to(fee)
        return fee

    def _prepare_fee_vals(self, amount):
        lang = self.partner_id.lang or self.env.lang
        today = fields.Date.context_today(self)
        label = self.with_context(lang=lang).env._("Compensation for a reserved slot")
        return {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": today,
            "invoice_date_due": today,
            "clinic_patient_id": self.patient_id.id,
            "clinic_service_label": label,
            "clinic_deposit_id": self.id,
            "no_followup": True,
            "invoice_line_ids": [
                Command.create({"name": label, "price_unit": amount, "tax_ids": False})
            ],
        }
