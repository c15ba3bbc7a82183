import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.stripe_client import StripeFailure
from .deposit import WAITING

_logger = logging.getLogger(__name__)

# News of a payment that nobody told come from the provider after so long.
PATIENCE = timedelta(minutes=10)
DAYS = timedelta(days=30)
WARNING = timedelta(hours=24)


class ClinicDeposit(models.Model):
    """Holds are watched until they end; news that got lost are asked for."""

    _inherit = "clinic.deposit"

    @api.model
    def _cron_watch(self):
        """Scheduled action: look up what was lost, warn of holds that end soon.

        Has begun payments cancelled that nobody wants any more, lets go of holds after
        the visit, holds and charges saved cards.
        """
        transactions = self.env["payment.transaction"].sudo()
        deposits = self.sudo()
        acts = [
            *(transaction._heal for transaction in transactions._get_to_look_up()),
            *(transaction._give_up for transaction in transactions._get_unwanted()),
            *(deposit._warn_of_end for deposit in deposits._get_ending_holds()),
            *(deposit._let_go for deposit in deposits._get_not_needed()),
            *(deposit._lapse for deposit in deposits._get_overdue()),
            *(deposit._hold_saved_card for deposit in deposits._get_to_hold()),
        ]
        self.env["ir.cron"]._commit_progress(remaining=len(acts))
        for act in acts:
            self._insist_once(act)
        transactions._charge_cards_of_deposits()

    def _insist_once(self, act):
        """Do one thing of a run; if it fails, the others go on and it comes again."""
        try:
            act()
            self.env["ir.cron"]._commit_progress(1)
        except (psycopg2.OperationalError, StripeFailure, UserError) as error:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            _logger.info("Left for the next run: %s", error)

    @api.model
    def _get_ending_holds(self):
        """Return the deposits whose hold ends within a day, not warned of yet."""
        return self.search(
            [
                ("state", "=", "authorized"),
                ("warned_at", "=", False),
                (
                    "transaction_ids",
                    "any",
                    [
                        ("state", "=", "authorized"),
                        ("source_transaction_id", "=", False),
                        (
                            "clinic_capture_before",
                            "<",
                            fields.Datetime.now() + WARNING,
                        ),
                    ],
                ),
            ]
        )

    @api.model
    def _get_not_needed(self):
        """Return the holds and saved cards of visits that took place before today."""
        taken_place = self.search(
            [
                ("booking_id.clinic_attendance", "=", "done"),
                "|",
                ("state", "=", "authorized"),
                "&",
                ("state", "=", "requested"),
                ("token_id", "!=", False),
            ]
        )
        return taken_place.filtered(lambda deposit: deposit.booking_id._is_day_over())

    def _let_go(self):
        """The visit took place: nothing is held, no card is kept for it."""
        if self.state == "authorized" or self._has_card():
            self._release(self.env._("The visit took place."))

    @api.model
    def _get_overdue(self):
        """Return what was asked for and not paid in time, where no slot hangs on it.

        Slots on hold are given back by a scheduled action of their own.
        """
        return self.search(
            [
                ("state", "in", WAITING),
                ("pay_by", "<", fields.Datetime.now()),
                ("token_id", "=", False),
                ("booking_id.clinic_held_until", "=", False),
            ]
        )

    def _lapse(self):
        """Ask no more; a person decides what follows."""
        self._lock()
        if self.state not in WAITING or self._get_live_transaction():
            return
        self._drop_payments()
        self._move_to("expired", reason=self.env._("Not paid in time."))
        self._ask_staff(self.env._("A deposit that was asked by link was not paid"))

    def _warn_of_end(self):
        """Ask a person to capture or to release, once."""
        self.warned_at = fields.Datetime.now()
        self._ask_staff(self.env._("A card hold ends soon: capture or release it"))


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model
    def _get_to_look_up(self):
        """Return the payments of deposits that may have moved on without our knowing.

        Begun and never answered, or held beyond the moment the provider named.
        """
        now = fields.Datetime.now()
        quiet = Domain("last_state_change", "<", now - PATIENCE)
        open_ = Domain("state", "in", ("draft", "pending"))
        ended = Domain("state", "=", "authorized") & Domain(
            "clinic_capture_before", "<", now
        )
        return self.search(
            Domain("clinic_deposit_id", "!=", False)
            & Domain("provider_code", "=", "stripe")
            & Domain("clinic_intent", "!=", False)
            & Domain("source_transaction_id", "=", False)
            & Domain("create_date", ">", now - DAYS)
            & ((open_ & quiet) | ended)
        ) | self._get_parts_to_look_up(quiet)

    @api.model
    def _get_parts_to_look_up(self, quiet):
        """Return the payments of which a capture or refund was never answered.

        Of bills, too: core would have called it an error at once.
        """
        parts = self.search(
            quiet
            & Domain("source_transaction_id", "!=", False)
            & Domain("state", "in", ("draft", "pending"))
            & Domain("provider_code", "=", "stripe")
        )
        payments = parts.source_transaction_id
        holds = payments.source_transaction_id
        return holds | payments.filtered(lambda tx: not tx.source_transaction_id)
