"""Moments as people read them, always with their zone. No `env`."""

import babel.dates
import pytz

from odoo.tools.misc import babel_locale_parse


def to_zone(moment, zone):
    """Return a naive UTC moment as it is in a pytz zone."""
    return pytz.utc.localize(moment).astimezone(zone)


def tell_day(day, lang):
    """Return a date in words: Thursday 12 March."""
    return babel.dates.format_date(day, "EEEE d MMMM", babel_locale_parse(lang))


def tell_time(moment, zone, lang):
    """Return the hour of a naive UTC moment in a zone: 09:30."""
    here = to_zone(moment, zone)
    return babel.dates.format_time(here.time(), "short", None, babel_locale_parse(lang))


def tell_moment(moment, zone, lang):
    """Return a naive UTC moment in words: Thursday 12 March, 09:30 (CET)."""
    here = to_zone(moment, zone)
    name = here.tzname()
    zone_name = name if name.isalpha() else zone.zone
    return f"{tell_day(here, lang)}, {tell_time(moment, zone, lang)} ({zone_name})"
