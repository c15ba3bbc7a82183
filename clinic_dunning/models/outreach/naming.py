"""The first name a message greets with. Pure Python, no `env`."""

import re
import unicodedata

from .discretion import BLANK_LETTERS, JOINERS, normalise_spaces

_TITLES = {
    *("dr", "mr", "mrs", "ms", "miss", "prof", "m", "mme", "mlle", "me", "pr"),
    *("shri", "smt", "sri", "kumari", "डॉ", "श्री", "श्रीमती", "सुश्री"),
}
_LONGEST_NAME = 20


def safe_first_name(name):
    """Return the first name to greet with, or '' (greet without a name).

    `name` is a first or a full name, a family name in capitals may come first. Anything
    but letters, hyphens, apostrophes and spaces makes it '': the name field of a public
    page is no place to write to strangers through us.
    """
    name = unicodedata.normalize("NFC", normalise_spaces(str(name or ""))).replace(
        "’", "'"
    )
    words = [word[:-1] if word[1:] == "." else word for word in name.split()]
    words = [word for word in words if word.rstrip(".").casefold() not in _TITLES]
    if not all(is_name(word) for word in words):
        return ""
    given = [word for word in words if len(word) > 1]
    given = [word for word in given if not word.isupper()] or given
    return given[0] if given and len(given[0]) <= _LONGEST_NAME else ""


def is_name(word):
    """Return whether a word is letters, parted by single hyphens or apostrophes."""
    return all(
        part[:1].isalpha() and _is_letters(part) for part in re.split(r"[-']", word)
    )


def _is_letters(text):
    return all(
        char in JOINERS
        or (unicodedata.category(char)[0] in "LM" and char not in BLANK_LETTERS)
        for char in text
    )
