from odoo import models


class ClinicMessage(models.Model):
    """What answers somebody who is on the page right now goes out at any hour."""

    _inherit = "clinic.message"

    def _is_awaited(self):
        return super()._is_awaited() or self._is_receipt() or self._is_new_link()

    def _is_receipt(self):
        """Return whether it thanks who paid on the page, not whom a plan charged."""
        if self.topic_id.code != "paid" or self.res_model != "payment.transaction":
            return False
        transaction_sudo = self.env["payment.transaction"].sudo().browse(self.res_id)
        return bool(transaction_sudo.clinic_checkout_id.link_id)

    def _is_new_link(self):
        """Return whether somebody with an expired link asked for it."""
        return (self.dedupe_key or "").startswith("renew:")
