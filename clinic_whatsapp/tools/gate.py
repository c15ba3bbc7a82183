"""How fast, and whether at all, an account may be called; shared by threads. No `env`.

A token bucket keeps the rate. The breaker opens when calls fail one after the other:
until the account has answered well, no more than `BREAK_AFTER` calls are in the air or
failed.
"""

import threading
import time

BREAK_AFTER = 5
MOST_UNPROVEN = 8
# Goes on while the process or the machine sleeps, and nobody sets it.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now():
    """Return the moment in seconds by which deadlines are kept."""
    return time.clock_gettime(CLOCK)


class Gate:
    """The gate of one account in this process."""

    def __init__(self, rate):
        self._changed = threading.Condition()
        self._rate = float(rate)
        self._tokens = self._rate
        self._filled_at = now()
        self._paused_until = 0.0
        self._failures = 0
        self._in_air = 0
        self._proven = False
        self._closings = 0

    def set_rate(self, rate):
        """Take over a rate, in calls a second, that somebody may have changed."""
        with self._changed:
            if rate != self._rate:
                self._rate = float(rate)
                self._tokens = min(self._tokens, self._rate)

    def enter(self, deadline):
        """Wait for a turn; return whether the call may be made.

        Who enters calls `note` afterwards.

        :param float deadline: moment (see `now`) after which it is too late
        """
        with self._changed:
            while self._is_careful() and now() < deadline:
                self._changed.wait(deadline - now())
            if self._is_broken() or now() >= deadline:
                return False
            wait = max(self._take_token(), self._paused_until - now())
            if now() + wait >= deadline:
                self._tokens += 1
                return False
            self._in_air += 1
        if wait > 0:
            time.sleep(wait)
        return self._is_still_time(deadline)

    def _is_still_time(self, deadline):
        """Return whether the call may be made after the wait; else give the turn back.

        A process may have slept for hours.
        """
        with self._changed:
            if now() < deadline and not self._is_broken():
                return True
            self._in_air -= 1
            self._changed.notify_all()
            return False

    def note(self, trouble=False, pause=0.0):
        """Note how a call ended.

        :param bool trouble: the account, not the message, was at fault
        :param float pause: seconds for which the provider asked us to wait
        """
        with self._changed:
            self._in_air -= 1
            self._failures = self._failures + 1 if trouble else 0
            self._proven = not trouble
            if pause:
                self._paused_until = max(self._paused_until, now() + pause)
            self._changed.notify_all()

    def is_open(self):
        """Return whether calls may pass (the breaker is closed)."""
        with self._changed:
            return not self._is_broken()

    def reset(self):
        """Let calls pass again, carefully: the first must succeed."""
        with self._changed:
            self._failures = 0
            self._proven = False
            self._paused_until = 0.0

    def renew(self, closings):
        """Let calls pass again where somebody has found since that the account works.

        :param int closings: how often that was found
        """
        with self._changed:
            if closings != self._closings:
                self._closings = closings
                self.reset()

    @property
    def failures(self):
        return self._failures

    @property
    def rate(self):
        return self._rate

    def _is_broken(self):
        return self._failures >= BREAK_AFTER

    def _is_careful(self):
        """Return whether the calls in the air have to show first that all is well."""
        return (
            not self._proven
            and not self._is_broken()
            and self._in_air + self._failures >= MOST_UNPROVEN
        )

    def _take_token(self):
        """Take one token, maybe of the future; return the seconds until it is there."""
        moment = now()
        self._tokens = min(
            self._rate, self._tokens + (moment - self._filled_at) * self._rate
        )
        self._filled_at = moment
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)
