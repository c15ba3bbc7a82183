from datetime import timedelta

from odoo import fields, models

from .recheck import Verdict

MAX_TRIES = 5
BACKOFF = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)


class ClinicMessageAttempt(models.Model):
    """What was leased leaves, or is given back, as the re-check says."""

    _inherit = "clinic.message.attempt"

    def _obey(self, verdicts):
        """Return the attempts that may go out now; the others' messages end or wait.

        :param dict verdicts: `Verdict` by message
        """
        going = self._give_back(verdicts)
        going = going._give_back(going._find_other_ways(verdicts))
        return going._respect_limits()

    def _give_back(self, verdicts):
        """Drop attempts whose message may not go out now; return the others.

        :param dict verdicts: `Verdict` by message; who has none goes
        """
        going = self.filtered(
            lambda attempt: attempt.message_id not in verdicts
            or verdicts[attempt.message_id].outcome == "send"
        )
        back = self - going
        messages = back.message_id
        back.unlink()
        messages._settle(verdicts)
        return going

    def _find_other_ways(self, verdicts):
        """Return {message: Verdict} where channel or address are others now.

        They are claimed again: caps, receipts and look-ups go by the address that was
        noted then.
        """
        now = fields.Datetime.now()
        channel = Verdict("later", self.env._("The channel changed."), now)
        address = Verdict("later", self.env._("The address changed."), now)
        ways = {}
        for attempt in self:
            if attempt.channel != verdicts[attempt.message_id].channel:
                ways[attempt.message_id] = channel
            elif not attempt._fits_address():
                ways[attempt.message_id] = address
        return ways

    def _respect_limits(self):
        """Return the attempts whose address has room this week; the others wait."""
        return self._give_back(self._find_capped())

    def _find_capped(self):
        """Return {message: Verdict} where the address was written to often enough."""
        silent = self.message_id._get_silent_channels()
        caps = {
            attempt: attempt.message_id._get_weekly_cap()
            for attempt in self
            if attempt.address_hash and attempt.channel not in silent
        }
        reason = self.env._("Enough messages to this address this week.")
        return {
            attempt.message_id: Verdict("later", reason, until)
            for attempt, until in self.env["clinic.contact.address"]
            ._reserve(caps)
            .items()
        }


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _settle(self, verdicts):
        """End what may not be said, or let it wait, as the re-check says.

        :param dict verdicts: `Verdict` by message, no one of which is "send"
        """
        for verdict, messages in self.grouped(verdicts.get).items():
            if verdict.outcome == "later":
                messages._postpone(verdict.until, verdict.reason)
            elif verdict.outcome == "skip":
                messages._skip(verdict.reason)
            elif verdict.outcome == "cancel":
                messages._cancel(verdict.reason)
            elif verdict.outcome == "hold_out":
                messages._hold_out(verdict.test)
            else:
                messages._fail(verdict.reason)

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
