from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

# Stripe knows a key for a day: what is asked again meanwhile is not done twice.
KEY_LIFE = timedelta(hours=23)


class PaymentTransaction(models.Model):
    """Captures, releases and refunds of which Stripe may never have heard."""

    _inherit = "payment.transaction"

    def _heal(self):
        """Take from the provider how a payment stands, its captures and refunds.

        :raise StripeFailure: Stripe does not answer
        """
        self._refetch()
        if self._get_refunds():
            self._take_refunds()
        parts = self.child_transaction_ids | self._get_refunds()
        for part in parts.filtered(lambda tx: tx.clinic_act and tx.state == "pending"):
            part._ask_again()
        (self | parts)._post_process_now()

    def _ask_again(self):
        """Ask for what Stripe does not know of; after a day a person is told.

        How the payment stands was taken just before: what was done is not asked for.
        """
        is_hold_over = self.source_transaction_id.state != "authorized"
        if self.operation == "refund" and self.provider_reference:
            return  # Stripe knows of it and will tell.
        if self.clinic_act == "cancel" and is_hold_over:
            self._set_canceled()
        elif self.clinic_act == "capture" and is_hold_over:
            self._leave_to_a_person(self.env._("The hold has ended."))
        elif self.last_state_change < fields.Datetime.now() - KEY_LIFE:
            self._leave_to_a_person(self.env._("The provider has not answered."))
        else:
            self._send_again()

    def _send_again(self):
        """Ask with the same key as before: done once, even if both arrive."""
        send = {
            "capture": self._send_capture_request,
            "cancel": self._send_void_request,
            "refund": self._send_refund_request,
        }[self.clinic_act]
        try:
            send()
        except ValidationError as error:
            self._leave_to_a_person(str(error))

    def _leave_to_a_person(self, reason):
        """Nothing was done and nothing will be by itself."""
        self._set_error(reason)
        source = self.source_transaction_id
        deposit = source.clinic_deposit_id
        if self.operation == "refund" and deposit:
            deposit._file_to_refund(source, -self.amount, note=reason)
        elif self.operation == "refund":
            exceptions = self.env["clinic.payment.exception"].sudo()
            exceptions._file(source, "to_refund", amount=-self.amount, note=reason)
        elif deposit:
            deposit._ask_staff(
                self.env._("A card hold was not captured or released"), reason
            )
