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
        early = self._get_early_amount()
        if amount and early and self.currency_id.compare_amounts(amount, early) == 0:
            return early
        due = self.amount_residual if self._has_to_be_paid() else 0.0
        self.env["clinic.payment.checkout"]._check_amount(self.currency_id, amount, due)
        return self.currency_id.round(amount)

    def _get_early_amount(self, day=None):
        """Return what this bill costs with its early payment discount, or 0.

        :param date day: the clinic's day, by default today; the last day counts
        """
        day = day or self.company_id._get_clinic_today()
        values = self.with_context(
            clinic_paid_on=day
        )._get_invoice_next_payment_values()
        is_early = values.get("installment_state") == "epd"
        return values["amount_due"] if is_early else 0.0

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


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_installments_data(
        self, payment_currency=None, payment_date=None, **kwargs
    ):
        """A payment on our page has the clinic's day, not that of UTC."""
        return super()._get_installments_data(
            payment_currency=payment_currency,
            payment_date=payment_date or self.env.context.get("clinic_paid_on"),
            **kwargs,
        )
