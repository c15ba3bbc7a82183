from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# Longer than any page of a provider stays open.
BEGUN = timedelta(days=1)


class AccountMove(models.Model):
    """A bill that was only chosen on the page, and never paid, can be deleted."""

    _inherit = "account.move"

    def unlink(self):
        """Choices and drafts of plans that came to nothing go with the bill."""
        choices = self._get_choices().filtered(
            lambda choice: not choice.transaction_id._may_bring_money()
        )
        choices.allocation_ids.unlink()
        choices.filtered(lambda choice: not choice.transaction_id).unlink()
        self._forget_unaccepted_plans()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_paid_online(self):
        if self._get_choices():
            raise UserError(
                self.env._(
                    "An online payment of this bill was made, or begun less than a day "
                    "ago. What was paid stays; wait a day for what was only begun."
                )
            )

    def _get_choices(self):
        """Return what was chosen of these bills to be paid on the page (sudo)."""
        parts = self.env["clinic.payment.allocation"].sudo()
        return parts.search([("move_id", "in", self.ids)]).checkout_id

    def _forget_unaccepted_plans(self):
        items = self.env["clinic.payment.plan.item"].sudo()
        plans = items.search([("move_id", "in", self.ids)]).plan_id
        plans.filtered(
            lambda plan: (plan.state in ("draft", "cancelled") and not plan.accepted_at)
        ).unlink()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _may_bring_money(self):
        """Return whether money came of this transaction, or may still come."""
        if not self:
            return False
        if self.state == "draft":
            return self.create_date > fields.Datetime.now() - BEGUN
        return self.state not in ("cancel", "error")
