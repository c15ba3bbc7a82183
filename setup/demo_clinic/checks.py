"""What must be true after the job, checked from outside the addon's own code."""

import re
from pathlib import Path

from .clinics import CLINICS
from .practices import OUTCOMES

FORBIDDEN = {
    "entries for a third-party payer": """
        SELECT entry.id FROM clinic_followup_entry entry
          JOIN res_partner debtor ON debtor.id = entry.partner_id
         WHERE debtor.clinic_is_third_party_payer""",
    "messages to a third-party payer": """
        SELECT message.id FROM clinic_message message
          JOIN res_partner person ON person.id = message.partner_id
         WHERE person.clinic_is_third_party_payer""",
    "entries for a disputed or excluded invoice": """
        SELECT entry.id FROM clinic_followup_entry entry
          JOIN account_move move ON move.id = entry.move_id
          JOIN account_move_line line ON line.move_id = move.id
           AND line.partner_id = entry.partner_id
           AND line.date_maturity = entry.date_maturity
         WHERE entry.state != 'void'
           AND (line.no_followup OR entry.date >= move.clinic_dispute_since)""",
    "messages to a guarantor about a confidential bill": """
        SELECT message.id FROM clinic_message message
          JOIN clinic_followup_entry entry ON entry.message_id = message.id
          JOIN account_move move ON move.id = entry.move_id
         WHERE move.clinic_confidential
           AND message.partner_id != move.clinic_patient_id""",
    "entries of paused people": """
        SELECT entry.id FROM clinic_followup_entry entry
          JOIN clinic_followup_hold hold ON hold.case_id = entry.case_id
         WHERE entry.state != 'void' AND hold.start_date <= entry.date
           AND COALESCE(hold.end_date > entry.date, TRUE)""",
    "entries without a message": """
        SELECT id FROM clinic_followup_entry
         WHERE state = 'planned' AND message_id IS NULL""",
}
# How each of the demo's deposits has to stand: its state, what is still open of it.
STANDING = {
    "taken": ("paid", True),
    "held, captured": ("paid", True),
    "refunded": ("refunded", False),
    "expired": ("expired", False),
    "no-show": ("kept", False),
}
CHANNELS = ("whatsapp", "sms", "email", "letter", "phone")


def run_checks(figures, invariants):
    """Check the result; return what failed, a sentence each.

    Sets on the figures: `invariants` (numbers checked and broken), `revealing` (texts
    that name a treatment), `forbidden` ({what: rows}).
    """
    env = figures.env
    env.flush_all()
    broken = invariants.check(env.cr)
    figures.broken = broken
    figures.invariant_count = count_invariants(invariants)
    figures.forbidden = {what: count(env, sql) for what, sql in FORBIDDEN.items()}
    figures.texts = list_texts(figures)
    figures.revealing = find_revealing(figures.texts)
    failures = [f"invariant broken: {violation}" for violation in broken]
    failures += [
        f"{number} {what}" for what, number in figures.forbidden.items() if number
    ]
    failures += [f"a text names a treatment: {text}" for text in figures.revealing]
    failures += find_missing_channels(figures)
    return failures + find_wrong_deposits(figures.deposits)


def count(env, query):
    env.cr.execute(f"SELECT COUNT(*) FROM ({query}) rows")  # our own constants
    return env.cr.fetchone()[0]


def count_invariants(invariants):
    listed = getattr(invariants, "INVARIANTS", None)
    if listed is not None:
        return len(listed)
    return len(set(re.findall(r"\bI\d+\b", Path(invariants.__file__).read_text())))


def find_revealing(texts):
    """Return the beginnings of texts in which a treatment can be recognised."""
    words = [word for clinic in CLINICS for word in list_revealing_words(clinic)]
    return [text[:60] for text in texts if any(word in text.lower() for word in words)]


def list_texts(figures):
    """Return all that leaves or is said: mails, texts, letters, call scripts."""
    attempts = figures.messages.attempt_ids
    return [
        *(f"{mail.subject} {mail.text} {mail.html}" for mail in figures.mails),
        *(
            f"{letter.letter_subject} {letter.letter_body}"
            for letter in attempts.filtered("letter_body")
        ),
        *attempts.activity_id.mapped("note"),
        *figures.phone_texts,
    ]


def list_revealing_words(clinic):
    """Return each treatment's name without its code, and the codes themselves."""
    for service in clinic.services:
        yield re.split(r"[(,]", service.name)[0].strip().lower()
        yield from (
            code.lower() for code in re.findall(r"\(([A-Z]{4}\d{3})\)", service.name)
        )


def find_missing_channels(figures):
    """On the first run all channels have to be used."""
    if not figures.is_first_run:
        return []
    used = set(figures.messages.mapped("channel"))
    return [f"no message by {channel}" for channel in CHANNELS if channel not in used]


def find_wrong_deposits(deposits):
    """The deposits of the demo have ended in each way that there is."""
    if len(deposits) < len(OUTCOMES):
        return ["the demo's deposits are missing: run again with --fresh"]
    return [
        f"the deposit that should be {outcome} is {deposit.state}, {deposit.open} open"
        for outcome, deposit in zip(OUTCOMES, deposits, strict=True)
        if (deposit.state, bool(deposit.open)) != STANDING[outcome]
    ]
