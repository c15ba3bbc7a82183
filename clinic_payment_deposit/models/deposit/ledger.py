from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ClinicDeposit(models.Model):
    """The deposit in the books: an advance that waits for its visit's bill."""

    _inherit = "clinic.deposit"

    def _get_payments(self):
        """Return the payments that brought the money (sudo)."""
        return (
            self.sudo().line_ids.filtered(lambda line: line.kind == "paid").payment_id
        )

    def _get_advance_lines(self):
        """Return the credits in the ledger that this deposit consists of (sudo)."""
        return self.env["account.move.line"].union(
            *(payment._get_advance_lines() for payment in self._get_payments())
        )

    def _get_usable_lines(self):
        """Return the credits that pay bills: not what came twice and may go back."""
        doubles = self.sudo().transaction_ids.filtered(
            lambda tx: any(
                filed.kind == "double" and filed.state == "open"
                for filed in tx.clinic_exception_ids
            )
        )
        return self._get_advance_lines() - doubles.payment_id._get_advance_lines()

    def _note_paid(self, transaction, payment):
        """Note that money came and is in the books."""
        self.ensure_one()
        self._add_line(
            "paid",
            payment.amount,
            transaction_id=transaction.id,
            payment_id=payment.id,
        )
        payment._get_advance_lines().clinic_is_reserved = True
        if self.state in ("requested", "pending", "authorized"):
            self._move_to("paid")
        self._derive()

    def _add_line(self, kind, amount, **vals):
        return (
            self.env["clinic.deposit.line"]
            .sudo()
            .create({"deposit_id": self.id, "kind": kind, "amount": amount, **vals})
        )

    # -- used for the visit's bill -----------------------------------------------------

    def _apply_to(self, invoice):
        """Use what is open of these deposits for a bill, the oldest first.

        What is more than the bill stays open: it can be given back.

        :param invoice: posted customer invoice
        :raise UserError: for a bill that is not posted, or not of this clinic
        """
        for deposit in self.sorted("id"):
            deposit._lock()
            deposit._check_may_pay(invoice)
            deposit._check_not_going_back(invoice)
            for advance in deposit._get_usable_lines():
                deposit._use_line(advance, invoice)

    def _check_no_quarrel(self):
        """Refuse by itself to use what a person has to look at first.

        :raise UserError: in words
        """
        if any(deposit.state == "exception" and deposit.open for deposit in self):
            raise UserError(
                self.env._(
                    "This deposit is disputed or was not given back: it pays no bill "
                    "before somebody has settled that."
                )
            )

    def _check_may_pay(self, invoice):
        is_ours = (
            invoice.move_type == "out_invoice"
            and invoice.state == "posted"
            and invoice.company_id == self.company_id
            and invoice.currency_id == self.currency_id
        )
        if not is_ours:
            raise UserError(
                self.env._(
                    "A deposit pays a confirmed bill of its own clinic and currency."
                )
            )

    def _check_not_going_back(self, invoice):
        """Refuse to use what is on its way back to the patient.

        :raise UserError: in words
        """
        left = -sum(self._get_usable_lines().mapped("amount_residual_currency"))
        wanted = min(left, invoice.amount_residual)
        if self.currency_id.compare_amounts(wanted, self._get_free()) > 0:
            raise UserError(
                self.env._("A refund of this deposit is under way: wait for its end.")
            )

    def _use_line(self, advance, invoice):
        """Match one advance with a bill, over a transfer where it is no receivable."""
        owed = invoice.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).sorted(lambda line: (line.date_maturity, line.id))
        left = -advance.amount_residual_currency
        amount = min(left, sum(owed.mapped("amount_residual_currency")))
        if advance.reconciled or self.currency_id.compare_amounts(amount, 0) <= 0:
            return
        if advance.account_id not in owed.account_id:
            advance = self._transfer(advance, invoice, owed[:1], amount)
        for line in owed.filtered(lambda line: line.account_id == advance.account_id):
            if not advance.reconciled:
                (advance | line).reconcile()

    def _transfer(self, advance, invoice, owed, amount):
        """Move an advance to the bill's receivable account; return that credit."""
        share = amount / -advance.amount_residual_currency
        balance = self.company_id.currency_id.round(-advance.amount_residual * share)
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(self.company_id)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self._get_transfer_journal().id,
                    "date": fields.Date.context_today(self),
                    "ref": f"{self._get_reference()} {invoice.name}",
                    "clinic_deposit_id": self.id,
                    "clinic_deposit_for_id": invoice.id,
                    "line_ids": [
                        Command.create(
                            self._prepare_entry_line(advance, amount, balance)
                        ),
                        Command.create(
                            self._prepare_entry_line(owed, -amount, -balance)
                        ),
                    ],
                }
            )
        )
        move.action_post()
        debit, credit = move.line_ids.sorted("balance", reverse=True)
        (advance | debit).reconcile()
        return credit

    def _prepare_entry_line(self, line, amount, balance):
        return {
            "account_id": line.account_id.id,
            "partner_id": line.partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_currency": amount,
            "balance": balance,
            "name": self._get_reference(),
        }

    def _get_transfer_journal(self):
        """Return the journal of transfers (sudo).

        :raise UserError: when the clinic has no miscellaneous journal
        """
        journals = self.env["account.journal"].sudo()
        journal = journals.search(
            Domain(journals._check_company_domain(self.company_id))
            & Domain("type", "=", "general"),
            order="sequence, id",
            limit=1,
        )
        if not journal:
            raise UserError(
                self.env._("%s has no miscellaneous journal.", self.company_id.name)
            )
        return journal

    def _get_reference(self):
        """Return the neutral number of this deposit, such as DEP/00042."""
        return f"DEP/{self.id:05}"


