import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """What the patient chose to pay is what is booked and matched."""

    _inherit = "payment.transaction"

    clinic_checkout_id = fields.Many2one(
        "clinic.payment.checkout", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    clinic_allocation_ids = fields.One2many(
        "clinic.payment.allocation", "transaction_id", readonly=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        for transaction in transactions.filtered("clinic_checkout_id"):
            checkout = transaction.clinic_checkout_id
            checkout.transaction_id = transaction
            checkout.allocation_ids.transaction_id = transaction
        return transactions

    # -- what gets under way stops reminders -----------------------------------------------------

    def _update_state(self, allowed_states, target_state, state_message):
        """A transaction that gets under way stops the reminders of its invoices.

        Money on a transaction that was cancelled is refused by core: it goes on the list.
        """
        late = self.filtered(lambda tx: tx.state in ("cancel", "error"))
        updated = super()._update_state(allowed_states, target_state, state_message)
        (updated.invoice_ids | updated.clinic_allocation_ids.move_id)._record_stop("paid")
        if target_state in ("authorized", "done"):
            for transaction in (late - updated)._concerning_clinic():
                self.env["clinic.payment.exception"]._file(
                    transaction, "late", note=state_message or False
                )
        return updated

    def _concerning_clinic(self):
        return self.filtered(lambda tx: tx.clinic_checkout_id or tx.invoice_ids)

    # -- booking -----------------------------------------------------------------------------------

    def _create_payment(self, **extra_create_values):
        """Book what was chosen on the page: one payment for each receivable account."""
        if not self.clinic_allocation_ids:
            return super()._create_payment(**extra_create_values)
        payments = self.env["account.payment"]
        groups = self.clinic_allocation_ids.grouped(lambda part: part._get_account())
        for account, parts in groups.items():
            payment = self._create_payment_on(account, parts, extra_create_values)
            payments |= payment
            self._match(payment, parts)
        self.payment_id = payments[:1]
        return payments[:1]

    def _create_payment_on(self, account, parts, extra_create_values):
        """Book one payment without core's matching, which would spread it over all terms."""
        invoices = self.invoice_ids
        self.invoice_ids = False
        payment = super()._create_payment(
            **{
                **extra_create_values,
                "amount": sum(parts.mapped("amount")),
                "destination_account_id": account.id,
                "partner_id": parts.partner_id[:1].id,
                "memo": self.reference,
                "invoice_ids": parts.move_id.ids,
            }
        )
        self.invoice_ids = invoices
        return payment

    def _match(self, payment, parts):
        """Match each chosen item, whole ones first; what is left over goes on the list."""
        left = sum(
            part._reconcile_with(payment)
            for part in parts.sorted(lambda part: not part._is_whole())
        )
        if self.currency_id.compare_amounts(left, 0) > 0:
            self.env["clinic.payment.exception"]._file(self, "unallocated", amount=left)

    def _post_process(self):
        """Core first; our own follow-up may fail without undoing the payment's booking."""
        result = super()._post_process()
        for transaction in self.filtered(
            lambda tx: tx.state == "done" and tx.clinic_checkout_id
        ):
            try:
                with self.env.cr.savepoint():
                    transaction._thank()
            except (UserError, psycopg2.Error) as error:
                _logger.warning("No thanks for transaction %s: %s", transaction.id, error)
                self.env["clinic.payment.exception"]._file(
                    transaction, "failed", amount=0.0, note=str(error)
                )
        return result

    def _thank(self):
        """Queue the one thank-you message with the receipt."""
        checkout = self.clinic_checkout_id
        self.env["clinic.message"].sudo()._queue(
            "paid",
            checkout.partner_id,
            checkout.company_id,
            f"paid:{self.id}",
            source=self,
            currency_id=self.currency_id.id,
            amount=self.amount,
            route_id=self.env.ref("clinic_dunning.route_email").id,
            values={"reference": self.reference},
        )

    def _get_invoices_to_notify(self):
        return super()._get_invoices_to_notify() | self.clinic_allocation_ids.move_id
