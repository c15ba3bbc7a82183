import logging

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.stripe_client import StripeFailure

_logger = logging.getLogger(__name__)


class ClinicDeposit(models.Model):
    """A hold on a card: captured in part or whole, or let go."""

    _inherit = "clinic.deposit"

    to_keep = fields.Monetary(
        readonly=True, help="To be billed as soon as the capture is in the books."
    )
    token_id = fields.Many2one(
        "payment.token", readonly=True, ondelete="restrict", groups="base.group_system"
    )

    def _get_hold(self):
        """Return the transaction that holds the amount on the card (sudo)."""
        return self.sudo().transaction_ids.filtered(
            lambda tx: tx.state == "authorized" and not tx.source_transaction_id
        )[:1]

    def _capture(self, amount=None):
        """Take so much of what is held; the rest is released by it.

        :param float amount: in the deposit's currency; default: all of it
        :return: the capture transaction
        :raise UserError: nothing is held, or less
        """
        self.ensure_one()
        self._lock()
        hold = self._get_hold()
        self._check_nothing_under_way(hold)
        amount = self.currency_id._round_for_cards(
            self.amount if amount is None else amount
        )
        is_wrong = self.currency_id.compare_amounts(amount, 0) <= 0
        if (
            not hold
            or is_wrong
            or self.currency_id.compare_amounts(amount, hold.amount) > 0
        ):
            raise UserError(
                self.env._(
                    "Only %s is held on the card.",
                    self._format(hold.amount if hold else 0.0),
                )
            )
        capture = hold._capture(amount)
        if capture.state == "error":
            raise UserError(
                self.env._("The provider refused: %s", capture.state_message or "")
            )
        capture._post_process_now()
        return capture

    def _check_nothing_under_way(self, hold):
        """Refuse a second capture or release while the first has no answer.

        :raise UserError: in words
        """
        if hold._get_parts_under_way():
            raise UserError(
                self.env._("The provider has not answered yet: wait for some minutes.")
            )

    def _void(self):
        """Let go of the whole hold.

        :raise UserError: the provider keeps it
        """
        hold = self._get_hold()
        self._check_nothing_under_way(hold)
        void = hold._void() if hold else hold
        if void.state == "error" and not hold._has_ended():
            raise UserError(
                self.env._("The provider refused: %s", void.state_message or "")
            )


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _get_money(self):
        """Return what brought the money: these payments, or the captures of holds."""
        captures = self.child_transaction_ids.filtered(
            lambda tx: tx.operation == tx.source_transaction_id.operation
            and tx.state == "done"
        )
        return (self - captures.source_transaction_id) | captures

    def _get_refunds(self):
        """Return the refunds of these payments, and of captures of these holds."""
        parts = self | self.child_transaction_ids
        return parts.child_transaction_ids.filtered(lambda tx: tx.operation == "refund")

    def _get_parts_under_way(self):
        """Return the captures and releases of these holds that have no answer yet."""
        return self.child_transaction_ids.filtered(
            lambda tx: tx.operation == tx.source_transaction_id.operation
            and tx.state in ("draft", "pending")
        )

    def _has_ended(self):
        """Ask the provider whether a hold has ended without our knowing."""
        try:
            self._refetch()
        except StripeFailure as failure:
            _logger.info("Stripe does not say how a hold stands: %s", failure)
        return self.state != "authorized"
