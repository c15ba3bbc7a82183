from odoo import api, fields, models


class ClinicPaymentException(models.Model):
    """A charge in doubt: a person asks the provider and says how it was."""

    _inherit = "clinic.payment.exception"

    kind = fields.Selection(
        selection_add=[("unknown", "Perhaps charged: the provider did not answer")],
        ondelete={"unknown": "cascade"},
    )

    @api.depends("kind")
    def _compute_next_action(self):
        result = super()._compute_next_action()
        for exception in self.filtered(lambda e: e.kind == "unknown"):
            exception.next_action = self.env._(
                "Look up the reference at the provider, then say if it was charged."
            )
        return result

    def action_was_charged(self):
        """Book the charge that the provider knows of."""
        self.check_access("write")
        for exception in self.filtered(lambda e: e._is_in_doubt()):
            exception.transaction_id.sudo()._set_done()
        self.action_done()

    def action_was_not_charged(self):
        """Ask for the instalment by link: the provider knows of no charge."""
        self.check_access("write")
        for exception in self.filtered(lambda e: e._is_in_doubt()):
            exception.transaction_id.sudo()._refuse(
                self.env._("The provider does not know of it.")
            )
        self.action_done()

    def _is_in_doubt(self):
        return self.transaction_id.sudo().clinic_charge == "unknown"
