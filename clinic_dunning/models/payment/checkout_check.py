from odoo import models
from odoo.exceptions import ValidationError

from .statement import get_item_key


class ClinicPaymentCheckout(models.Model):
    """A last look at the ledger before a payment goes to its provider."""

    _inherit = "clinic.payment.checkout"

    def _check_payable(self):
        """Refuse in words what is too old, under way already or paid meanwhile."""
        if not self._is_usable():
            raise ValidationError(
                self.env._("This page is too old. Please open your link again.")
            )
        if self._get_live_transaction() or self.transaction_id.state == "done":
            raise ValidationError(
                self.env._(
                    "We are checking a payment of yours. Please do not pay again."
                )
            )
        if self._get_awaited_transfers():
            raise ValidationError(
                self.env._(
                    "We are waiting for your bank transfer. Please open your link to "
                    "choose another way to pay."
                )
            )
        if not self._is_still_open():
            raise ValidationError(
                self.env._(
                    "Something was paid meanwhile. Please open your link again to see "
                    "what is left."
                )
            )
        if not self._is_still_asked():
            raise ValidationError(
                self.env._(
                    "Something has changed meanwhile. Please open your link again to "
                    "see what is due."
                )
            )

    def _check_way(self, provider_id, payment_method_id):
        """Refuse a provider or a method that is not offered (any more)."""
        providers, methods = self._get_options()
        method = methods.filtered(lambda method: method.id == payment_method_id)
        provider = providers.filtered(lambda provider: provider.id == provider_id)
        if not provider or provider not in method.provider_ids:
            raise ValidationError(
                self.env._(
                    "This way to pay is not available. Please choose another one."
                )
            )

    def _is_still_open(self):
        """Return whether all that was chosen is still to be paid."""
        return all(
            self.currency_id.compare_amounts(part.amount, part._get_residual()) <= 0
            for part in self.allocation_ids
        )

    def _is_still_asked(self):
        """Return whether this person could choose the same today.

        Not once a bill is disputed, confidential, asked of somebody else or in a plan
        that began since, nor when its early discount is over. What is no bill is judged
        by whoever offers it.
        """
        if not self.allocation_ids:
            return True
        statement = self.link_id._get_statement()
        keys = {get_item_key(part._prepare_copy()) for part in self.allocation_ids}
        items = statement.get_asked(self.currency_id, keys=keys)
        total = statement.get_amount(self.currency_id, items)
        return (
            len(items) == len(keys)
            and self.currency_id.compare_amounts(self.amount, total) <= 0
            and not self._has_newer_plan()
            and self._has_its_discount(items, total)
        )

    def _has_newer_plan(self):
        """Return whether a plan of these bills began after they were chosen."""
        plans = self.allocation_ids._get_plans()
        return any(
            (plan.started_at or plan.accepted_at) > self.create_date for plan in plans
        )

    def _has_its_discount(self, items, total):
        """Return whether the early payment discount in the amount is still given."""
        early = self._get_early_amount(self.currency_id, items, total)
        return (
            not self.is_early
            or self.currency_id.compare_amounts(self.amount, early) == 0
        )
