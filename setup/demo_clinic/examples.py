"""The part of the report that shows mails as the patients get them."""

import re
import textwrap

from odoo.tools import html2plaintext

LANGUAGES = {"fr": "French", "hi": "Hindi", "en": "English"}
WIDTH = 72


def tell_examples(figures):
    lines = []
    for language, title in LANGUAGES.items():
        found = find_example(figures, language)
        if found:
            lines += ["", *tell_example(title, *found)]
    return [" EXAMPLES", *lines[1:]] if lines else []


def find_example(figures, language):
    """Return the first mail that went to a person who speaks that language."""
    for mail in figures.mails:
        person = figures.env["res.partner"].search(
            [("email", "in", mail.recipients), ("lang", "=like", f"{language}_%")],
            limit=1,
        )
        if person and "/p/" in mail.text + mail.html:
            return person, mail
    return None


def tell_example(title, person, mail):
    text = html2plaintext(mail.html, include_references=False)
    body = re.sub(r"\n\s*\n", "\n", text).strip()
    wrapped = [
        line
        for paragraph in body.splitlines()
        for line in textwrap.wrap(paragraph, WIDTH, break_long_words=False) or [""]
    ]
    head = f"  {title}, to {person.name.split()[0]} <{mail.recipients[0]}>"
    return [head, f"  Subject: {mail.subject}", *(f"    │ {line}" for line in wrapped)]
