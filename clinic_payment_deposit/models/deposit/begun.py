from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.stripe_client import get_key
from .deposit import WAITING
from .watch import DAYS, PATIENCE

# A form is open somewhere: nothing was sent yet, or a card was declined.
BEGUN = (
    Domain("state", "in", ("draft", "error"))
    & Domain("provider_code", "=", "stripe")
    & Domain("clinic_intent", "!=", False)
    & Domain("source_transaction_id", "=", False)
)


class PaymentTransaction(models.Model):
    """Forms left open in another tab: nobody pays there what is not asked any more."""

    _inherit = "payment.transaction"

    def _stripe_create_intent(self):
        """Look it up soon: who closes the page after paying shall not lose the slot."""
        intent = super()._stripe_create_intent()
        if self.clinic_deposit_id:
            soon = fields.Datetime.now() + PATIENCE
            cron = self.env.ref("clinic_payment_deposit.ir_cron_watch_deposits")
            cron.sudo()._trigger(at=soon)
        return intent

    def _drop_begun(self):
        """Have what was begun cancelled at the provider, soon.

        Not here: whoever takes cash may be replayed, and does not wait for Stripe.
        """
        if self.sudo().filtered_domain(BEGUN):
            cron = self.env.ref("clinic_payment_deposit.ir_cron_watch_deposits")
            cron.sudo()._trigger()

    @api.model
    def _get_unwanted(self):
        """Return what was begun for deposits that are paid, waived or cancelled.

        Money for a slot that was only given back may still come: it takes it again.
        What Stripe would not cancel for a month is left alone.
        """
        is_over = Domain("clinic_deposit_id.state", "not in", (*WAITING, "expired"))
        is_cancelled = Domain(
            "clinic_deposit_id.booking_id.clinic_end_reason",
            "in",
            ("patient", "clinic"),
        )
        is_young = Domain("create_date", ">", fields.Datetime.now() - DAYS)
        return self.with_context(active_test=False).search(
            Domain("clinic_deposit_id", "!=", False)
            & BEGUN
            & is_young
            & (is_over | is_cancelled)
        )

    def _give_up(self):
        """Cancel at the provider what was begun; what was paid meanwhile counts.

        :raise StripeFailure: the provider does not answer, or it was paid just now
        """
        self._refetch()
        if self.state in ("draft", "error"):
            self._cancel_begun()
            self._set_canceled(
                state_message=self.env._("Not asked for any more."),
                extra_allowed_states=("error",),
            )
        self._post_process_now()

    def _cancel_begun(self):
        """Have the form at the provider take no payment, or card, any more."""
        client = self.provider_id._get_stripe_client()
        key = get_key("give up", self.clinic_intent)
        if self.operation == "validation":
            client.cancel_setup(setup=self.clinic_intent, key=key)
        else:
            client.cancel(intent=self.clinic_intent, key=key)
