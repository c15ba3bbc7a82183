from datetime import timedelta

from odoo import Command, fields, models
from odoo.tools import format_amount

from .checkout import get_renewed_nonce

MINUTES = 60
HOURS_SHOWN = 24


class ClinicPaymentCheckout(models.Model):
    """How a choice is paid, and how that stands."""

    _inherit = "clinic.payment.checkout"

    def _lock(self):
        """Let two requests on one choice come one after the other.

        The second one fails on its old snapshot and is replayed by Odoo. So does one
        that a charge of the same bills in a payment plan has overtaken.
        """
        self.started_at = fields.Datetime.now()
        self.flush_recordset(["started_at"])
        self.allocation_ids._get_plans()._touch()

    def _is_usable(self):
        """Return whether the choice is fresh and its link still works."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(minutes=MINUTES)
        return self.create_date > since and self.link_id._is_usable()

    def _is_shown(self):
        """Return whether the page of what became of it may still be read.

        Who is on the way back from a provider reads it, whatever happened to the link.
        """
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(hours=HOURS_SHOWN)
        return self.create_date > since or self.link_id._is_usable()

    def _is_same_way(self, provider_id, payment_method_id):
        """Return whether a transaction on these means has begun and is not paid yet."""
        transaction = self.transaction_id
        return (
            transaction.state == "draft"
            and transaction.provider_id.id == provider_id
            and transaction.payment_method_id.id == payment_method_id
        )

    def _renew(self):
        """Return the same choice anew, for a try with another method."""
        self.ensure_one()
        again = self.copy(
            {
                "nonce": get_renewed_nonce(self.nonce),
                "transaction_id": False,
                "allocation_ids": [
                    Command.create(part._prepare_copy()) for part in self.allocation_ids
                ],
            }
        )
        self.replaced_by_id = again
        return again

    def _get_options(self):
        """Return the published providers and methods for this choice (sudo)."""
        self.ensure_one()
        providers = (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company_id.id,
                self.partner_id.id,
                self.amount,
                currency_id=self.currency_id.id,
            )
        )
        methods = (
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers.ids, self.partner_id.id, currency_id=self.currency_id.id
            )
        )
        return providers, methods

    def _get_live_transaction(self):
        """Return a transaction that is paying one of these items right now, if any."""
        self.ensure_one()
        return self.env["payment.transaction"]._get_live(self.allocation_ids.move_id)

    def _get_awaited_transfers(self):
        """Return the bank transfers announced for these items."""
        self.ensure_one()
        moves = self.allocation_ids.move_id
        return self.env["payment.transaction"]._get_awaited(moves)

    def _get_done_values(self):
        """Return what the last page needs: how the payment stands, in one word."""
        transaction = self.transaction_id or self._get_awaited_transfers()[:1]
        return {
            **self.link_id._get_header(self.lang),
            "standing": self._get_standing(),
            "amount": format_amount(self.env, self.amount, self.currency_id, self.lang),
            "reference": transaction.reference,
            "communication": transaction._get_clinic_communication(),
            "date": transaction.last_state_change,
            "provider": transaction.payment_method_id.name,
            "instructions": transaction.provider_id.pending_msg,
            "nonce": self.nonce,
        }

    def _get_standing(self):
        """Return paid, checking, waiting (for a transfer), failed or nothing."""
        transaction = self.transaction_id
        if transaction.state == "done":
            return "paid" if transaction.is_post_processed else "checking"
        if self._get_awaited_transfers():
            return "waiting"
        if self._get_live_transaction():
            return "checking"
        return "failed" if transaction.state in ("cancel", "error") else "nothing"
