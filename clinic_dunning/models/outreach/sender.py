import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

SLICE = 20
SLICE_SECONDS = 10
LEASE = timedelta(minutes=5)
MAX_TRIES = 5
BACKOFF = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
CLAIM_RETRIES = 3


class ClinicMessage(models.Model):
    """The drainer: claim, lease, re-check, send, note the result; commits in between."""

    _inherit = "clinic.message"

    @api.model
    def _cron_send(self):
        """Scheduled action: apply stop events, then send for some seconds.

        Commits after each step, so that a crash loses no message and sends none twice;
        triggers itself again while something is left.
        """
        started = time.monotonic()
        self._sweep()
        self._expire_leases()
        self._commit()
        left = self._count_sendable()
        self._commit(remaining=left)
        while left and time.monotonic() - started < SLICE_SECONDS:
            messages = self._claim(SLICE)
            if not messages:
                break
            messages._deliver_claimed()
            left = max(left - len(messages), 0)
            self._commit(processed=len(messages))
        if self._count_sendable():
            self.env["clinic.stop.event"]._trigger_sweep()

    @api.model
    def _commit(self, processed=0, remaining=None):
        """Commit, and begin to read afresh."""
        seconds = self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        self.env.invalidate_all()
        return seconds

    @api.model
    def _count_sendable(self):
        return self.search_count(
            [
                ("state", "=", "queued"),
                ("approval", "!=", "pending"),
                ("not_before", "<=", fields.Datetime.now()),
            ]
        )

    # -- claim -----------------------------------------------------------------------------------

    @api.model
    def _claim(self, limit):
        """Take messages to send, lease an attempt for each, commit.

        The claim is the first statement of a fresh transaction; it leaves alone whoever
        has an open stop event. A serialization failure means that another drainer or a
        person was quicker: try again.
        """
        for _retry in range(CLAIM_RETRIES):
            try:
                messages = self._claim_once(limit)
                self._commit()
                return messages
            except psycopg2.errors.SerializationFailure:
                self.env.cr.rollback()
                self.env.invalidate_all()
        return self.browse()

    @api.model
    def _claim_once(self, limit):
        self.env.cr.execute(
            """
            UPDATE clinic_message SET state = 'in_progress'
             WHERE id IN (
                SELECT m.id FROM clinic_message m
                 WHERE m.state = 'queued' AND m.approval != 'pending'
                   AND m.not_before <= %(now)s
                   AND NOT EXISTS (
                        SELECT FROM clinic_stop_event event
                         WHERE event.applied_at IS NULL
                           AND event.partner_id = m.partner_id
                           AND COALESCE(event.company_id, m.company_id) = m.company_id)
                 ORDER BY m.not_before, m.id LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id, pg_current_snapshot()::text
            """,
            {"now": fields.Datetime.now(), "limit": limit},
        )
        rows = self.env.cr.fetchall()
        self.env.invalidate_all()
        messages = self.browse(sorted(row[0] for row in rows))
        messages._lease(rows[0][1] if rows else "")
        return messages

    def _lease(self, snapshot):
        """Open one attempt for each message, on the channel whose turn it is."""
        now = fields.Datetime.now()
        self.env["clinic.message.attempt"].create(
            [
                {
                    "message_id": message.id,
                    "channel": channel,
                    "claimed_at": now,
                    "claim_snapshot": snapshot,
                    "lease_until": now + LEASE,
                    "address_hash": message._get_address_hash(channel),
                }
                for message in self
                if (channel := message._next_channel())
            ]
        )

    def _get_address_hash(self, channel):
        address = getattr(self, f"_get_address_{channel}")()
        return address and self.env["clinic.contact.address"]._hash(address)

    # -- send ------------------------------------------------------------------------------------

    def _deliver_claimed(self):
        """Re-check claimed messages in a fresh transaction and send those that may go."""
        verdicts = self._recheck()
        ready = self.browse()
        for message in self:
            if message._obey(verdicts[message]):
                ready |= message
        attempts = ready.attempt_ids.filtered(lambda a: a.state == "leased")
        prepared = attempts._prepare(verdicts)
        self._commit()
        for channel, group in prepared.grouped("channel").items():
            getattr(group, f"_send_by_{channel}")()
            self._commit()

    def _obey(self, verdict):
        """Do what the re-check says; return whether the message goes out now."""
        if verdict.outcome == "send":
            return self._respect_cap()
        self.attempt_ids.filtered(lambda a: a.state == "leased").unlink()
        if verdict.outcome == "later":
            self._postpone(verdict.until, verdict.reason)
        elif verdict.outcome == "skip":
            self._skip(verdict.reason)
        elif verdict.outcome == "cancel":
            self._cancel(verdict.reason)
        else:
            self._fail(verdict.reason)
        return False

    def _respect_cap(self):
        """Return whether the weekly cap of the address leaves room; else wait for it."""
        attempt = self.attempt_ids.filtered(lambda a: a.state == "leased")
        if not attempt:
            self._postpone(fields.Datetime.now(), self.env._("The channel changed."))
            return False
        if not attempt.address_hash or attempt.channel in self._get_silent_channels():
            return True
        until = self.env["clinic.contact.address"]._reserve(
            attempt.address_hash, self._get_weekly_cap()
        )
        if until:
            attempt.unlink()
            self._postpone(until, self.env._("Enough messages to this address this week."))
        return not until

    def _go_on_after(self, attempt):
        """After a failed attempt: try again, take the next channel, or give up."""
        self.ensure_one()
        if self.state not in ("in_progress", "review"):
            return
        if attempt.retryable and self.tries < MAX_TRIES:
            wait = BACKOFF[min(self.tries, len(BACKOFF) - 1)]
            self.tries += 1
            self._postpone(fields.Datetime.now() + wait, attempt.error)
        elif attempt.retryable:
            attempt.retryable = False
            self._go_on_after(attempt)
        elif self._next_channel():
            self._postpone(fields.Datetime.now(), attempt.error)
        else:
            self._fail(self._get_obstacles_text())

    # -- leases ----------------------------------------------------------------------------------

    @api.model
    def _expire_leases(self):
        """Resolve attempts whose sender vanished: by proof, else by a person."""
        attempts = self.env["clinic.message.attempt"].search(
            [("state", "=", "leased"), ("lease_until", "<", fields.Datetime.now())]
        )
        for attempt in attempts:
            if getattr(attempt, f"_is_proved_absent_{attempt.channel}")():
                attempt._lose_sight(self.env._("The sender stopped."))
                attempt._refuse(
                    "proved_absent", self.env._("It had not left yet."), retryable=True
                )
            else:
                attempt._lose_sight(self.env._("The sender stopped while it was sending."))
                attempt.message_id._ask_a_person()
        # Claimed, but killed before an attempt was leased: cannot happen in one
        # transaction; a message without attempt is therefore never in progress.
        return attempts

    def _ask_a_person(self):
        """Nobody knows whether it arrived: a person decides."""
        self._move_to(
            "review",
            reason=self.env._("It is not known whether this message left. Ask, or send again."),
            is_problem=True,
        )

    @api.model
    def _trigger_compose(self):
        job = self.env.ref("clinic_dunning.ir_cron_compose", raise_if_not_found=False)
        if job:
            job.sudo()._trigger()
