from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.intervals import Intervals

from .slot_lock import SlotRefused, SlotTaken


class Slot(NamedTuple):
    """A moment on offer (naive UTC) and the combinations that are free then."""

    start: datetime
    combination_ids: tuple


def to_utc(moment):
    """Return a moment with a zone as naive UTC; the end of a day as the next one."""
    moment = moment.astimezone(pytz.utc).replace(tzinfo=None)
    if moment.microsecond == 999999:
        moment += timedelta(microseconds=1)
    return moment


class ResourceBookingType(models.Model):
    """What can be booked, and when."""

    _inherit = "resource.booking.type"

    clinic_notice = fields.Float(
        string="Minimum Notice",
        default=24,
        help="Hours before a slot when patients can book it for the last time. "
        "The front desk may book until the slot begins.",
    )
    clinic_horizon = fields.Integer(
        string="Days Ahead",
        default=180,
        help="How many days ahead a slot can be booked.",
    )
    clinic_tz = fields.Selection(related="resource_calendar_id.tz", string="Time Zone")

    @api.constrains("slot_duration", "clinic_horizon", "clinic_notice")
    def _check_clinic_grid(self):
        for kind in self:
            if kind.slot_duration <= 0:
                raise ValidationError(
                    self.env._("The interval between two slots must be positive.")
                )
            if kind.clinic_horizon < 0 or kind.clinic_notice < 0:
                raise ValidationError(
                    self.env._("Notice and days ahead can't be negative.")
                )

    def _get_offered(
        self, start, stop, combination=None, by_desk=False, but=None, hours=None
    ):
        """Return the slots that begin in that time and can be booked now.

        On the grid of the opening hours, far enough ahead, with a combination that
        works and is free for the whole visit.

        :param datetime start: naive UTC
        :param datetime stop: naive UTC, exclusive
        :param combination: restrict to that one
        :param bool by_desk: whether the front desk asks: no notice needed
        :param but: bookings that don't count, such as the one to be moved
        :param float hours: length of the visit (default: the type's)
        :return: list of `Slot` in their order
        """
        self.ensure_one()
        kind_sudo = self.sudo()
        first, last = kind_sudo._get_bookable_span(by_desk)
        first, last = max(first, start), min(last, stop)
        if first >= last:
            return []
        starts = kind_sudo._get_grid(first, last)
        if not starts:
            return []
        return kind_sudo._get_free_slots(starts, combination, but, hours)

    def _get_bookable_span(self, by_desk=False):
        """Return (first, last) moment at which a slot may begin, naive UTC."""
        now = fields.Datetime.now()
        notice = timedelta(hours=0 if by_desk else self.clinic_notice)
        return now + notice, now + timedelta(days=self.clinic_horizon)

    def _get_grid(self, first, last):
        """Return the moments from first until before last at which slots begin.

        Counted from the beginning of each opening time of the day, whatever is booked.
        """
        begin, end = self._get_whole_days(first, last)
        opening = self.resource_calendar_id._attendance_intervals_batch(begin, end)
        step = timedelta(hours=self.slot_duration)
        starts = set()
        for opens, closes, _attendance in opening[False]:
            moment, closes = to_utc(opens), to_utc(closes)
            while moment < closes:
                if first <= moment < last:
                    starts.add(moment)
                moment += step
        return sorted(starts)

    def _get_whole_days(self, first, last):
        """Return the local midnights around a span, with their zone."""
        zone = pytz.timezone(self.resource_calendar_id.tz or "UTC")
        days = [pytz.utc.localize(moment).astimezone(zone) for moment in (first, last)]
        after = days[1].date() + timedelta(days=2)
        return tuple(
            zone.localize(datetime.combine(day, time.min))
            for day in (days[0].date(), after)
        )

    def _get_free_slots(self, starts, combination=None, but=None, hours=None):
        combinations = self._get_clinic_combinations(combination)
        length = timedelta(hours=hours or self.duration)
        free = self._get_free_time(combinations, starts[0], starts[-1] + length, but)
        slots = []
        for moment in starts:
            able = tuple(
                combo.id
                for combo in combinations
                if any(a <= moment and moment + length <= b for a, b in free[combo])
            )
            if able:
                slots.append(Slot(moment, able))
        return slots

    def _get_clinic_combinations(self, combination=None):
        """Return the active combinations in their priority, or that one of them."""
        combinations = self._get_combinations_priorized().filtered("active")
        return combinations & combination if combination else combinations

    def _get_free_time(self, combinations, start, stop, but=None):
        """Return {combination: [(start, stop)]}: when all its resources are free."""
        begin, end = self._get_whole_days(start, stop)
        resources = combinations.resource_ids
        busy = resources._get_busy(to_utc(begin), to_utc(end), but)
        opening = self._get_work(self.resource_calendar_id, begin, end)[False]
        work = self._get_work_of(combinations, begin, end)
        free = {}
        for combination in combinations:
            spans = opening
            for resource in combination.resource_ids:
                calendar = combination._get_calendar_of(resource)
                if calendar:
                    spans &= work[calendar][resource.id]
                taken = [(a, b, self.browse()) for a, b in busy[resource.id]]
                spans -= Intervals(taken)
            free[combination] = [(a, b) for a, b, _rest in spans]
        return free

    def _get_work_of(self, combinations, begin, end):
        """Return {calendar: {resource id: working hours}}, each calendar read once."""
        working = {}
        for combination in combinations:
            for resource in combination.resource_ids:
                calendar = combination._get_calendar_of(resource)
                working[calendar] = working.get(calendar, resource) | resource
        return {
            calendar: self._get_work(calendar, begin, end, resources)
            for calendar, resources in working.items()
            if calendar
        }

    def _get_work(self, calendar, begin, end, resources=None):
        """Return {resource id, or False: working hours as intervals in naive UTC}."""
        resources = resources or self.env["resource.resource"]
        work = calendar._work_intervals_batch(begin, end, resources)
        return {
            resource_id: Intervals(
                [(to_utc(a), to_utc(b), self.browse()) for a, b, _rest in intervals]
            )
            for resource_id, intervals in work.items()
        }

    def _find_combination(
        self, start, combination=None, by_desk=False, but=None, hours=None
    ):
        """Return the combination that takes a slot on offer; as in `_get_offered`.

        :raise SlotRefused: when that moment is not offered at all
        :raise SlotTaken: when it was, and nobody is free any more
        """
        self.ensure_one()
        kind_sudo = self.sudo()
        kind_sudo._check_offered(start, combination, by_desk)
        slots = kind_sudo._get_free_slots([start], combination, but, hours)
        if not slots:
            raise SlotTaken(
                self.env._("This time was just taken. Please choose another one.")
            )
        return self.env["resource.booking.combination"].browse(
            slots[0].combination_ids[0]
        )

    def _check_offered(self, start, combination=None, by_desk=False):
        """Refuse a moment off the grid, in the past, too soon or too far, in words."""
        first, last = self._get_bookable_span(by_desk)
        if not self.active or (
            combination and not self._get_clinic_combinations(combination)
        ):
            raise SlotRefused(self.env._("This appointment can't be booked any more."))
        if start < first:
            raise SlotRefused(
                self.env._("It is too late to book this time. Please choose another.")
            )
        grid = self._get_grid(start, start + timedelta(seconds=1))
        if start >= last or start not in grid:
            raise SlotRefused(
                self.env._("This time is not offered. Please choose another.")
            )
