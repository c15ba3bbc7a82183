import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

UNDER_WAY = Domain("state", "in", ("pending", "authorized")) & Domain(
    # A bank transfer waits for days: meanwhile another way to pay stays open.
    "provider_code",
    "!=",
    "custom",
)
BEING_BOOKED = Domain("state", "=", "done") & Domain("is_post_processed", "=", False)


class PaymentTransaction(models.Model):
    """What the patient chose to pay is what is booked and matched."""

    _inherit = "payment.transaction"

    clinic_checkout_id = fields.Many2one(
        "clinic.payment.checkout",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
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

    @api.model
    def _get_live(self, moves):
        """Return a transaction that is paying one of these documents now, if any."""
        if not moves:
            return self.browse()
        return self.sudo().search(
            (
                Domain("invoice_ids", "in", moves.ids)
                | Domain("clinic_allocation_ids.move_id", "in", moves.ids)
            )
            & (UNDER_WAY | BEING_BOOKED),
            limit=1,
        )

    # -- what gets under way stops reminders ---------------------------------------

    def _update_state(self, allowed_states, target_state, state_message):
        """A transaction that gets under way stops the reminders of its invoices.

        Money on a cancelled transaction is refused by core: it goes on the list.
        """
        late = self.filtered(lambda tx: tx.state in ("cancel", "error"))
        updated = super()._update_state(allowed_states, target_state, state_message)
        (updated.invoice_ids | updated.clinic_allocation_ids.move_id)._record_stop(
            "paid"
        )
        if target_state in ("authorized", "done"):
            for transaction in (late - updated)._concerning_clinic():
                self.env["clinic.payment.exception"]._file(transaction, "late")
        if updated.clinic_checkout_id and target_state in ("authorized", "done"):
            # Not left to the ten-minute run: the patient may have closed the page.
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
        return updated

    def _concerning_clinic(self):
        return self.filtered(lambda tx: tx.clinic_checkout_id or tx.invoice_ids)

    # -- booking -------------------------------------------------------------------

    def _create_payment(self, **extra_create_values):
        """Book what was chosen on the page: one payment for each receivable account."""
        parts = self.clinic_allocation_ids
        if not parts:
            return super()._create_payment(**extra_create_values)
        if self._takes_early_discount():
            payment = super()._create_payment(
                **{**extra_create_values, "partner_id": parts.partner_id[:1].id}
            )
            for part in parts:
                part.matched = part.amount
            return payment
        payments = self.env["account.payment"]
        for account, group in parts.grouped(lambda part: part._get_account()).items():
            payment = self._create_payment_on(account, group, extra_create_values)
            payments |= payment
            for part in group.sorted(lambda part: not part._is_whole()):
                part._reconcile_with(payment)
        self.payment_id = payments[:1]
        self._file_unmatched()
        return payments[:1]

    def _takes_early_discount(self):
        """Return whether this pays one invoice for good at its discounted amount."""
        move = self.clinic_allocation_ids.move_id
        if len(move) != 1 or not move.is_invoice(include_receipts=True):
            return False
        values = move._get_invoice_next_payment_values()
        return (
            values.get("installment_state") == "epd"
            and self.currency_id.compare_amounts(self.amount, values["amount_due"]) == 0
        )

    def _create_payment_on(self, account, parts, extra_create_values):
        """Book one payment without core's matching, which spreads it over all terms."""
        invoices = self.invoice_ids
        self.invoice_ids = False
        payment = super()._create_payment(
            **{
                **extra_create_values,
                "amount": self.currency_id.round(sum(parts.mapped("amount"))),
                "destination_account_id": account.id,
                "partner_id": self._get_payer(parts).id,
                "memo": " ".join(
                    [self.reference, *filter(None, parts.move_id.mapped("name"))]
                ),
                "invoice_ids": parts.move_id.ids,
            }
        )
        self.invoice_ids = invoices
        return payment

    def _get_payer(self, parts):
        """Return the debtor; for a family, whoever pays for it."""
        debtors = parts.partner_id
        return debtors if len(debtors) == 1 else self.partner_id.commercial_partner_id

    def _file_unmatched(self):
        """Put what could not be matched on the list: paid meanwhile, or twice."""
        parts = self.clinic_allocation_ids
        left = sum(part.amount - part.matched for part in parts)
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return
        twin = parts.search(
            [
                ("move_id", "in", parts.move_id.ids),
                ("transaction_id", "!=", self.id),
                ("transaction_id.state", "=", "done"),
            ],
            limit=1,
        )
        kind = "double" if twin else "unallocated"
        self.env["clinic.payment.exception"]._file(self, kind, amount=left)

    def _post_process(self):
        """Core first; our own follow-up may fail without undoing the booking."""
        result = super()._post_process()
        for transaction in self.filtered(
            lambda tx: tx.state == "done" and tx.clinic_checkout_id
        ):
            try:
                with self.env.cr.savepoint():
                    transaction._thank()
            except (UserError, psycopg2.Error) as error:
                _logger.warning(
                    "No thanks for transaction %s: %s", transaction.id, error
                )
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
