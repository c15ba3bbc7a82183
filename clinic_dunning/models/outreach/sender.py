import time
from datetime import timedelta

from odoo import api, fields, models

from ..followup.decide import CONFLICTS

SLICE = 20
SLICE_SECONDS = 10
LEASE = timedelta(minutes=5)
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
    def _count_drainers(self):
        """Return how many scheduled actions may send at the same time."""
        domain = [("model_id.model", "=", self._name), ("code", "like", "_cron_send(")]
        return max(self.env["ir.cron"].sudo().search_count(domain), 1)

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
        unreachable._settle(unreachable._recheck())
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
                for message, channel in self._next_channels().items()
                if channel
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
        have taken the message over, and a late receipt may have ended it.
        """
        leased = attempts.filtered(lambda attempt: attempt._is_held())
        held = leased.filtered(lambda a: a.message_id.state == "in_progress")
        (leased - held).unlink()
        verdicts = held.message_id._recheck()
        return held._obey(verdicts)._prepare(verdicts)

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
