from odoo import fields, models
from odoo.exceptions import UserError


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
        amount = self.currency_id.round(self.amount if amount is None else amount)
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

    def _void(self):
        """Let go of the whole hold."""
        hold = self._get_hold()
        void = hold._void() if hold else hold
        if void.state == "error":
            raise UserError(
                self.env._("The provider refused: %s", void.state_message or "")
            )
