from odoo import models


class PaymentTransaction(models.Model):
    """Captures and refunds at Razorpay, asked of the payment that they belong to."""

    _inherit = "payment.transaction"

    def _send_capture_request(self):
        return self._ask_of_payment(super()._send_capture_request)

    def _send_refund_request(self):
        return self._ask_of_payment(super()._send_refund_request)

    def _ask_of_payment(self, send):
        """Core asks for `payments/False/…`: a part has no id of the payment by itself.

        The id is lent for the question; what is answered brings the part's own one.
        """
        if self.provider_code != "razorpay" or self.provider_reference:
            return send()
        self.provider_reference = self.source_transaction_id.provider_reference
        try:
            return send()
        finally:
            if self.state not in ("authorized", "done", "pending"):
                self.provider_reference = False
