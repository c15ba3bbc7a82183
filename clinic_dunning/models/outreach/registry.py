"""The closed registry of what a message may say. Pure Python, no `env`.

A text holds `{variables}` of `VARIABLES` and nothing else that moves. It is checked
when a template is saved (`check_source`), filled and checked whole before it leaves
(`render`). All checks answer with a list of `Reason`; an empty one means good.

Literal text is searched for everything. The values of rendered text:

- service: deny-list and codes, it is where a procedure would leak;
- clinic: deny-list and codes, it must be the neutral "name in messages";
- appointment: deny-list and codes with letters; a date looks like a numeric code;
- reference: deny-list only. Numbering looks like codes (`FACT001` has the shape of one
  of CCAM), but a journal called HIV or ONCO is read;
- first_name: nothing, a name is a name; letters only, see `safe_first_name`;
- amount, due_date: nothing, they are figures of ours;
- link: nothing, a random secret of ours, and the only address a text may hold;
- code: nothing, six figures of ours.

An approved neutral label passes wherever it stands.
"""

import re
import unicodedata

from .discretion import (
    AFTER,
    BEFORE,
    BLANK_LETTERS,
    CODES,
    JOINERS,
    LETTER_CODES,
    MASK,
    Reason,
    find_addresses,
    find_codes,
    find_numbers,
    find_words,
    flatten,
    flatten_all,
    mask,
    mask_citations,
    normalise_spaces,
)
from .naming import safe_first_name

VARIABLES = (
    "first_name",
    "clinic",
    "amount",
    "due_date",
    "reference",
    "service",
    "link",
    "appointment",
    "code",
)
# A subject is read on a locked screen: who writes, and a number at most.
SUBJECT_VARIABLES = ("clinic", "reference")
_READ_VALUES = {
    "service": CODES,
    "clinic": CODES,
    "appointment": LETTER_CODES,
    "reference": (),
}

LANGUAGES = [
    ("en", "English"),
    ("fr", "French"),
    ("hi", "Hindi"),
    ("hi_Latn", "Hindi in Latin letters"),
]
DEFAULT_LANGUAGE = "en"

# A blank first name leaves with the space before it: "Hi {first_name}," becomes "Hi,",
# "नमस्ते {first_name} जी," becomes "नमस्ते जी,", natural in the four languages. These words
# are for a provider that refuses blank variables: they fit each greeting, tell nothing.
NEUTRAL_NAMES = {
    "en": "Sir/Madam",
    "fr": "Madame, Monsieur",
    "hi": "महोदय/महोदया",
    "hi_Latn": "Mahoday/Mahodaya",
}

_EXAMPLE = {
    "first_name": "Catherine",
    "clinic": "Riverside Clinic",
    "amount": "Rs 1,500.00",
    "due_date": "12/01/2026",
    "reference": "INV/2026/00042",
    "service": "Consultation fee",
    "link": "https://pay.example/p/Zk3VtQ9aXw71",
    "appointment": "Mon 12/01 10:30 (IST)",
    "code": "402918",
}
EXAMPLE_VALUES = {
    "en": _EXAMPLE,
    "fr": _EXAMPLE
    | {
        "clinic": "Clinique du Parc",
        "amount": "160,00 EUR",
        "service": "Frais de consultation",
        "appointment": "lun. 12/01 10:30 (CET)",
    },
    "hi": _EXAMPLE
    | {
        "first_name": "अनीता",
        "clinic": "शांति क्लिनिक",
        "amount": "₹ 1,500.00",
        "service": "परामर्श शुल्क",
        "appointment": "सोम 12/01 10:30 (IST)",
    },
    "hi_Latn": _EXAMPLE
    | {"first_name": "Anita", "clinic": "Shanti Clinic", "service": "Paramarsh shulk"},
}


class TemplateError(Exception):
    """A text that may not leave; `reasons` is the list of `Reason`."""

    def __init__(self, reasons):
        self.reasons = list(reasons)
        super().__init__("; ".join(self.reasons))


# -- values ------------------------------------------------------------------


def clean_value(value):
    """Return `value` on one line, no brace or invisible sign; '' if nothing shows."""
    text = " ".join(normalise_spaces(str(value or "")).split())
    if not text.isprintable() or "{" in text or "}" in text:
        text = "".join(
            char for char in text if char not in "{}" and _is_printable(char)
        ).strip()
    return text if any(_is_visible(char) for char in text) else ""


def _is_printable(char):
    return char in JOINERS or unicodedata.category(char)[0] != "C"


def _is_visible(char):
    return unicodedata.category(char)[0] in "LNPS" and char not in BLANK_LETTERS


def neutral_first_name(language):
    """Return what replaces an unusable first name where no variable may be blank."""
    return NEUTRAL_NAMES.get(language) or NEUTRAL_NAMES[DEFAULT_LANGUAGE]


# -- filling -----------------------------------------------------------------

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_KNOWN = re.compile(rf"\{{({'|'.join(VARIABLES)})\}}")
_GREETED = re.compile(r"[^\S\n]?\{first_name\}")


def find_variables(source):
    """Return the names between braces in `source`, known or not, each once."""
    return list(dict.fromkeys(_VARIABLE.findall(source or "")))


def clean_values(source, values):
    """Return the values `source` uses, cleaned; a first name that is no name is ''."""
    used = {name: clean_value(values.get(name)) for name in find_variables(source)}
    if "first_name" in used:
        used["first_name"] = safe_first_name(used["first_name"])
    return used


