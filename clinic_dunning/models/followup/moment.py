"""The moment of a decision and when each level is reached, as SQL."""

from datetime import datetime, timedelta

import pytz

from odoo.tools import SQL


class Moment:
    """A point in time as one clinic sees it.

    :param datetime utc: the moment, naive, in UTC
    :param str tz: name of the clinic's time zone
    """

    def __init__(self, utc: datetime, tz: str):
        self.utc = utc
        self.zone = pytz.timezone(tz)
        self.local = pytz.utc.localize(utc).astimezone(self.zone).replace(tzinfo=None)
        self.today = self.local.date()

    def to_utc(self, local: datetime) -> datetime:
        """Return a naive local time of the clinic as naive UTC (DST honoured)."""
        return self.zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def before(self, delay: timedelta, whole_days: bool) -> datetime:
        """Return the naive UTC moment that lies `delay` before this one.

        Whole days are counted on the local calendar, hours on the clock.
        """
        return self.to_utc(self.local - delay) if whole_days else self.utc - delay


class LevelMoment:
    """When one level is reached, and until when it may be sent.

    The SQL speaks of a row `i` with `date_maturity`, `invoice_date` (dates) and
    `first_request_at` (timestamp, UTC).
    """

    def __init__(self, level, moment: Moment):
        self.level = level
        self.moment = moment
        self.whole_days = level.delay_unit == "days"
        self.delay = timedelta(**{level.delay_unit: level.delay})
        self.anchor = SQL("i.%s", SQL.identifier(self._anchor_column()))

    def _anchor_column(self):
        return {
            "due_date": "date_maturity",
            "invoice_date": "invoice_date",
            "first_request": "first_request_at",
        }[self.level.anchor]

    def reached(self) -> SQL:
        """Condition: the level may be entered now."""
        return self._while_open(self._started(self.delay))

    def ahead(self) -> SQL:
        """Condition: the level is reached now or will be, and is not over."""
        return self._while_open(SQL("%s IS NOT NULL", self.anchor))

    def _while_open(self, condition) -> SQL:
        """The condition, as long as the level is not over for the item."""
        conditions = [condition]
        if self._ends_at_due_date():
            conditions.append(SQL("i.date_maturity > %s", self.moment.today))
        if self.level.expire_days:
            end = self.delay + timedelta(days=self.level.expire_days)
            conditions.append(SQL("NOT %s", self._started(end)))
        return SQL("(%s)", SQL(" AND ").join(conditions))

    def on(self) -> SQL:
        """The day on which the level is reached, on the clinic's calendar."""
        if self.level.anchor == "first_request":
            anchor = SQL(
                "(i.first_request_at AT TIME ZONE 'UTC' AT TIME ZONE %s)",
                str(self.moment.zone),
            )
        else:
            anchor = self.anchor
        return SQL("(%s + %s)::date", anchor, self.delay)

    def _started(self, delay) -> SQL:
        if self.level.anchor == "first_request":
            return SQL(
                "%s <= %s", self.anchor, self.moment.before(delay, self.whole_days)
            )
        limit = self.moment.local - delay
        return SQL("%s <= %s", self.anchor, limit.date())

    def _ends_at_due_date(self):
        return self.level.anchor == "due_date" and self.delay < timedelta()
