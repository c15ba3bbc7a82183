"""What WhatsApp refuses in a template's text. No `env`.

Sources: Twilio, "WhatsApp message template approvals and statuses" and "Using variables
with content templates"; Meta, "Message templates".
"""

import re

from odoo.addons.clinic_dunning.models.outreach.discretion import REASONS, Reason

from .content import get_numbered_names

MAX_LENGTH = 1024
MAX_VARIABLES = 100
_VARIABLE = re.compile(r"\{[a-z_]+\}")
_WORD = re.compile(r"[^\W\d_]", re.UNICODE)

REASONS |= {
    "empty": "there is no text%s",
    "too_long": "the text has %s characters: WhatsApp takes 1024",
    "variables": "too many variables for so few words: %s",
    "lines": "more than two empty lines in a row%s",
    "spaces": "more than four spaces in a row%s",
}


def find_whatsapp_problems(body):
    """Return the `Reason` of each rule that a template's text breaks.

    A variable at the edge and two side by side are found by the registry's own check.
    """
    body = (body or "").strip()
    if not body:
        return [Reason("empty", "")]
    found = []
    if len(body) > MAX_LENGTH:
        found.append(Reason("too_long", len(body)))
    found += _find_too_many(body)
    if "\n\n\n\n" in body:
        found.append(Reason("lines", ""))
    if " " * 5 in body:
        found.append(Reason("spaces", ""))
    return found


def _find_too_many(body):
    """WhatsApp wants twice as many words as variables, and one more."""
    variables = len(get_numbered_names(body))
    words = sum(bool(_WORD.search(word)) for word in _VARIABLE.sub(" ", body).split())
    needed = 2 * variables + 1
    if variables > MAX_VARIABLES or (variables and words < needed):
        return [Reason("variables", f"{words} < {needed}")]
    return []
