"""The letters of an SMS, and what they cost. No `env`.

Sources: 3GPP TS 23.038 (alphabet), TS 23.040 (segments).
"""

import unicodedata
from typing import NamedTuple

_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = set("^{}\\[~]|€\f")

_REPLACED = {
    "\ufeff": "",
    "\u200b": "",
    "\u200e": "",
    "\u200f": "",
    "₹": "Rs ",
    "₨": "Rs ",
    "’": "'",
    "‘": "'",
    "‚": ",",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
    "…": "...",
    "•": "-",
    "·": "-",
    "ç": "c",
    "œ": "oe",
    "Œ": "OE",
    "Ł": "L",
    "ł": "l",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ı": "i",
}


class Count(NamedTuple):
    """How a text is carried: its alphabet ("GSM-7", "UCS-2"), units and segments."""

    alphabet: str
    units: int
    segments: int


def to_sms_text(text):
    """Return the text in letters of the SMS alphabet, where Latin letters can do it.

    Spaces that can't be seen become usual ones, ₹ becomes Rs, names lose the accents
    that the alphabet lacks. Text in another script stays as it is, all of it: it goes
    out as UCS-2.
    """
    plain = "".join(_replace(char) for char in unicodedata.normalize("NFC", text))
    plain = "\n".join(" ".join(line.split()) for line in plain.split("\n"))
    return plain.replace("Rs  ", "Rs ")


def _replace(char):
    if char in _GSM or char in _GSM_TWICE:
        return char
    if char in _REPLACED:
        return _REPLACED[char]
    if unicodedata.category(char) == "Zs":
        return " "
    base = "".join(
        part
        for part in unicodedata.normalize("NFKD", char)
        if not unicodedata.combining(part)
    )
    return base if base and all(part in _GSM for part in base) else char


def count_segments(text):
    """Return the `Count` of a text as it is."""
    if all(char in _GSM or char in _GSM_TWICE for char in text):
        units = [2 if char in _GSM_TWICE else 1 for char in text]
        return Count("GSM-7", sum(units), _count(units, 160, 153))
    units = [2 if ord(char) > 0xFFFF else 1 for char in text]
    return Count("UCS-2", sum(units), _count(units, 70, 67))


def _count(units, single, part):
    """Return how many segments; a letter of two units is not torn apart."""
    if sum(units) <= single:
        return 1
    segments, room = 1, part
    for unit in units:
        if unit > room:
            segments, room = segments + 1, part
        room -= unit
    return segments


def get_cost(text, price):
    """Return what an SMS costs, at so much a segment."""
    return count_segments(text).segments * price
