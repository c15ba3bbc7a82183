"""Draw the bills of a clinic's patients: every age, every state, every special case."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from .plan_patients import draw

# How a bill stands today. The days a level waits for are drawn more often than chance.
SITUATIONS = (
    ("draft", 4),
    ("not_due", 13),
    ("before7", 4),
    ("before3", 4),
    ("due_today", 2),
    ("fresh", 5),
    ("overdue", 27),
    ("partial", 8),
    ("paid", 26),
    ("instalments", 5),
    ("tiny", 2),
)
EXACT_DAYS = (1, 2, 5, 7, 8, 10, 14, 15, 21, 30, 45, 60)


@dataclass
class Bill:
    """One invoice (or credit note, or money on account) to be made.

    ``share`` is the part of the price on this bill (a third-party payer may have the
    rest), ``paid`` the part of the total that was paid, ``special`` what is out of the
    ordinary (see ``SPECIALS``).
    """

    patient: object
    date: object
    due: object
    situation: str
    services: list
    paid: float = 0.0
    paid_on: object = None
    payer: int | None = None
    share: float = 1.0
    currency: str = ""
    rate: float = 1.0
    special: set = field(default_factory=set)


def plan_bills(clinic, patients, seed, today):
    """Return all bills of a clinic, oldest first."""
    rnd = random.Random(f"{seed}-{clinic.key}-bills")
    bills = [
        plan_bill(rnd, clinic, patient, today)
        for patient in patients
        for _again in range(draw(rnd, ((1, 16), (2, 27), (3, 28), (4, 18), (5, 11))))
    ]
    bills += plan_insurer_bills(rnd, clinic, bills)
    mark_specials(rnd, clinic, bills)
    return sorted(bills, key=lambda bill: (bill.date, bill.patient.number))


def plan_bill(rnd, clinic, patient, today):
    situation = draw(rnd, SITUATIONS)
    due = today + timedelta(days=draw_due_day(rnd, situation, clinic.terms))
    date = min(due - timedelta(days=clinic.terms), today)
    services = rnd.sample(clinic.services, draw(rnd, ((1, 70), (2, 25), (3, 5))))
    bill = Bill(patient, date, due, situation, services)
    if situation in ("partial", "paid", "tiny"):
        bill.paid = rnd.choice((0.3, 0.5)) if situation == "partial" else 1.0
        latest = min(
            today - timedelta(days=1), due + timedelta(days=rnd.randint(0, 40))
        )
        bill.paid_on = max(bill.date, latest)
    return bill


def draw_due_day(rnd, situation, terms):
    """Return the due date in days from today (below zero: overdue)."""
    fixed = {"before7": 7, "before3": 3, "due_today": 0, "draft": terms}
    if situation in fixed:
        return fixed[situation]
    ranges = {
        "not_due": (9, terms - 1),
        "fresh": (terms - 3, terms),
        "instalments": (-45, 20),
        "paid": (-300, -5),
        "tiny": (-200, -5),
    }
    if situation in ranges:
        return rnd.randint(*ranges[situation])
    if rnd.random() < 0.4:
        return -rnd.choice(EXACT_DAYS)
    return -min(rnd.randint(1, 200), rnd.randint(1, 200))


def plan_insurer_bills(rnd, clinic, bills):
    """For some visits the insurer pays most: a bill of its own, often overdue."""
    visits = [
        bill for bill in bills if bill.situation in ("overdue", "paid", "not_due")
    ]
    made = []
    for bill in rnd.sample(visits, len(visits) // 9):
        share = clinic.third_party_share
        bill.share = 1 - share
        payer = rnd.randrange(len(clinic.payers))
        made.append(
            Bill(
                bill.patient,
                bill.date,
                bill.due,
                "insurer",
                bill.services,
                payer=payer,
                share=share,
            )
        )
    return made


# name: (how many per clinic, which bills qualify)
SPECIALS = {
    "dispute": (3, lambda bill: bill.situation == "overdue"),
    "no_followup": (3, lambda bill: bill.situation == "overdue"),
    "confidential": (
        3,
        lambda bill: bill.situation in ("overdue", "before3")
        and bill.patient.kind != "child"
        and bill.patient.guarantor,
    ),
    "foreign": (
        3,
        lambda bill: bill.situation in ("overdue", "before7")
        and sum(service.price for service in bill.services) > 60,
    ),
    "credit_note": (4, lambda bill: bill.situation in ("overdue", "partial")),
    "on_account": (4, lambda bill: bill.situation in ("overdue", "paid")),
    "covering_credit": (2, lambda bill: bill.situation == "overdue"),
}


def mark_specials(rnd, clinic, bills):
    """Pick the special cases among the bills, no bill having two."""
    for special, (count, qualifies) in SPECIALS.items():
        free = [bill for bill in bills if qualifies(bill) and not bill.special]
        for bill in rnd.sample(free, count):
            bill.special.add(special)
            if special == "foreign":
                bill.currency, bill.rate = rnd.choice(clinic.foreign_currencies)
