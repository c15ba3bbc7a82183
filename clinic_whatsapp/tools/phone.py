"""Telephone numbers: whose country, which kind. No `env`."""

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_NO_TEXT = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


@lru_cache(maxsize=4096)
def to_e164(number, countries=()):
    """Return a number in E.164, or '' if no country makes a valid one of it.

    :param str number: as a person wrote it
    :param tuple countries: ISO codes such as "FR", the likeliest first; a number that
        begins with + or 00 brings its own
    """
    number = (number or "").strip()
    if number.startswith("00"):
        number = "+" + number[2:]
    for country in [code for code in countries if code] or [None]:
        parsed = _parse(number, country)
        if parsed and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return ""


@lru_cache(maxsize=4096)
def takes_text(e164):
    """Return whether a valid number may take an SMS: a landline does not."""
    parsed = _parse(e164, None)
    return bool(parsed) and phonenumbers.number_type(parsed) not in _NO_TEXT


@lru_cache(maxsize=4096)
def get_country(e164):
    """Return the ISO code of the number's country, or ''."""
    parsed = _parse(e164, None)
    return parsed and phonenumbers.region_code_for_number(parsed) or ""


def _parse(number, country):
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
