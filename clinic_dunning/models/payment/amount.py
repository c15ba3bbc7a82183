"""What a person types into an amount field. Pure Python, no `env`."""

import re
import unicodedata

# The least amounts of a payment: tiny ones are tests of stolen cards. About one euro.
LEAST = {
    "BHD": 0.5,
    "INR": 50.0,
    "JOD": 0.5,
    "JPY": 100.0,
    "KRW": 1000.0,
    "KWD": 0.5,
    "MAD": 10.0,
    "OMR": 0.5,
    "TND": 3.0,
    "XAF": 500.0,
    "XOF": 500.0,
}
_NUMBER = re.compile(r"\d{1,12}([.,]\d{1,3})*")
_BLANK = r"[\s'’_]"


def get_least_amount(currency_name, decimals):
    """Return the least amount of a payment in that currency.

    :param str currency_name: ISO code
    :param int decimals: decimal places of the currency (0, 2 or 3)
    """
    return LEAST.get(currency_name, 1.0 if decimals else 100.0)


def parse_amount(text, decimals):
    """Return the amount a person meant, or None if it can't be read for certain.

    Comma and point both part decimals or thousands; digits of any script are read.

    :param str text: such as "12,50", "1 234.5", "₹ 1,200"
    :param int decimals: decimal places of the currency (0, 2 or 3)
    """
    digits = "".join(_to_ascii(char) for char in str(text or "").strip())
    digits = re.sub(r"^[^\d.,+-]+|[^\d.,]+$", "", digits)
    groups = re.split(_BLANK + "+", re.split(r"[.,]", digits)[0].strip())
    digits = re.sub(_BLANK, "", digits)
    if not _NUMBER.fullmatch(digits) or not _are_thousands(groups):
        return None
    *whole, last = re.split(r"[.,]", digits)
    if not whole:
        return float(last)
    if len(last) <= decimals and not _is_grouped(digits, whole, last):
        return float(f"{''.join(whole)}.{last}") if _are_thousands(whole) else None
    if len(last) == 3 and _are_thousands([*whole, last]):
        return float("".join([*whole, last]))
    return None


def _to_ascii(char):
    """Return a digit of any script as ours, and any sign of a negative number."""
    if unicodedata.category(char) == "Pd" or char == "\N{MINUS SIGN}":
        return "-"
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _is_grouped(digits, whole, last):
    """Two equal separators part thousands: 1,234,567."""
    separators = set(re.findall(r"[.,]", digits))
    return len(whole) > 1 and len(separators) == 1 and len(last) == 3


def _are_thousands(groups):
    """Groups of three behind the first; of two in the Indian way (1,20,000)."""
    first, *rest = groups
    sizes = [len(group) for group in rest]
    western = all(size == 3 for size in sizes)
    indian = sizes[-1:] == [3] and all(size == 2 for size in sizes[:-1])
    return not rest or (len(first) <= 3 and (western or indian))
