from odoo import models


class ReplayedAnswer(Exception):
    """A provider's answer belongs to another transaction."""

    def __init__(self, transaction, note):
        super().__init__(note)
        self.transaction = transaction
        self.note = note


class PaymentTransaction(models.Model):
    """A provider's answer counts once, for its own transaction and amount.

    Core's return pages of Stripe and Razorpay take an answer that was given for another
    reference: one payment would set two transactions done (FACTS 4).
    """

    _inherit = "payment.transaction"

    def _process(self, provider_code, payment_data):
        """Undo an update by another transaction's answer and put it on the list."""
        try:
            with self.env.cr.savepoint():
                transaction = super()._process(provider_code, payment_data)
                transaction._check_own_answer(payment_data)
        except ReplayedAnswer as error:
            self.env["clinic.payment.exception"]._file(
                error.transaction, "replayed", note=error.note
            )
            return error.transaction
        return transaction

    def _check_own_answer(self, payment_data):
        if not self or self.source_transaction_id:
            return
        named = self._get_named_reference(payment_data)
        if named and named != self.reference:
            raise ReplayedAnswer(self, self.env._("The answer was for %s.", named))
        if twin := self._get_twin():
            raise ReplayedAnswer(
                self, self.env._("The answer was used for %s.", twin.reference)
            )

    def _get_named_reference(self, payment_data):
        """Return the reference that the provider's own record bears, if any."""
        intent = payment_data.get("payment_intent")
        if self.provider_code == "stripe" and isinstance(intent, dict):
            return intent.get("description")
        return None

    def _get_twin(self):
        """Return another transaction paid by the same payment, if any."""
        if not self.provider_reference or self.state not in ("authorized", "done"):
            return self.browse()
        return self.search(
            [
                ("id", "!=", self.id),
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", self.provider_reference),
                ("source_transaction_id", "=", False),
                ("state", "in", ("authorized", "done")),
            ],
            limit=1,
        )

    def _validate_amount(self, payment_data):
        """A wrong amount or currency is an error in core, and on the list here."""
        before = self.state
        result = super()._validate_amount(payment_data)
        if self.state == "error" != before and self._concerning_clinic():
            self.env["clinic.payment.exception"]._file(
                self, "mismatch", note=self.state_message
            )
        return result
