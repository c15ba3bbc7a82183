"""What an eye could read in a text and should not: codes, addresses, numbers, words.

Pure Python, no `env`. Each `find_*` answers with a list of `Reason`. What is searched
where is decided by the registry.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

REASONS = {
    "unknown": "unknown variable “%s”",
    "subject": "the subject may not hold the variable “%s”",
    "brace": "unbalanced or leftover brace near “%s”",
    "glued": "the variable “%s” needs a space around it",
    "greeting": "the variable “%s” needs a greeting before it",
    "edge": "the text may not start or end with the variable “%s”",
    "adjacent": "the variables “%s” need a word between them",
    "missing": "the variable “%s” is blank",
    "address": "address “%s”: only the variable link may be one",
    "number": "number “%s”: only variables may hold a long one",
    "code": "“%s” looks like a medical or billing code",
    "word": "“%s” is on the list of words that do not leave the clinic",
}


class Reason(str):
    """Why a text is refused: a sentence that keeps its `code` and `detail` apart."""

    def __new__(cls, code, detail):
        reason = super().__new__(cls, REASONS[code] % detail)
        reason.code = code
        reason.detail = detail
        return reason


# -- characters --------------------------------------------------------------

JOINERS = "\u200c\u200d"  # Devanagari needs them
BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"  # letters and signs nobody can see
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | {0xFEFF: None}
_DOTS = dict.fromkeys(
    map(ord, "\u3002\uff0e\uff61"), "."
)  # browsers read them as a dot


def normalise_spaces(text):
    """Return `text` with the spaces of `format_amount` made ordinary, no U+FEFF."""
    return (text or "").translate(_SPACES)


class _Plain(dict):
    """For `str.translate`: foreign digits become ours, invisible signs nothing."""

    def __missing__(self, code):
        char = chr(code)
        if char.isdecimal():
            self[code] = str(unicodedata.digit(char))
        else:
            self[code] = None if unicodedata.category(char) == "Cf" else char
        return self[code]


class _Words(dict):
    """For `str.translate`: what is no letter, mark or digit becomes a space."""

    def __missing__(self, code):
        char = chr(code)
        self[code] = char if unicodedata.category(char)[0] in "LMN" else " "
        return self[code]


_PLAIN = _Plain()
_WORDS = _Words()
_ACCENTS = re.compile(r"[\u0300-\u036f\u093c]")
_ACRONYM = re.compile(r"(?<!\w)(\w)\.(?=\w(?!\w))")
_LETTER_BY_DIGIT = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")


def flatten(text):
    """Return what an eye reads: look-alikes, invisible signs, foreign digits undone."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", normalise_spaces(text).translate(_DOTS))
    return text.translate(_PLAIN)


@lru_cache(maxsize=64)
def flatten_all(phrases):
    """Return the tuple `phrases` flattened."""
    return tuple(map(flatten, phrases))


def fold(text):
    """Return the words of `text`: lower case, unaccented, single-spaced, space-padded.

    Latin accents, the Devanagari nukta and chandrabindu are undone, dotted acronyms
    joined (`I.V.G.`), letters and digits parted (`HIV1` holds the word `hiv`).
    """
    text = flatten(text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).replace("\u0901", "\u0902")
        text = _ACCENTS.sub("", text)
    text = _ACRONYM.sub(r"\1", text).translate(_WORDS)
    return f" {' '.join(_LETTER_BY_DIGIT.sub(' ', text).split())} "


# -- masks -------------------------------------------------------------------

# What may not touch a variable: it would make a longer word or address of its value.
BEFORE = r"[\w.,/+@-]"
AFTER = r"(?:[\w/+@-]|[.,:]\w)"
MASK = " \N{BULLET} "


_TOUCHED_BEFORE = re.compile(BEFORE)
_TOUCHED_AFTER = re.compile(AFTER)


def mask(text, phrases):
    """Replace `phrases` in `text` where they stand alone, any case, longest first."""
    folded = _fold_case(text)
    wanted = dict.fromkeys(_fold_case(phrase.strip()) for phrase in phrases)
    there = [phrase for phrase in wanted if phrase and phrase in folded]
    for phrase in sorted(there, key=len, reverse=True):
        text = _mask_one(text, phrase)
    return text


