from odoo import fields, models


class ClinicPaymentAllocation(models.Model):
    """How much of which item a transaction pays: what is chosen is reconciled."""

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
        "res.partner",
        string="Debtor",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    date_maturity = fields.Date(string="Due Date", required=True, readonly=True)
    currency_id = fields.Many2one(related="checkout_id.currency_id", store=True)
    amount = fields.Monetary(required=True, readonly=True)
    matched = fields.Monetary(readonly=True, help="How much of it was reconciled.")

    _positive = models.Constraint(
        "CHECK (amount > 0)", "An allocation must be above zero."
    )

    def _prepare_copy(self):
        return {
            "move_id": self.move_id.id,
            "partner_id": self.partner_id.id,
            "date_maturity": self.date_maturity,
            "amount": self.amount,
        }

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

    def _get_residual(self):
        """Return what is open of the item, in its currency."""
        return sum(self._get_lines().mapped("amount_residual_currency"))

    def _get_account(self):
        """Return the receivable account that the item stands on."""
        lines = self.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        return (self._get_lines() or lines)[:1].account_id

    def _reconcile_with(self, payment):
        """Match the item with the payment, the chosen amount at most."""
        self.ensure_one()
        credit = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id
            and not line.reconciled
        )
        debit = self._get_lines().filtered(
            lambda line: line.account_id == credit.account_id
        )
        left = -sum(credit.mapped("amount_residual_currency"))
        owed = sum(debit.mapped("amount_residual_currency"))
        reach = min(left, owed)
        if not credit or not debit:
            return
        if self.currency_id.compare_amounts(reach, self.amount) > 0:
            # Another chosen item was paid meanwhile: matching the usual way would take
            # its money too, which nobody chose for this item.
            self._match_exactly(debit, credit)
        else:
            (credit | debit).reconcile()
            self.matched = self.currency_id.round(reach)

    def _match_exactly(self, debit, credit):
        """Match the chosen amount only; in a foreign currency a person does it."""
        if self.currency_id != self.company_id.currency_id or len(debit | credit) != 2:
            return
        self.env["account.partial.reconcile"].create(
            {
                "debit_move_id": debit.id,
                "credit_move_id": credit.id,
                "amount": self.amount,
                "debit_amount_currency": self.amount,
                "credit_amount_currency": self.amount,
            }
        )
        self.matched = self.amount

    def _is_whole(self):
        """Return whether the whole of the item was chosen."""
        return self.currency_id.compare_amounts(self.amount, self._get_residual()) >= 0