class AccountMove(models.Model):
    _inherit = "account.move"

    clinic_deposit_id = fields.Many2one(
        "clinic.deposit",
        string="Deposit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The deposit that this entry moves, or this fee keeps.",
    )
    clinic_deposit_for_id = fields.Many2one(
        "account.move",
        string="Deposit Used for",
        readonly=True,
        copy=False,
        help="The bill that the deposit was moved for.",
    )

    def _undo_unused_transfers(self):
        """Reverse what was moved for bills that it does not pay any more.

        A bill that was cancelled or credited leaves the advance open, as it was before.
        """
        for move in self.filtered(lambda move: move.state == "posted"):
            credit = move.line_ids.filtered(lambda line: line.balance < 0)
            if not credit.matched_debit_ids:
                today = fields.Date.context_today(move)
                move._reverse_moves([{"date": today, "ref": move.ref}], cancel=True)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    clinic_is_reserved = fields.Boolean(
        string="Reserved for a Visit",
        readonly=True,
        copy=False,
        help="An advance: it pays the bill of its visit, not another one.",
    )

    @api.model
    def _get_netting_domain(self):
        """Money reserved for a visit is no credit against other bills."""
        return super()._get_netting_domain() & Domain("clinic_is_reserved", "=", False)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _get_advance_lines(self):
        """Return the credit lines of payments that brought a deposit."""
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id == line.payment_id.destination_account_id
        )

    def _is_deposit(self):
        lines = self.env["clinic.deposit.line"].sudo()
        return bool(
            lines.search_count(
                [("payment_id", "in", self.ids), ("kind", "=", "paid")], limit=1
            )
        )

    def action_draft(self):
        self._check_no_deposit()
        return super().action_draft()

    def action_cancel(self):
        self._check_no_deposit()
        return super().action_cancel()

    def _check_no_deposit(self):
        if self._is_deposit():
            raise UserError(
                self.env._("This payment is a deposit: refund it from the deposit.")
            )


class AccountPartialReconcile(models.Model):
    """The lines of deposits follow what is matched with them in the ledger."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._follow_deposits()
        return partials

    def unlink(self):
        lines = (
            self.env["clinic.deposit.line"]
            .sudo()
            .search([("partial_id", "in", self.ids)])
        )
        deposits = lines.deposit_id
        transfers = self.credit_move_id.move_id.filtered("clinic_deposit_for_id")
        lines.unlink()
        result = super().unlink()
        deposits._derive()
        transfers.sudo()._undo_unused_transfers()
        return result

    def _follow_deposits(self):
        """Note what became of an advance that was matched with something."""
        reserved = self.filtered("credit_move_id.clinic_is_reserved")
        if not reserved:
            return
        paid = (
            self.env["clinic.deposit.line"]
            .sudo()
            .search(
                [
                    ("payment_id", "in", reserved.credit_move_id.payment_id.ids),
                    ("kind", "=", "paid"),
                ]
            )
        )
        by_payment = {line.payment_id: line.deposit_id for line in paid}
        for partial in reserved.sudo():
            deposit = by_payment.get(partial.credit_move_id.payment_id)
            amount = partial.credit_amount_currency
            if deposit and deposit.currency_id.compare_amounts(amount, 0) > 0:
                deposit._follow_partial(partial, amount)


class ClinicDepositFollowing(models.Model):
    _inherit = "clinic.deposit"

    def _follow_partial(self, partial, amount):
        """Add the line of one matching, and let the state follow."""
        debit = partial.debit_move_id.move_id
        payment = debit.origin_payment_id
        document = debit.clinic_deposit_for_id or debit
        self._add_line(
            self._get_kind_of(debit, document),
            amount,
            partial_id=partial.id,
            transaction_id=payment.payment_transaction_id.id,
            payment_id=payment.id,
            move_id=document.id if document.is_invoice(True) else False,
        )
        self._derive()

    def _get_kind_of(self, debit, document):
        """Return what a matching did to the deposit: applied, kept or refunded."""
        if document.clinic_deposit_id == self and document.is_invoice(True):
            return "kept"
        return "applied" if document.is_invoice(True) else "refunded"
