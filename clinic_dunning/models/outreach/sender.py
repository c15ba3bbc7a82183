import logging
import time
from datetime import timedelta

from odoo import api, fields, models

from ..followup.decide import CONFLICTS

_logger = logging.getLogger(__name__)

SLICE = 20
SLICE_SECONDS = 10
LEASE = timedelta(minutes=5)
MAX_TRIES = 5
BACKOFF = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
STEP_RETRIES = 3


class ClinicMessage(models.Model):
    """The drainer: claim, lease, re-check, send, note; commits in between."""

    _inherit = "clinic.message"

    @api.model
    def _cron_send(self):
        """Scheduled action: apply stop events, then send for some seconds.

        Commits after each step, so that a crash loses no message and sends none twice;
        triggers itself again while something is left.
        """
        started = time.monotonic()
        self._insist(self._sweep)
        self._insist(self._expire_leases)
        left = self._count_sendable()
        self._commit(remaining=left)
        in_air = []
        try:
            while left and time.monotonic() - started < SLICE_SECONDS:
                attempts = self._insist(self._claim, self._get_slice())
                if not attempts:
                    break
                # The next slice is looked at while the last one is on its way.
                landed, in_air = in_air, self._deliver_claimed(attempts)
                self._land(landed)
                left = max(left - len(attempts), 0)
                self._commit(processed=len(attempts))
        finally:
            self.env.cr.rollback()
            self._land(in_air)
        if self._count_sendable():
            self.env["clinic.stop.event"]._trigger_sweep()

    @api.model
    def _get_slice(self):
        """Return how many messages to claim at once."""
        return SLICE

    @api.model
    def _land(self, in_air):
        """Note how the messages on their way ended."""
        for note in in_air:
            note()

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
                ("approval", "in", ("none", "approved")),
                ("not_before", "<=", fields.Datetime.now()),
            ]
        )

    @api.model
    def _insist(self, step, *args):
        """Take one step in a transaction of its own, commit and return its result.

        A conflict means that another run or a person was quicker: the step is taken
        again on what is true now, or left to the next run.
        """
        for _retry in range(STEP_RETRIES):
            try:
                self._commit()
                result = step(*args)
                self._commit()
                return result
            except CONFLICTS:
                self.env.cr.rollback()
                self.env.invalidate_all()
        return None

    # -- claim -----------------------------------------------------------------

    @api.model
    def _claim(self, limit):
        """Take messages to send and lease an attempt for each.

        The first statement of a fresh transaction; it leaves alone whoever has an open
        stop event.

        :return: the attempts; what no channel can reach is settled at once
        """
        self.env.cr.execute(
            """
            UPDATE clinic_message SET state = 'in_progress'
             WHERE id IN (
                SELECT m.id FROM clinic_message m
                 WHERE m.state = 'queued' AND m.approval IN ('none', 'approved')
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
        attempts = messages._lease(rows[0][1] if rows else "")
        unreachable = messages - attempts.message_id
        for message, verdict in unreachable._recheck().items():
            message._obey(verdict)
        return attempts

    def _lease(self, snapshot):
        """Open one attempt for each message, on the channel whose turn it is."""
        now = fields.Datetime.now()
        return self.env["clinic.message.attempt"].create(
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

    # -- send ------------------------------------------------------------------

    @api.model
    def _deliver_claimed(self, attempts):
        """Re-check claimed messages in a fresh transaction; send what may go.

        :return: for what is still on its way, the functions that wait for its end and
            note it
        """
        parcels = self._insist(self._prepare_claimed, attempts) or {}
        prepared = attempts.browse(parcels)
        in_air = []
        for channel, group in self._in_driving_order(prepared):
            in_air.append(getattr(group, f"_send_by_{channel}")(parcels))
            self._commit()
        return list(filter(None, in_air))

    @api.model
    def _in_driving_order(self, attempts):
        """Return (channel, attempts): first what needs no waiting for."""
        parallel = self._get_parallel_channels()
        return sorted(
            attempts.grouped("channel").items(),
            key=lambda pair: pair[0] not in parallel,
        )

    @api.model
    def _get_parallel_channels(self):
        """Channels whose drivers return before their messages have left."""
        return set()

    @api.model
    def _prepare_claimed(self, attempts):
        """Return {attempt id: parcel} of those that may go out; the others are settled.

        A parcel is plain data, what the channel's `_prepare_<channel>` returns. Only
        what this drainer leased and still holds: after a long pause another one may
        have taken the message over.
        """
        held = attempts.filtered(lambda attempt: attempt._is_held())
        verdicts = held.message_id._recheck()
        ready = held.filtered(lambda a: a.message_id._obey(verdicts[a.message_id], a))
        return ready._prepare(verdicts)

    def _obey(self, verdict, attempt=None):
        """Do what the re-check says; return whether the attempt goes out now."""
        if verdict.outcome == "send":
            return self._is_still_the_channel(
                attempt, verdict.channel
            ) and self._respect_cap(attempt)
        if attempt:
            attempt.unlink()
        if verdict.outcome == "later":
            self._postpone(verdict.until, verdict.reason)
        elif verdict.outcome == "skip":
            self._skip(verdict.reason)
        elif verdict.outcome == "cancel":
            self._cancel(verdict.reason)
        elif verdict.outcome == "hold_out":
            self._hold_out(verdict.test)
        else:
            self._fail(verdict.reason)
        return False

    def _is_still_the_channel(self, attempt, channel):
        """Return whether the leased channel may be used; else take the next one."""
        if attempt.channel == channel:
            return True
        attempt.unlink()
        self._postpone(fields.Datetime.now(), self.env._("The channel changed."))
        return False

    def _respect_cap(self, attempt):
        """Return whether the address's weekly cap leaves room; else wait for it."""
        if not attempt.address_hash or attempt.channel in self._get_silent_channels():
            return True
        until = self.env["clinic.contact.address"]._reserve(
            attempt, self._get_weekly_cap()
        )
        if until:
            attempt.unlink()
            self._postpone(
                until, self.env._("Enough messages to this address this week.")
            )
        return not until

    def _go_on_after(self, attempt):
        """After a failed attempt: try again, take the next channel, or give up."""
        self.ensure_one()
        if self.state not in ("in_progress", "review"):
            return
        if attempt.retryable and attempt._is_our_own_fault():
            self._postpone(fields.Datetime.now() + BACKOFF[0], attempt.error)
        elif attempt.retryable and self.tries < MAX_TRIES:
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

    # -- leases ----------------------------------------------------------------

    @api.model
    def _expire_leases(self):
        """Resolve attempts whose sender vanished: by proof, else by a person.

        What a sender still works on is left alone: waiting for it would stop them all.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT attempt.id FROM clinic_message_attempt attempt
                 JOIN clinic_message message ON message.id = attempt.message_id
                WHERE attempt.state = 'leased' AND attempt.lease_until < %s
                  FOR UPDATE SKIP LOCKED""",
            [fields.Datetime.now()],
        )
        attempts = self.env["clinic.message.attempt"].browse(
            row[0] for row in self.env.cr.fetchall()
        )
        for attempt in attempts:
            attempt._resolve(getattr(attempt, f"_find_proof_{attempt.channel}")())
        return attempts

    def _ask_a_person(self):
        """Nobody knows whether it arrived: a person decides."""
        self._move_to(
            "review",
            reason=self.env._(
                "It is not known whether this message left. Ask, or send again."
            ),
            is_problem=True,
        )

    @api.model
    def _trigger_compose(self):
        job = self.env.ref("clinic_dunning.ir_cron_compose", raise_if_not_found=False)
        if job:
            job.sudo()._trigger()
