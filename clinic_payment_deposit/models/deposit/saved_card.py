from datetime import timedelta

from odoo import api, fields, models

from .deposit import WAITING

# A hold lasts for seven days: two are left to note who did not come.
HOLD_DAYS = 5
# Days to pay by link what a saved card did not give.
LINK_DAYS = 7


class ClinicDeposit(models.Model):
    """Visits too far ahead for a hold: a saved card, held or charged with consent."""

    _inherit = "clinic.deposit"

    def _take_card(self, token):
        """Note the card that the patient saved; the visit is confirmed by it.

        Learnt of late, it takes the slot again where that is still free.
        """
        self.ensure_one()
        self._lock()
        if self.state == "expired" and self.booking_id._take_again():
            self._move_to("requested")
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
                ("transaction_ids", "not any", [("operation", "=", "offline")]),
            ]
        )

    def _hold_saved_card(self):
        """Fix that the amount is to be held on the saved card, once."""
        self._lock()
        if self._has_card() and not self._get_live_transaction():
            self._begin_charge("hold", self.amount)

    def _charge_saved_card(self, amount):
        """Fix that the saved card is charged with what is to be kept, once.

        A hold that is on its way to the same card is captured instead.

        :param float amount: in the deposit's currency
        """
        self.to_keep = amount
        if not self._get_live_transaction():
            self._begin_charge("fee", amount)

    def _begin_charge(self, purpose, amount):
        """Make the one transaction of a purpose; the scheduled action charges it.

        Nothing is asked of the provider here: whoever cancels may be replayed, and what
        was charged and not committed would be charged again.
        """
        token = self.sudo().token_id
        transactions = self.env["payment.transaction"].sudo()
        transactions.create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "reference": f"DEP-{self.id}-{purpose}",
                "amount": amount,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": "offline",
                "clinic_deposit_id": self.id,
                "clinic_is_hold": purpose == "hold",
            }
        )
        self.env.ref("clinic_payment_deposit.ir_cron_watch_deposits").sudo()._trigger()

    def _ask_instead(self, amount):
        """Ask the patient by link: the bank wants him to confirm, or says no."""
        if self.state not in WAITING:
            return
        now = fields.Datetime.now()
        is_fee = self._is_fee_due()
        self.write(
            {
                "amount": self.to_keep if is_fee else amount,
                "way": "pay" if is_fee else "hold",
                "pay_by": now + timedelta(days=LINK_DAYS)
                if is_fee
                else self.visit_start,
                "token_id": False,
            }
        )
        self._tell_requested()
        self._ask_staff(self.env._("A saved card did not work: a link was sent"))

    def _is_fee_due(self):
        """Return whether what is asked is for a visit that did not take place."""
        self.ensure_one()
        return self.currency_id.compare_amounts(self.to_keep, 0) > 0


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

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
