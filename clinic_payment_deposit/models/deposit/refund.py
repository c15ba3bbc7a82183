from odoo import models
from odoo.exceptions import UserError, ValidationError


class ClinicDeposit(models.Model):
    """Money that goes back to where it came from, and is reconciled in the books."""

    _inherit = "clinic.deposit"

    def _refund(self, amount=None):
        """Give back so much of what is open, to the card or account it came from.

        What a provider can't do is put on the list for a person. Nothing is noted as
        given back before the provider says so.

        :param float amount: in the deposit's currency; default: all that is open
        :return: the refund transactions
        :raise UserError: more than is open
        """
        self.ensure_one()
        self._lock()
        amount = self._get_free() if amount is None else self.currency_id.round(amount)
        self._check_refund(amount)
        refunds = self.env["payment.transaction"].sudo()
        left = amount
        for transaction, refundable in self._get_refundable().items():
            part = min(left, refundable)
            if self.currency_id.compare_amounts(part, 0) > 0:
                refunds |= self._refund_transaction(transaction, part)
                left = self.currency_id.round(left - part)
        if self.currency_id.compare_amounts(left, 0) > 0:
            self._ask_to_give_back(left)
        return refunds

    def _ask_to_give_back(self, amount):
        """What was paid at the desk is given back at the desk."""
        self._ask_staff(
            self.env._("A deposit paid at the desk is to be given back"),
            self.env._("%s, under “Given Back by Hand”.", self._format(amount)),
        )

    def _check_refund(self, amount):
        """Refuse what is not open.

        :raise UserError: in words, with what is open
        """
        free = self._get_free()
        is_wrong = self.currency_id.compare_amounts(amount, 0) <= 0
        if is_wrong or self.currency_id.compare_amounts(amount, free) > 0:
            raise UserError(
                self.env._("Only %s of this deposit is open.", self._format(free))
            )

    def _get_free(self):
        """Return what is open and not on its way back."""
        return max(self.currency_id.round(self.open - self._get_refunds_under_way()), 0)

    def _get_refunds_under_way(self):
        """Return how much is on its way back and not in the books yet."""
        refunds = self.sudo().transaction_ids.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund"
            and tx.state in ("draft", "pending", "done")
            and not tx.payment_id
        )
        return -sum(refunds.mapped("amount"))

    def _get_refundable(self):
        """Return {transaction: how much of it may be given back}, the last first."""
        refundable = {}
        paid = self.sudo().line_ids.filtered(lambda line: line.kind == "paid")
        for line in paid.filtered("transaction_id").sorted("id", reverse=True):
            gone = sum(
                child.amount
                for child in line.transaction_id.child_transaction_ids
                if child.operation == "refund"
                and child.state in ("draft", "pending", "done")
            )
            refundable[line.transaction_id] = line.amount + gone
        return refundable

    def _refund_transaction(self, transaction, amount):
        """Ask the provider; where it can't or won't, a person has to do it."""
        if not transaction._can_be_refunded():
            self._file_to_refund(transaction, amount)
            return transaction.browse()
        try:
            refund = transaction._refund(amount)
        except (UserError, ValidationError) as error:
            self._file_to_refund(transaction, amount, note=str(error))
            return transaction.browse()
        if refund.state == "error":
            self._file_to_refund(transaction, amount, note=refund.state_message)
        return refund

    def _file_to_refund(self, transaction, amount, note=False):
        """Put on the list what a person gives back."""
        self._file(transaction, "to_refund", amount, note=note)

    def _file(self, transaction, kind, amount=None, note=False):
        """Put something about this deposit on the list of exceptions."""
        exceptions = self.env["clinic.payment.exception"].sudo()
        return exceptions._file(transaction, kind, amount=amount, note=note)
