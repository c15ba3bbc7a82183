from odoo import fields, models


class ClinicPaymentAllocation(models.Model):
    """How much of which item a transaction pays: what was chosen is what is reconciled."""

    _name = "clinic.payment.allocation"
    _description = "Allocation of an Online Payment"
    _order = "date_maturity, id"
    _rec_name = "move_id"

    checkout_id = fields.Many2one(
        "clinic.payment.checkout", required=True, ondelete="cascade", index=True
    )
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    company_id = fields.Many2one(related="checkout_id.company_id", store=True)
    move_id = fields.Many2one(
        "account.move", required=True, readonly=True, ondelete="restrict", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Debtor", required=True, readonly=True, ondelete="restrict"
    )
    date_maturity = fields.Date(string="Due Date", required=True, readonly=True)
    currency_id = fields.Many2one(related="checkout_id.currency_id", store=True)
    amount = fields.Monetary(required=True, readonly=True)

    _positive = models.Constraint(
        "CHECK (amount > 0)", "An allocation must be above zero."
    )

    def _get_lines(self):
        """Return the open receivable lines of this item."""
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
            and line.partner_id == self.partner_id
            and (line.date_maturity or line.date) == self.date_maturity
            and not line.reconciled
            and line.parent_state == "posted"
        )

    def _get_account(self):
        """Return the receivable account that the item stands on."""
        lines = self.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        return (self._get_lines() or lines)[:1].account_id

    def _reconcile_with(self, payment):
        """Match the item with what is left of the payment, the chosen amount at most.

        :return: what could not be matched, in the allocation's currency
        """
        self.ensure_one()
        credit = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id
            and not line.reconciled
        )
        debit = self._get_lines()
        left = -sum(credit.mapped("amount_residual_currency"))
        owed = sum(debit.mapped("amount_residual_currency"))
        if not credit or not debit:
            return self.amount
        if self.currency_id.compare_amounts(min(left, owed), self.amount) > 0:
            # More money is left than was chosen for this item (another one was paid
            # meanwhile): matching would take it all, so a person decides.
            return self.amount
        (credit | debit).reconcile()
        return self.currency_id.round(self.amount - min(left, owed))

    def _is_whole(self):
        """Return whether the whole of the item was chosen."""
        owed = sum(self._get_lines().mapped("amount_residual_currency"))
        return self.currency_id.compare_amounts(self.amount, owed) >= 0
