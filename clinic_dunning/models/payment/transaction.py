from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _update_state(self, *args, **kwargs):
        """A transaction that gets under way stops the reminders of its invoices."""
        updated = super()._update_state(*args, **kwargs)
        updated.invoice_ids._record_stop("paid")
        return updated
