from odoo import models

# What the law wants kept: it names nobody any more once the person is erased.
KEPT = {
    "account.bank.statement.line",
    "account.move",
    "account.move.line",
    "account.payment",
    "payment.token",
    "payment.transaction",
}


class PrivacyLookupWizardLine(models.TransientModel):
    """In a look-up a patient is erased, and what must be kept does not stop it."""

    _inherit = "privacy.lookup.wizard.line"

    def action_unlink(self):
        self.ensure_one()
        text = "" if self.is_unlinked else self._answer_for_clinic()
        if not text:
            return super().action_unlink()
        self.execution_details = f"{self.res_model_id.name} #{self.res_id}: {text}"
        self.is_unlinked = True
        return None

    def _answer_for_clinic(self):
        """Do what a clinic does instead of deleting; return it in words, or ''.

        :raise UserError: while something is open with the person
        """
        record = self.env[self.res_model].sudo().browse(self.res_id)
        if self.res_model == "res.partner" and record._is_known_to_clinic():
            if not record.clinic_erased_at:
                record._erase_clinic_data()
            return record._describe_clinic_erasure()
        if self.res_model == "res.users" and record.partner_id.clinic_erased_at:
            return self.env._("Archived.")
        if self.res_model in KEPT or self.res_model.startswith("clinic."):
            return self.env._("Kept; it names nobody once the person is erased.")
        return ""
