from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import fields, models
from odoo.tools import format_amount

from ...tools.moment import tell_day, tell_time, to_zone

STEP = timedelta(days=14)
DAYS_SHOWN = 7


class Day(NamedTuple):
    """One day of the page: its name, and (value, text) of each slot."""

    date: object
    name: str
    slots: list


class ResourceBookingType(models.Model):
    """What a visitor of the booking page sees of a kind of visit."""

    _inherit = "resource.booking.type"

    clinic_online = fields.Boolean(
        string="On the Booking Page",
        default=True,
        help="Patients can choose this kind of visit themselves. Its name and price "
        "are read by everybody.",
    )

    def _get_online(self, company):
        """Return the kinds of visit that a clinic offers on its page (sudo)."""
        if not company.clinic_booking_open:
            return self.sudo().browse()
        domain = [("company_id", "=", company.id), ("clinic_online", "=", True)]
        return self.sudo().search(domain, order="name, id")

    def _is_online(self):
        """Return whether strangers may book this kind of visit."""
        return bool(
            self.active and self.clinic_online and self.company_id.clinic_booking_open
        )

    def _get_price_text(self, lang):
        """Return the price in words, '' where none is published."""
        currency = self.clinic_currency_id
        if not currency or currency.is_zero(self.clinic_price):
            return ""
        return format_amount(self.env, self.clinic_price, currency, lang)

    def _get_page_days(self, first, zone, combination=None, lang="en_US"):
        """Return the next days with free slots, and the day to go on from.

        :param first: the first day to look at, in the visitor's zone
        :param zone: pytz zone of the visitor
        :return: (list of `Day`, date or None)
        """
        begin = zone.localize(datetime.combine(first, time.min)).astimezone(pytz.utc)
        opens, end = self._get_bookable_span()
        begin, days = max(begin.replace(tzinfo=None), opens), {}
        while begin < end and len(days) <= DAYS_SHOWN:
            stop = min(begin + STEP, end)
            for slot in self._get_offered(begin, stop, combination):
                day = to_zone(slot.start, zone).date()
                days.setdefault(day, set()).add(slot.start)
            begin = stop
        shown = sorted(days)[: DAYS_SHOWN + 1]
        rest = shown[DAYS_SHOWN] if len(shown) > DAYS_SHOWN else None
        shown = shown[:DAYS_SHOWN]
        return [self._get_page_day(day, days[day], zone, lang) for day in shown], rest

    def _get_page_day(self, day, starts, zone, lang):
        slots = [
            (f"{start:%Y%m%dT%H%M}", tell_time(start, zone, lang))
            for start in sorted(starts)
        ]
        return Day(day, tell_day(day, lang), slots)

    def _is_slot(self, start, combination):
        """Return whether that very moment (naive UTC) is offered now."""
        stop = start + timedelta(seconds=1)
        return bool(self._get_offered(start, stop, combination))
