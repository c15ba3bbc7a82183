import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.clinic_dunning.models.followup.decide import CONFLICTS

from .outcome import STATES

_logger = logging.getLogger(__name__)

BATCH = 200
SLICE_SECONDS = 10
# From its claim an attempt's answer is noted in that time, or its sender is gone.
ANSWERED = timedelta(minutes=1)
RANK = {"failed": 0, "accepted": 1, "sent": 2, "delivered": 3, "read": 4}


class ClinicTwilioEvent(models.Model):
    """What is in the inbox changes attempts and reaches people."""

    _inherit = "clinic.twilio.event"

    @api.model
    def _cron_apply(self):
        """Scheduled action: apply what waits in the inbox, batch by batch.

        Commits after each; triggers itself when more is left.
        """
        outbox = self.env["clinic.message"]
        started = time.monotonic()
        outbox._commit(remaining=self._count_waiting())
        while time.monotonic() - started < SLICE_SECONDS:
            applied = outbox._insist(self._apply_next, BATCH)
            if applied is None:
                # Somebody works on one of the attempts: the others need not wait.
                applied = outbox._insist(self._apply_next, 1)
            if not applied:
                break
            outbox._commit(processed=len(applied))
        if self._count_waiting():
            self.env.ref("clinic_whatsapp.ir_cron_apply").sudo()._trigger()

    @api.model
    def _count_waiting(self):
        self.env.flush_all()
        self.env.cr.execute(
            SQL("SELECT COUNT(*) FROM clinic_twilio_event event %s", self._ripe_sql())
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _ripe_sql(self):
        """What may be applied now.

        The sender is about to note the provider's answer to its call: a receipt that
        is quicker waits for it, or the two would meet in one row and begin again.
        """
        return SQL(
            """WHERE event.applied_at IS NULL AND event.problem IS NULL
                 AND NOT EXISTS (
                     SELECT FROM clinic_message_attempt attempt
                      WHERE attempt.uuid = event.uuid AND attempt.state = 'leased'
                        AND attempt.claimed_at > %s)""",
            fields.Datetime.now() - ANSWERED,
        )

    @api.model
    def _apply_soon(self, attempts):
        """Have applied what waited for the answers to these attempts."""
        waiting = [("applied_at", "=", False), ("problem", "=", False)]
        if self.search_count([("uuid", "in", attempts.mapped("uuid")), *waiting], 1):
            self.env.ref("clinic_whatsapp.ir_cron_apply").sudo()._trigger()
            self.env["clinic.message"]._commit()

    @api.model
    def _apply_next(self, limit):
        """Apply so many waiting events, oldest first, and return them.

        A bad one is set aside with its reason, the others go on.
        """
        self.env.cr.execute(
            SQL(
                """SELECT event.id FROM clinic_twilio_event event %s
                    ORDER BY event.id LIMIT %s FOR UPDATE OF event SKIP LOCKED""",
                self._ripe_sql(),
                limit,
            )
        )
        events = self.browse(row[0] for row in self.env.cr.fetchall())
        if events and not events._try_to_apply():
            for event in events:
                if not event._try_to_apply():
                    event._set_aside(self.env._("It could not be applied."))
        return events

    def _try_to_apply(self):
        """Apply these events together; return False, nothing changed, if one is bad."""
        try:
            with self.env.cr.savepoint():
                for kind, events in self.grouped("kind").items():
                    getattr(events, f"_apply_{kind}")()
                self.env.flush_all()
        except CONFLICTS:
            raise
        except Exception as error:  # pylint: disable=broad-except
            # whatever is wrong with one event, the others go on; what people wrote
            # is in no log
            kind = type(error).__name__
            _logger.warning("Events %s can't be applied: %s", self.ids, kind)
            self.env.invalidate_all(flush=False)
            return False
        return True

    def _note_applied(self, **vals):
        now = fields.Datetime.now()
        self.sudo().write({"applied_at": now, "form": False, **vals})

    def _set_aside(self, reason):
        """A person looks at it; it is applied when that person says so."""
        self.sudo().write({"problem": reason})

    def action_try_again(self):
        """Put what was set aside back into the inbox."""
        self.check_access("write")
        self.sudo().write({"problem": False})
        self.env.ref("clinic_whatsapp.ir_cron_apply").sudo()._trigger()

    # -- receipts --------------------------------------------------------------

    def _apply_status(self):
        """Tell each attempt what is said of it; what fits none is set aside."""
        uuids = self.mapped("uuid")
        attempts = self.env["clinic.message.attempt"].search([("uuid", "in", uuids)])
        by_uuid = {attempt.uuid: attempt for attempt in attempts}
        fitting = self.filtered(lambda event: event._fits(by_uuid.get(event.uuid)))
        (self - fitting)._set_aside(self.env._("It fits no message of ours."))
        by_attempt = fitting.grouped(lambda event: by_uuid[event.uuid])
        for attempt, events in by_attempt.items():
            events._note_applied(attempt_id=attempt.id)
        attempts.browse(a.id for a in by_attempt)._take_events(by_attempt)

    def _fits(self, attempt):
        """Return whether account, message SID and recipient are those of the attempt.

        A receipt may be quicker than the answer that brings the SID.
        """
        return bool(attempt) and (
            attempt.twilio_account_id.account_sid == self.account_id.account_sid
            and (attempt.provider_ref or self.sid) == self.sid
            and attempt.address_hash == self.address_hash
        )


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _take_events(self, events):
        """Apply receipts: the highest rank, then failures, whatever order they came in.

        A failure behind a delivery changes nothing, a delivery behind one does. What
        rose alike is noted together.

        :param dict events: `clinic.twilio.event` records by attempt
        """
        risen = {}
        for attempt in self:
            attempt.provider_ref = attempt.provider_ref or events[attempt][:1].sid
            states = [STATES.get(status) for status in events[attempt].mapped("status")]
            highest = max(states, key=lambda state: RANK.get(state, -1))
            if RANK.get(highest):
                risen.setdefault(highest, []).append(attempt.id)
        for state, ids in risen.items():
            self.browse(ids)._rise_to(state)
        for attempt in self:
            for event in events[attempt]:
                if STATES.get(event.status) == "failed":
                    attempt._take_late_failure(event.error_code)
