import math

from odoo import models
from odoo.exceptions import ValidationError


class AccountMove(models.Model):
    """What may be paid on the portal's own page of a bill, by the rules of ours."""

    _inherit = "account.move"

    def _check_online_amount(self, asked):
        """Return the amount to pay online, of what the browser asked for.

        :param asked: number or text from the browser
        :raise ValidationError: in words for the patient, when it can't be paid
        """
        self.ensure_one()
        self._check_no_payment_under_way()
        amount = self._read_online_amount(asked)
        values = self._get_invoice_next_payment_values()
        if amount and values.get("installment_state") == "epd":
            early = values["amount_due"]
            if self.currency_id.compare_amounts(amount, early) == 0:
                return early
        due = self.amount_residual if self._has_to_be_paid() else 0.0
        self.env["clinic.payment.checkout"]._check_amount(self.currency_id, amount, due)
        return self.currency_id.round(amount)

    def _read_online_amount(self, asked):
        """Return the number in what the browser sent, or None."""
        try:
            amount = float(asked)
        except (TypeError, ValueError):
            return None
        return amount if math.isfinite(amount) else None

    def _check_no_payment_under_way(self):
        transactions = self.env["payment.transaction"]
        if transactions._get_live(self):
            raise ValidationError(
                self.env._(
                    "We are checking a payment of yours. Please do not pay again."
                )
            )
        if transactions._get_awaited(self):
            raise ValidationError(
                self.env._(
                    "We are waiting for your bank transfer. To pay another way, please "
                    "open your account and choose so there."
                )
            )
