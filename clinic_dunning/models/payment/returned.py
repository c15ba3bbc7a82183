from odoo import api, models
from odoo.fields import Domain


class PaymentTransaction(models.Model):
    """Money that was taken back: its bills are open again, and somebody is told.

    Accounting only records a stop event; the sweep looks at the books afterwards, so
    that whoever matches a payment anew in several steps alarms nobody.
    """

    _inherit = "payment.transaction"

    @api.model
    def _file_returned(self, moves):
        """Put on the list what was taken back of the online payments of these moves.

        :param moves: `account.move` whose matching was undone
        """
        if not moves:
            return
        paid = Domain("state", "=", "done") & Domain("payment_id", "!=", False)
        for transaction in self._search_of(moves, paid):
            lost = transaction._get_lost()
            if transaction.currency_id.compare_amounts(lost, 0) > 0:
                self.env["clinic.payment.exception"]._file(
                    transaction, "charged_back", amount=lost
                )

    def _get_lost(self):
        """Return how much of what bills got of this payment is gone from the books."""
        self.ensure_one()
        parts = self.clinic_allocation_ids
        got = sum(parts.mapped("matched")) if parts else abs(self.amount)
        kept = sum(payment._get_kept_amount() for payment in self._get_payments())
        return max(0.0, self.currency_id.round(got - kept))

    def _get_payments(self):
        """Return all payments that were booked for this transaction."""
        return self.env["account.payment"].search(
            [("payment_transaction_id", "in", self.ids)]
        )

    def _settle_refund(self):
        """Match a refund with the money that it gives back.

        That is money no bill got, else the credit note of a bill. What it takes from a
        bill opens that bill again, with its own due date.
        """
        source = self.source_transaction_id
        debit = self.payment_id._get_receivable_lines()
        paid_lines = (
            source._get_payments()
            ._get_receivable_lines()
            .filtered(lambda line: line.account_id == debit.account_id)
        )
        for group in (paid_lines, source._get_credit_note_lines(debit.account_id)):
            opened = (debit | group).filtered(lambda line: not line.reconciled)
            if debit in opened and len(opened) > 1:
                opened.reconcile()
        if debit and not debit.reconciled:
            self._take_from_bills(debit, paid_lines)
        source._note_refunded(paid_lines)
        self._file_returned(source.invoice_ids)

    def _get_credit_note_lines(self, account):
        """Return the receivable lines of credit notes of this transaction's bills."""
        notes = self.invoice_ids.reversal_move_ids.filtered(
            lambda move: move.state == "posted"
        )
        return notes.line_ids.filtered(lambda line: line.account_id == account)

    def _take_from_bills(self, debit, paid_lines):
        """Free a payment of its bills, the last first, and match it with `debit`."""
        for credit in paid_lines:
            for partial in credit.matched_debit_ids.sorted("id", reverse=True):
                bill = partial.debit_move_id
                if debit.reconciled or bill.move_id.origin_payment_id:
                    continue
                partial.unlink()
                (debit | credit).reconcile()
                if not credit.reconciled:
                    (bill | credit).reconcile()

    def _note_refunded(self, paid_lines):
        """End what is on the list because of money that has been given back now."""
        if all(paid_lines.mapped("reconciled")):
            self.env["clinic.payment.exception"].search(
                [
                    ("transaction_id", "in", self.ids),
                    ("kind", "in", ("double", "unallocated")),
                    ("state", "=", "open"),
                ]
            ).action_done()


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _get_receivable_lines(self):
        """Return the lines of these payments on the patients' accounts."""
        return self.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def _get_kept_amount(self):
        """Return what is left of this payment after returns, in its currency."""
        self.ensure_one()
        if self.state not in ("in_process", "paid") or (
            self.move_id and self.move_id.state != "posted"
        ):
            return 0.0
        partials = self._get_receivable_lines().matched_debit_ids
        gone = partials.filtered(lambda partial: self._is_return(partial.debit_move_id))
        return self.amount - sum(gone.mapped("credit_amount_currency"))

    def _is_return(self, line):
        """Return whether a line gives this payment back: refund, bank or reversal."""
        move = line.move_id
        return bool(
            move.origin_payment_id
            or move.statement_line_id
            or move.reversed_entry_id == self.move_id
        )