def _fold_case(text):
    """Return `text` with case undone, each letter where it was."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(
        char.casefold() if len(char.casefold()) == 1 else char for char in text
    )


def _mask_one(text, phrase):
    """Replace a phrase; no pattern is made of it, compiling would cost far more."""
    folded = _fold_case(text)
    pieces, begin, at = [], 0, folded.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if _stands_alone(text, at, end):
            pieces.append(text[begin:at])
            begin = end
        at = folded.find(phrase, max(begin, at + 1))
    return MASK.join([*pieces, text[begin:]])


def _stands_alone(text, begin, end):
    touched = begin and _TOUCHED_BEFORE.match(text, begin - 1)
    return not touched and not _TOUCHED_AFTER.match(text, end)


# -- codes and numbers -------------------------------------------------------


def _between(pattern):
    return re.compile(rf"(?<![0-9A-Z])(?:{pattern})(?![0-9A-Z])", re.IGNORECASE)


LETTER_CODES = (
    _between(r"[A-Z]{4}[0-9]{3}"),  # CCAM
    _between(r"[A-Z][0-9]{4}"),  # HCPCS, CDT
    _between(r"[A-Z][0-9][0-9AB](?:\.?[0-9A-Z]{1,4})?"),  # ICD-10, ATC
    _between(r"[0-9A-Z][A-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,2}"),  # ICD-11
    _between(
        r"(?:AM[IKPSY]|AIS|SCM|SPM|BHN|PHN|TLB|CNPSY|ORT) ?[0-9]{1,3}(?:[.,][0-9])?"
    ),  # NGAP
)
DIGIT_CODES = (
    _between(r"[0-9]{4}[0-9FTU]"),  # CPT
    re.compile(r"(?<![0-9A-Za-z/.-])[0-9]{3,6}-[0-9](?![0-9A-Za-z/.-])"),  # LOINC
)
CODES = LETTER_CODES + DIGIT_CODES
# Five digits or more, however spaced: a phone, an account, a card. "48 h" is none.
_NUMBER = re.compile(r"\+?[0-9](?:[ ().\-/]{0,2}[0-9]){4,}")
_CITATION = re.compile(
    r"\barticles?\s+(?:[LRD]\.?\s?)?[0-9]{1,4}(?:-[0-9]{1,3})*(?![0-9-])", re.IGNORECASE
)


def find_codes(text, patterns=CODES):
    """Medical and billing codes in the flattened `text`."""
    found = [match[0] for pattern in patterns for match in pattern.finditer(text)]
    return [Reason("code", code) for code in dict.fromkeys(found)]


def find_numbers(text):
    """Numbers of five digits or more in the flattened `text`."""
    return [Reason("number", match[0]) for match in _NUMBER.finditer(text)]


def mask_citations(text):
    """Hide articles of law (`article 1344-1`): they look like codes."""
    return _CITATION.sub(MASK, text)


# -- addresses ---------------------------------------------------------------

_ENDINGS = (
    "com|net|org|info|biz|io|co|me|in|fr|be|uk|us|eu|ly|gl|gd|cc|to|tk|ru|cn|de|es|it|nl|ch|ca|"
    "app|dev|page|link|click|site|online|website|web|xyz|top|shop|store|pay|live|tech|"
    "health|care|clinic|doctor|dental|hospital|example|भारत"
)
# \w knows no vowel signs; those of Devanagari are named.
_LABEL = r"[\w\u0900-\u0963-]"
_HOST = rf"(?<!{_LABEL}){_LABEL}+(?:\.{_LABEL}+)*"
_ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://\S+"
    r"|(?<!\w)(?:mailto|tel|sms|upi|javascript|data):\S+"
    rf"|{_HOST}\.(?:{_ENDINGS})(?!{_LABEL})(?:[/:?#]\S*)?"
    rf"|{_HOST}\.[a-z]{{2,24}}/\S+"
    r"|(?<!\w)www\.\S+"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_CLOSING = ".,;:!?)]»”\"'।"


def find_addresses(text, link=""):
    """Web, e-mail and account addresses in the flattened `text`, other than `link`."""
    link = flatten(link).rstrip(_CLOSING)
    found = [match[0].rstrip(_CLOSING) for match in _ADDRESS.finditer(text)]
    if link:
        text = text.replace(link, MASK)
    found += [match[0] for match in _MAIL.finditer(text)]
    return [Reason("address", address) for address in found if address != link]


# -- words -------------------------------------------------------------------


class _DenyList(NamedTuple):
    words: frozenset
    prefixes: tuple
    phrases: tuple


@lru_cache(maxsize=16)
def _compile_words(deny_words):
    """Sort folded words: exact, beginnings (`psychiatr*`), phrases of several words."""
    folded = [(fold(word).rstrip(), word.strip().endswith("*")) for word in deny_words]
    single = [
        (text.strip(), begins) for text, begins in folded if len(text.split()) == 1
    ]
    several = [(text, begins) for text, begins in folded if len(text.split()) > 1]
    return _DenyList(
        frozenset(text for text, begins in single if not begins),
        tuple(text for text, begins in single if begins),
        tuple(text if begins else f"{text} " for text, begins in several),
    )


@lru_cache(maxsize=64)
def fold_all(phrases):
    """Return the tuple `phrases` folded, without padding."""
    return tuple(fold(phrase).strip() for phrase in phrases)


def find_words(text, deny_words, approved_labels=()):
    """Denied words in `text`, outside `approved_labels`; no case, no accents.

    `deny_words` may hold phrases, and beginnings that end with a star.
    """
    deny = _compile_words(tuple(deny_words))
    folded = mask(fold(text), fold_all(tuple(approved_labels)))
    found = [
        token
        for token in dict.fromkeys(folded.split())
        if token in deny.words or (deny.prefixes and token.startswith(deny.prefixes))
    ]
    found += [phrase.strip() for phrase in deny.phrases if phrase in folded]
    return [Reason("word", word) for word in found]
