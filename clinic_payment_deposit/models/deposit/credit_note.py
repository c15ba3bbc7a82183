from odoo import models


class AccountMove(models.Model):
    """A credit note of a bill that a deposit has paid gives the deposit back."""

    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        for note in posted.sudo().filtered(
            lambda move: move.move_type == "out_refund" and move.reversed_entry_id
        ):
            note._free_deposits()
        return posted

    def _free_deposits(self):
        """Match this note with its bill first, what is left of it with its deposits.

        What is open of them then can be refunded, which no note could.
        """
        bill = self.reversed_entry_id
        lines = self.env["clinic.deposit.line"].search(
            [("move_id", "=", bill.id), ("kind", "in", ("applied", "kept"))]
        )
        if not lines:
            return
        deposits = lines.deposit_id
        deposits._lock()
        owed = bill._free_of_deposits()
        for account, debits in owed.grouped("account_id").items():
            given = self.line_ids.filtered(
                lambda line, account=account: line.account_id == account
            )
            (debits | given).filtered(lambda line: not line.reconciled).reconcile()
        if bill.amount_residual:
            deposits._apply_to(bill)

    def _free_of_deposits(self):
        """Take deposits away from this bill: it and they are open again.

        :return: the lines that are owed
        """
        owed = self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        owed.matched_credit_ids.filtered(
            lambda partial: partial.credit_move_id.clinic_is_reserved
            or partial.credit_move_id.move_id.clinic_deposit_for_id == self
        ).unlink()
        return owed
