import secrets
from datetime import timedelta

from odoo import api, fields, models

from .deposit import WAITING
from .quote import HOLD_DAYS

# Days to pay by link what a saved card did not give.
LINK_DAYS = 7


class ClinicDeposit(models.Model):
    """Visits too far ahead for a hold: a saved card, held or charged with consent."""

    _inherit = "clinic.deposit"

    def _take_card(self, token):
        """Note the card that the patient saved; the visit is confirmed by it."""
        self.ensure_one()
        self._lock()
        if self.state not in WAITING:
            return
        self.token_id = token
        if self.booking_id:
            self.booking_id._confirm_paid()

    def _has_card(self):
        """Return whether a card stands for what is asked."""
        self.ensure_one()
        return self.state in WAITING and bool(self.sudo().token_id.active)

    @api.model
    def _get_to_hold(self):
        """Return the deposits whose visit is near enough to hold the saved card now."""
        now = fields.Datetime.now()
        return self.search(
            [
                ("state", "=", "requested"),
                ("token_id", "!=", False),
                ("visit_start", ">", now),
                ("visit_start", "<", now + timedelta(days=HOLD_DAYS)),
            ]
        )

    def _hold_saved_card(self):
        """Hold the amount on the saved card; where that fails, ask by link."""
        self._lock()
        transaction = self._use_card(self.amount, is_hold=True)
        if transaction.state not in ("authorized", "pending", "done"):
            self._ask_instead(self.amount, "hold", self.visit_start)

    def _charge_saved_card(self, amount):
        """Charge what is to be kept; where that fails, ask for it by link.

        :param float amount: in the deposit's currency
        """
        self.to_keep = amount
        transaction = self._use_card(amount)
        if transaction.state in ("pending", "done"):
            transaction._post_process_now()
            return
        self._ask_instead(
            amount, "pay", fields.Datetime.now() + timedelta(days=LINK_DAYS)
        )

    def _use_card(self, amount, is_hold=False):
        """Charge, or hold on, the saved card while its owner is away.

        A charge whose answer got lost is looked up before anything else: its reference
        says what it is for, so that it is never made twice.

        :return: the transaction; draft where it may not be done at all
        """
        token = self.sudo().token_id
        transaction = self._make_card_transaction(token, amount, is_hold)
        rules = self.env["clinic.compliance.rule"]
        may = rules._is_allowed("charge_absent", self.company_id)
        if not may or not self.company_id._may_clinic_collect() or not token.active:
            return transaction
        transaction._charge_with_token()
        if transaction.state == "error":
            transaction._find_lost_charge()
        return transaction

    def _make_card_transaction(self, token, amount, is_hold):
        transactions = self.env["payment.transaction"].sudo()
        return transactions.create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "reference": f"DEP-{self.id}-{secrets.token_hex(4)}",
                "amount": amount,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": "offline",
                "clinic_deposit_id": self.id,
                "clinic_is_hold": is_hold,
            }
        )

    def _ask_instead(self, amount, way, pay_by):
        """Ask the patient by link: the bank wants him to confirm, or says no."""
        self.write({"amount": amount, "way": way, "pay_by": pay_by, "token_id": False})
        self._tell_requested()
        self._ask_staff(self.env._("A saved card did not work: a link was sent"))


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _find_lost_charge(self):
        """Take a charge that went through although its answer got lost."""
        found = self._find_at_provider()
        if found:
            self._process(self.provider_code, found)
        elif found is None and self.provider_code == "stripe":
            self.env["clinic.payment.exception"]._file(self, "late")

    def _post_process(self):
        result = super()._post_process()
        for transaction in self.filtered(
            lambda tx: tx.operation == "validation"
            and tx.clinic_deposit_id
            and tx.token_id
            and tx.state == "done"
        ):
            transaction._attempt(transaction._hand_card_over)
        return result

    def _hand_card_over(self):
        self.clinic_deposit_id._take_card(self.token_id)
