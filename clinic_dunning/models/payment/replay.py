from typing import NamedTuple

from odoo import models
from odoo.exceptions import ValidationError

SETTLED = ("authorized", "done")
# What a provider calls a payment that was made, at least authorised.
MADE = {
    "stripe": ("succeeded", "requires_capture", "processing"),
    "razorpay": ("captured", "authorized"),
}


class Answer(NamedTuple):
    """What a provider's own record says: its id, our reference, whether it was paid."""

    id: str = ""
    reference: str = ""
    is_made: bool = False


class RefusedAnswer(Exception):
    """A provider's answer that must change nothing.

    :param str kind: of the `clinic.payment.exception` to file, '' for none
    """

    def __init__(self, transaction, kind="", note=""):
        super().__init__(note)
        self.transaction = transaction
        self.kind = kind
        self.note = note


class PaymentTransaction(models.Model):
    """A provider's answer counts once, for its own transaction and amount.

    Core's return pages of Stripe and Razorpay take an answer that was given for another
    reference: one payment would set two transactions done.
    """

    _inherit = "payment.transaction"

    def _process(self, provider_code, payment_data):
        """Let another transaction's answer change nothing, and put it on the list."""
        try:
            payment_data = self._complete_answer(payment_data)
        except ValidationError as error:
            # The bank has signed that something was paid: not an error, not paid yet.
            self._set_pending(state_message=str(error))
            return self
        try:
            with self.env.cr.savepoint():
                transaction = super()._process(provider_code, payment_data)
                transaction._check_twin(transaction.provider_reference)
        except RefusedAnswer as refusal:
            if refusal.kind:
                self.env["clinic.payment.exception"]._file(
                    refusal.transaction, refusal.kind, note=refusal.note
                )
            return refusal.transaction
        return transaction

    def _complete_answer(self, payment_data):
        """Return the provider's whole record where its return page names it only.

        Razorpay's page says neither amount nor reference: core would check neither.
        Its signature covers the two ids only: whatever else is there, anybody wrote.

        :raise ValidationError: when the provider can't be asked
        """
        named = payment_data.get("razorpay_payment_id")
        if self.provider_code != "razorpay" or not named:
            return payment_data
        return self._send_api_request("GET", f"payments/{named}")

    def _validate_amount(self, payment_data):
        """A wrong amount or currency is an error in core, and on the list here."""
        self._check_own_answer(payment_data)
        before = self.state
        result = super()._validate_amount(payment_data)
        if self.state == "error" != before and self._concerning_clinic():
            self.env["clinic.payment.exception"]._file(
                self, "mismatch", note=self.state_message
            )
        return result

    def _check_own_answer(self, payment_data):
        """Refuse what was given for another reference, or was used already.

        :raise RefusedAnswer: before anything was changed
        """
        answer = self._read_answer(payment_data)
        if self.source_transaction_id:
            self._check_answer_of_part(answer)
            return
        if answer.id and answer.reference != self.reference:
            note = self.env._("The answer was for %s.", answer.reference)
            raise RefusedAnswer(self, "replayed", note)
        if answer.is_made:
            self._check_twin(answer.id)
        if answer.id and self._is_settled_by_another(answer.id):
            # One transaction, two payments: the first one stays, whatever the second.
            note = self.env._("It was paid a second time: %s.", answer.id)
            raise RefusedAnswer(self, "lost" if answer.is_made else "", note)

    def _check_answer_of_part(self, answer):
        """Refuse for a capture, release or refund what was not answered about it.

        Its reference is easy to guess: it counts only what the payment that it belongs
        to has at the provider, and what was captured of that counts once.

        :raise RefusedAnswer: before anything was changed
        """
        source = self.source_transaction_id
        is_foreign = answer.id and answer.id != source.provider_reference
        if is_foreign or (answer.id and self.operation == "refund"):
            note = self.env._("The answer was for %s.", answer.reference or answer.id)
            raise RefusedAnswer(self, "replayed", note)
        counted = source | source.child_transaction_ids - self
        if answer.is_made and self.state != "done":
            counted = counted.filtered(
                lambda tx: tx.state == "done" and tx.provider_reference == answer.id
            )
            if counted:
                note = self.env._("The answer was used for %s.", counted[0].reference)
                raise RefusedAnswer(self, note=note)

    def _read_answer(self, payment_data):
        """Return the `Answer` in the data of a provider that we know how to read."""
        read = getattr(self, f"_read_answer_of_{self.provider_code}", None)
        return read(payment_data) if read else Answer()

    def _read_answer_of_stripe(self, payment_data):
        kind = "setup_intent" if self.operation == "validation" else "payment_intent"
        return self._make_answer(payment_data.get(kind))

    def _read_answer_of_razorpay(self, payment_data):
        return self._make_answer(payment_data)

    def _make_answer(self, record):
        if not isinstance(record, dict) or record.get("entity_type") == "refund":
            return Answer()
        return Answer(
            record.get("id") or "",
            record.get("description") or "",
            record.get("status") in MADE[self.provider_code],
        )

    def _is_settled_by_another(self, provider_reference):
        return (
            self.state in SETTLED
            and self.provider_reference
            and self.provider_reference != provider_reference
        )

    def _check_twin(self, provider_reference):
        """Refuse a payment that has settled another transaction.

        :raise RefusedAnswer: names that other transaction
        """
        if not self or not provider_reference or self.source_transaction_id:
            return
        twin = self.search(
            [
                ("id", "!=", self.id),
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", provider_reference),
                ("source_transaction_id", "=", False),
                ("state", "in", SETTLED),
            ],
            limit=1,
        )
        if twin:
            note = self.env._("The answer was used for %s.", twin.reference)
            raise RefusedAnswer(self, "replayed", note)
