from odoo import api, fields, models
from odoo.exceptions import UserError

from .deposit import WAITING
from .exception import BY_HAND


class ClinicDeposit(models.Model):
    """Deposits that are paid, or given back, at the desk or by transfer."""

    _inherit = "clinic.deposit"

    is_accepted = fields.Boolean(compute="_compute_is_accepted", compute_sudo=True)
    to_give_back = fields.Monetary(
        string="To Give Back by Hand", compute="_compute_to_give_back"
    )

    @api.depends("acceptance_id")
    def _compute_is_accepted(self):
        for deposit in self:
            deposit.is_accepted = bool(deposit.acceptance_id)

    @api.depends("open", "line_ids")
    def _compute_to_give_back(self):
        for deposit in self:
            deposit.to_give_back = deposit.sudo()._get_to_give_back()

    def _receive_by_hand(self, journal, token):
        """Take the whole amount at the desk: an advance as any other, once.

        :param journal: `account.journal` (sudo) that the desk may use
        :param str token: names the act: clicked twice, it is one payment
        :return: the payment (sudo)
        :raise UserError: when it is not asked for, or is being paid online right now
        """
        self.ensure_one()
        self._lock()
        if self.state not in WAITING or self._get_live_transaction():
            raise UserError(
                self.env._(
                    "This deposit is paid, being paid, or not asked for any more."
                )
            )
        self._drop_payments()
        self._forget_card()
        payment = self._post_by_hand(journal, token, self.amount, "inbound")
        self._note_paid(self.env["payment.transaction"], payment)
        self._confirm_booking()
        self._keep_due()
        return payment

    def _give_back_by_hand(self, journal, token, amount):
        """Book what was given back in cash or by transfer, and match it.

        :param float amount: in the deposit's currency
        :return: the payment (sudo)
        :raise UserError: more than is to be given back by hand
        """
        self.ensure_one()
        self._lock()
        most = self._get_to_give_back()
        if self.currency_id.compare_amounts(amount, most) > 0:
            raise UserError(
                self.env._("Only %s is to be given back by hand.", self._format(most))
            )
        payment = self._post_by_hand(journal, token, amount, "outbound")
        advances = self._get_advance_lines().filtered(lambda line: not line.reconciled)
        (advances | payment._get_advance_lines()).reconcile()
        self._end_by_hand(amount)
        return payment

    def _get_to_give_back(self):
        """Return how much no provider gives back: paid at the desk, or refused."""
        by_desk = self.line_ids.filtered(
            lambda line: line.kind == "paid" and not line.transaction_id
        )
        refused = self._get_refused_refunds()
        wanted = sum(by_desk.mapped("amount")) + sum(refused.mapped("amount"))
        return min(self.currency_id.round(wanted), self._get_free())

    def _get_refused_refunds(self):
        """Return what is on the list because no provider gives it back (sudo)."""
        transactions = self.sudo().transaction_ids
        return transactions.clinic_exception_ids.filtered(
            lambda exception: exception.kind in BY_HAND and exception.state == "open"
        )

    def _end_by_hand(self, amount):
        """What was given back by hand is on no list any more; a rest stays there."""
        left = amount
        for refused in self._get_refused_refunds():
            rest = self.currency_id.round(refused.amount - left)
            left = self.currency_id.round(max(-rest, 0.0))
            if self.currency_id.compare_amounts(rest, 0) > 0:
                refused.amount = rest
            else:
                refused.action_done()
        if self.currency_id.compare_amounts(self._get_to_give_back(), 0) <= 0:
            self._get_refused_refunds().action_done()
            self.sudo().activity_ids.action_feedback()

    def _post_by_hand(self, journal, token, amount, direction):
        """Post a payment on the account of advances; return it (sudo)."""
        lines = f"{direction}_payment_method_line_ids"
        method = journal[lines][:1]
        payments = self.env["account.payment"].sudo().with_company(self.company_id)
        account = self.company_id._get_clinic_advance_account()
        # Without a journal entry there would be no advance.
        forced = payments.with_context(force_payment_move=not method.payment_account_id)
        payment = forced.create(
            {
                "payment_type": direction,
                "partner_type": "customer",
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "journal_id": journal.id,
                "payment_method_line_id": method.id,
                "currency_id": self.currency_id.id,
                "amount": amount,
                "date": self.company_id._get_clinic_today(),
                "memo": self._get_reference(),
                "clinic_desk_user_id": self.env.uid,
                "clinic_desk_token": token,
                **({"destination_account_id": account.id} if account else {}),
            }
        ).with_env(payments.env)
        payment.action_post()
        return payment


class ClinicDeskReceipt(models.Model):
    _inherit = "clinic.desk.receipt"

    def _get_undo_obstacle(self):
        if self._get_payments_sudo()._is_deposit():
            return self.env._("This is a deposit: give it back from the deposit.")
        return super()._get_undo_obstacle()
