"""What the pages of appointments have in common."""

from datetime import date, datetime
from urllib.parse import urlencode

import pytz

from odoo.http import request
from odoo.tools import format_amount

from odoo.addons.clinic_dunning.controllers.page import (
    HEADERS,
    VIEWS_PER_MINUTE,
    PatientPage,
)

from ..tools.moment import tell_moment

# Where people live whom a clinic sees from afar; its own and its visitors' come first.
FAR_ZONES = (
    "Europe/London",
    "Europe/Paris",
    "Europe/Athens",
    "Europe/Moscow",
    "Africa/Casablanca",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Indian/Reunion",
    "America/Guadeloupe",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
)


class BookingPage(PatientPage):
    """Slots, zones and languages; the address says where a visitor stands."""

    def _allows_view(self):
        return self._allows("book", self._get_network(), VIEWS_PER_MINUTE)

    def _get_values(self, company, path, lang=None, **asked):
        """Return what the layout of a page needs, and the language to speak.

        :param str path: of the page, for the links of other languages
        :param asked: what the address says, kept where somebody changes the language
        """
        link = request.env["clinic.link"]._get_virtual(
            request.env["res.partner"], company
        )
        lang = link._get_lang(lang or self._get_wanted_lang())
        request.update_context(lang=lang)
        query = urlencode({key: value for key, value in asked.items() if value})
        return {
            **link._get_header(lang),
            "page_title": request.env._("Appointment"),
            "page": path,
            "asked": f"{query}&" if query else "",
            "company": company.with_context(lang=lang),
        }

    def _get_zone(self, company, name):
        """Return the zone that a visitor chose, the clinic's for anything unknown."""
        if name not in pytz.all_timezones_set:
            name = company._get_clinic_tz()
        return pytz.timezone(name)

    def _get_zones(self, company):
        """Return the names of the zones to choose from, the clinic's first."""
        near = [
            zone
            for code in sorted(company._get_clinic_booking_countries())
            for zone in pytz.country_timezones.get(code, ())
        ]
        return list(dict.fromkeys([company._get_clinic_tz(), *near, *FAR_ZONES]))

    def _get_slot_values(self, kind, zone, combination, first, lang):
        """Return the free slots from a day on, and how to see others."""
        today = datetime.now(zone).date()
        first = max(self._parse_day(first) or today, today)
        days, later = kind._get_page_days(first, zone, combination, lang)
        return {
            "days": days,
            "later": later and later.isoformat(),
            "is_first": first == today,
            "tz": zone.zone,
            "clinic_tz": kind.company_id._get_clinic_tz(),
            "zones": self._get_zones(kind.company_id),
            "horizon": kind.clinic_horizon,
        }

    def _parse_day(self, text):
        try:
            return date.fromisoformat(text or "")
        except ValueError:
            return None

    def _parse_start(self, text):
        """Return the naive UTC moment that a slot's value says, or None."""
        try:
            return datetime.strptime(text or "", "%Y%m%dT%H%M")
        except ValueError:
            return None

    def _get_wish(self, kind, query, lang):
        """Return what a visitor chose.

        :raise UserError: in words, for somebody who does not receive
        """
        zone = self._get_zone(kind.company_id, query.get("tz"))
        return {
            "type_id": kind,
            "combination_id": kind._get_combination(query.get("who")),
            "start": self._parse_start(query.get("start")),
            "tz": zone.zone,
            "lang": lang,
        }

    def _get_people(self, kind):
        """Return (id, name) of who receives, where there is a choice."""
        combinations = kind.combination_rel_ids.combination_id
        if len(combinations) < 2:
            return []
        return [
            (combination.id, combination._get_people_name())
            for combination in combinations
        ]

    def _get_summary(self, wish):
        """Return what was chosen, in words."""
        kind, lang = wish["type_id"], wish["lang"]
        company = kind.company_id
        zone = self._get_zone(company, wish["tz"])
        own = self._get_zone(company, None)
        return {
            "kind": kind.name,
            "price": kind._get_price_text(lang),
            "person": wish["combination_id"]._get_people_name(),
            "moment": wish["start"] and tell_moment(wish["start"], zone, lang),
            "clinic_moment": wish["start"]
            and zone.zone != own.zone
            and tell_moment(wish["start"], own, lang),
        }

    def _tell_amount(self, amount, currency, lang):
        return format_amount(request.env, amount, currency, lang)

    def _to_payment(self, booking):
        """Go to the page on which the deposit of a booking is paid."""
        return request.redirect(booking.clinic_deposit_id._get_url(), local=False)

    def _send_calendar(self, booking):
        """Return the calendar file of an appointment: when and where, not what for."""
        headers = {
            **HEADERS,
            "Content-Type": "text/calendar; charset=utf-8",
            "Content-Disposition": 'attachment; filename="appointment.ics"',
        }
        body = booking._get_calendar_file(request.env.lang)
        return request.make_response(body, headers=list(headers.items()))
