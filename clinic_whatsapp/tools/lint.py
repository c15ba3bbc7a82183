"""What WhatsApp refuses in a template's text. No `env`.

Sources: Twilio, "WhatsApp message template approvals and statuses" and "Using Variables
with Content Templates" (twilio.com/docs/content/using-variables-with-content-api);
Meta, "Message templates".

Meta names no figure for "too many variable parameters relative to the message length".
Twilio's page gives the rule it has observed: for x variables at least 2x + 1 words that
are no variable, and 100 variables at most. Other providers state the same as 3x + 1
words and variables together.
"""

import re

from odoo.addons.clinic_dunning.models.outreach.discretion import REASONS, Reason

MAX_LENGTH = 1024
MAX_VARIABLES = 100
_VARIABLE = re.compile(r"\{[a-z_]+\}")
_LAST = re.compile(r"\{([a-z_]+)\}\W+$")
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

    A variable at the edge and two side by side are found by the registry's own check;
    one with nothing but a full stop behind it stands at the edge for WhatsApp.
    """
    body = (body or "").strip()
    if not body:
        return [Reason("empty", "")]
    found = []
    if len(body) > MAX_LENGTH:
        found.append(Reason("too_long", len(body)))
    found += _find_too_many(body)
    found += [Reason("edge", name) for name in _LAST.findall(body)]
    if "\n\n\n\n" in body:
        found.append(Reason("lines", ""))
    if " " * 5 in body:
        found.append(Reason("spaces", ""))
    return found


def _find_too_many(body):
    """For x variables at least 2x + 1 other words, as Twilio has observed it.

    A variable counts each time it stands in the text; only what holds a letter counts
    as a word, though Twilio takes anything between two spaces: a lone colon is none.
    """
    variables = len(_VARIABLE.findall(body))
    words = sum(bool(_WORD.search(word)) for word in _VARIABLE.sub(" ", body).split())
    needed = 2 * variables + 1
    if variables > MAX_VARIABLES or (variables and words < needed):
        return [Reason("variables", f"{words} < {needed}")]
    return []
