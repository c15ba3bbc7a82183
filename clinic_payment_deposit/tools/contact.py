"""An address as a visitor types it: email or telephone number. No `env`."""

from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from odoo.tools import email_normalize

# Calls to these cost the clinic money, and no code is read on them.
REFUSED_KINDS = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.FIXED_LINE,
}


class Contact(NamedTuple):
    """An address that a code can be sent to.

    channel: email or sms
    address: normalised email, or number in E.164
    country: ISO code of the number's country, "" for an email
    """

    channel: str
    address: str
    country: str = ""


def parse_contact(text, country):
    """Return the `Contact` in what somebody typed, or None.

    :param str country: ISO code of the country of numbers that name none
    """
    text = " ".join((text or "").split())
    if "@" in text:
        address = email_normalize(text)
        return Contact("email", address) if address else None
    return _parse_number(text, country)


def _parse_number(text, country):
    number = "+" + text[2:] if text.startswith("00") else text
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    if phonenumbers.number_type(parsed) in REFUSED_KINDS:
        return None
    return Contact(
        "sms",
        phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(parsed) or "",
    )