def fill(source, values):
    """Return `source` with each variable replaced by its cleaned value, in one pass.

    What a value holds is never substituted again. A blank first name leaves with the
    space before it. Raises `TemplateError` for an unknown or another blank variable.
    """
    source = normalise_spaces(source)
    used = clean_values(source, values)
    if reasons := _find_unknown(source) + _find_blanks(used):
        raise TemplateError(reasons)
    if "first_name" in used and not used["first_name"]:
        source = _GREETED.sub("", source)
    return _KNOWN.sub(lambda match: used[match[1]], source)


def render(source, values, deny_words=(), approved_labels=(), formal=False):
    """Return `source` filled with `values` and checked as a whole.

    Raises `TemplateError` with every reason why the text may not leave. `formal` lets
    a formal notice cite articles of law, which look like codes.
    """
    if not source:
        return ""
    text = fill(source, values)
    used = clean_values(source, values)
    if reasons := check_rendered(text, used, deny_words, approved_labels, formal):
        raise TemplateError(reasons)
    return text


def _find_unknown(source):
    return [
        Reason("unknown", name)
        for name in find_variables(source)
        if name not in VARIABLES
    ]


def _find_blanks(values):
    return [
        Reason("missing", name)
        for name in VARIABLES
        if name in values and name != "first_name" and not clean_value(values[name])
    ]


# -- checks ------------------------------------------------------------------

_TOUCHED = (
    re.compile(rf"(?<={BEFORE})\{{([a-z_]+)\}}"),
    re.compile(rf"\{{([a-z_]+)\}}(?={AFTER}|\{{)"),
)
_UNGREETED = re.compile(r"^\s*\{(first_name)\}", re.MULTILINE)
_EDGES = (re.compile(r"^\{([a-z_]+)\}"), re.compile(r"\{([a-z_]+)\}$"))
_ADJACENT = re.compile(r"\{[a-z_]+\}\W*\{[a-z_]+\}")


def check_source(source, deny_words=(), approved_labels=(), formal=False):
    """Return the reasons why the text of a template can't be saved.

    `deny_words` and `approved_labels` are lists of text; `formal` as in `render`.
    """
    source = normalise_spaces(source)
    touched = [match[1] for pattern in _TOUCHED for match in pattern.finditer(source)]
    literal = _KNOWN.sub(MASK, source)
    return [
        *_find_unknown(source),
        *_find_brace(_VARIABLE.sub(MASK, source)),
        *(Reason("glued", name) for name in dict.fromkeys(touched)),
        *(Reason("greeting", name) for name in _UNGREETED.findall(source)),
        *find_addresses(flatten(literal)),
        *_check_literal(literal, deny_words, approved_labels, formal),
    ]


def check_subject(source, deny_words=(), approved_labels=(), formal=False):
    """Return the reasons why a subject can't be saved: it says who writes, no more."""
    names = [name for name in find_variables(source) if name in VARIABLES]
    refused = [
        Reason("subject", name) for name in names if name not in SUBJECT_VARIABLES
    ]
    return check_source(source, deny_words, approved_labels, formal) + refused


def check_placement(source):
    """Return the reasons why a messaging provider refuses `source` as its template.

    It may not start or end with a variable, nor hold two with no word between them.
    """
    source = source.strip()
    edges = [name for pattern in _EDGES for name in pattern.findall(source)]
    return [
        *(Reason("edge", name) for name in edges),
        *(Reason("adjacent", pair) for pair in _ADJACENT.findall(source)),
    ]


def check_value(name, value, deny_words=(), approved_labels=()):
    """Return the reasons why `value` can't stand for the variable `name` anywhere."""
    text = flatten(clean_value(value))
    reasons = [] if name == "link" else find_addresses(text)
    if name in _READ_VALUES:
        reasons += find_codes(
            mask(text, flatten_all(tuple(approved_labels))), _READ_VALUES[name]
        )
        reasons += find_words(text, deny_words, approved_labels)
    return reasons


def check_rendered(text, values, deny_words=(), approved_labels=(), formal=False):
    """Return the reasons why a filled text may not leave.

    `values` are those `text` was filled with (`clean_values`). Each is searched as told
    on top, the text between them for everything, the whole for a brace and for an
    address other than `values["link"]`.
    """
    flat = flatten(text)
    literal = mask(flat, map(flatten, values.values()))
    reasons = [
        *_find_brace(flat),
        *_find_blanks(values),
        *find_addresses(flat, values.get("link") or ""),
        *_check_literal(literal, deny_words, approved_labels, formal),
    ]
    for name, value in values.items():
        reasons += check_value(name, value, deny_words, approved_labels)
    return list(dict.fromkeys(reasons))


def _check_literal(text, deny_words, approved_labels, formal):
    """Search what a person wrote, values left out, for codes, numbers and words."""
    flat = mask(flatten(text), flatten_all(tuple(approved_labels)))
    flat = mask_citations(flat) if formal else flat
    shapes = find_codes(flat) or find_numbers(flat)
    return shapes + find_words(text, deny_words, approved_labels)


def _find_brace(text):
    if "{" not in text and "}" not in text:
        return []
    match = re.search(r".{0,8}[{}].{0,8}", text)
    return [Reason("brace", match[0].strip())] if match else []
