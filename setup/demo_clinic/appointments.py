"""What can be booked, who receives, and bookings whose deposits ended in each way."""

import re
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from odoo import Command, fields

from .companies import remember


class Kind(NamedTuple):
    """A kind of visit: name on the page, neutral label, price, length, what is asked.

    deposit: amount, 0 for none; kind: "fixed" (paid) or "hold" (held on the card)
    """

    name: str
    label: str
    price: float
    hours: float
    deposit: float = 0.0
    kind: str = "fixed"


class Practice(NamedTuple):
    """The appointments of one clinic: `text` is read on the page, `terms` accepted.

    kept: percent of a deposit that is kept for a late cancellation or a missed visit
    nature: what French law calls the advance; outcomes: as in `OUTCOMES`
    """

    people: tuple
    kinds: tuple
    opens: float
    closes: float
    text: str
    terms: str
    kept: float
    nature: str
    outcomes: tuple


PRACTICES = {
    "lyon": Practice(
        people=("Dr Hélène Caron", "Dr Paul Mercier"),
        kinds=(
            Kind("Premier rendez-vous", "Frais de consultation", 23.0, 0.5),
            Kind("Rendez-vous de suivi", "Frais de soins", 45.0, 0.5),
            Kind("Rendez-vous après devis signé", "Frais de soins", 180.0, 1.0, 60.0),
            Kind("Rendez-vous long", "Frais de soins", 120.0, 1.0, 40.0, "hold"),
        ),
        opens=9.0,
        closes=18.0,
        text="<p>Venez dix minutes avant l'heure, avec votre carte Vitale.</p>",
        terms="<p>L'acompte est déduit de votre facture. Si vous ne pouvez pas venir, "
        "il vous est rendu en entier.</p>",
        kept=0.0,
        nature="acompte",
        outcomes=("taken", "held, captured", "refunded"),
    ),
    "pune": Practice(
        people=("Dr Anjali Patil", "Dr Vivek Joshi"),
        kinds=(
            Kind("Follow-up visit", "Consultation fee", 700.0, 0.5),
            Kind("Long visit", "Consultation fee", 2000.0, 1.0),
            Kind("First visit", "Consultation fee", 1200.0, 0.5, 400.0),
        ),
        opens=9.0,
        closes=19.0,
        text="<p>Please come ten minutes early and bring your earlier papers.</p>",
        terms="<p>The deposit is part of your bill. Cancel free of charge until 24 "
        "hours before your visit; later, half of it is kept.</p>",
        kept=50.0,
        nature="deposit",
        outcomes=("expired", "no-show"),
    ),
}
# What becomes of the demo's deposits, in the order in which they are made.
OUTCOMES = tuple(
    outcome for practice in PRACTICES.values() for outcome in practice.outcomes
)
# Of the visits of today: how long ago they began, and what the desk has noted.
TODAY = (
    (timedelta(hours=3), "action_done"),
    (timedelta(hours=2), "action_no_show"),
    (timedelta(hours=1), "action_arrived"),
    (timedelta(minutes=-30), ""),
    (timedelta(hours=-1), ""),
)


def build_appointments(env, clinic, company):
    """Open the booking page of a clinic, fill its day, let deposits end in each way."""
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    practice = PRACTICES[clinic.key]
    company = company.with_env(env)
    company.write({"clinic_booking_open": True, "clinic_booking_text": practice.text})
    calendar = build_calendar(env, clinic, company, practice)
    people = build_people(env, company, calendar, practice)
    kinds = [
        build_kind(env, company, calendar, people, kind, practice)
        for kind in practice.kinds
    ]
    remember(env, **{f"visit_{clinic.key}_{n}": kind for n, kind in enumerate(kinds)})
    patients = get_patients(env, company)
    build_coming(env, kinds[0], patients[:6])
    build_today(env, kinds[0], patients[6:12])
    build_waiting(env, kinds[0], patients[12:15])
    build_deposits(env, company, practice, kinds, patients[15:])


def build_calendar(env, clinic, company, practice):
    return env["resource.calendar"].create(
        {
            "name": clinic.message_name,
            "company_id": company.id,
            "tz": clinic.tz,
            "attendance_ids": [Command.clear()]
            + [
                Command.create(
                    {
                        "name": "Open",
                        "dayofweek": str(day),
                        "hour_from": begin,
                        "hour_to": end,
                        "day_period": period,
                    }
                )
                for day in range(7)  # on every day there is something to see
                for begin, end, period in (
                    (practice.opens, 12.5, "morning"),
                    (14.0, practice.closes, "afternoon"),
                )
            ],
        }
    )


def build_people(env, company, calendar, practice):
    """Return the combinations that receive, one for each practitioner."""
    combinations = env["resource.booking.combination"]
    for name in practice.people:
        user = env["res.users"].create(
            {
                "name": name,
                "login": name.lower().replace(" ", "."),
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(env.ref("base.group_user").ids)],
                "tz": calendar.tz,
            }
        )
        resource = env["resource.resource"].create(
            {
                "name": name,
                "resource_type": "user",
                "user_id": user.id,
                "company_id": company.id,
                "calendar_id": calendar.id,
                "tz": calendar.tz,
            }
        )
        combinations |= combinations.create(
            {"resource_ids": [Command.set(resource.ids)]}
        )
    return combinations


def build_policy(env, company, practice, kind):
    """Publish what is asked for a kind of visit; return the policy, none for none."""
    policies = env["clinic.deposit.policy"]
    if not kind.deposit:
        return policies
    policy = policies.create(
        {
            "name": f"{kind.name}: {kind.deposit:g} {company.currency_id.name}",
            "company_id": company.id,
            "kind": kind.kind,
            "amount": kind.deposit,
            "nature": practice.nature,
            "late_cancel_share": practice.kept,
            "no_show_share": practice.kept,
            "text": practice.terms,
        }
    )
    policy.action_publish()
    return policy


def build_kind(env, company, calendar, people, kind, practice):
    return env["resource.booking.type"].create(
        {
            "name": kind.name,
            "company_id": company.id,
            "resource_calendar_id": calendar.id,
            "combination_assignment": "sorted",
            "duration": kind.hours,
            "slot_duration": kind.hours,
            "clinic_price": kind.price,
            "clinic_currency_id": company.currency_id.id,
            "clinic_service_label": kind.label,
            "clinic_deposit_policy_id": build_policy(env, company, practice, kind).id,
            "combination_rel_ids": [
                Command.create({"combination_id": one.id, "sequence": place})
                for place, one in enumerate(people)
            ],
        }
    )


def get_patients(env, company):
    return env["res.partner"].search(
        [
            ("company_id", "=", company.id),
            ("email", "!=", False),
            ("clinic_is_third_party_payer", "=", False),
            ("parent_id", "=", False),
        ],
        order="id desc",
    )


def get_starts(kind):
    """Return the moments offered in the next days, two hours apart."""
    begin = fields.Datetime.now() + timedelta(days=1)
    slots = kind._get_offered(begin, begin + timedelta(days=5))
    return [slot.start for slot in slots[:: int(2 / kind.slot_duration)]]


def build_coming(env, kind, patients):
    """Some people come in the next days, without any deposit."""
    for partner, start in zip(patients, get_starts(kind), strict=False):
        env["resource.booking"]._hold_slot(kind, start, partner, clinic_source="desk")


def build_today(env, kind, patients):
    """Others come today: the desk has noted what became of them."""
    starts = iter(get_starts(kind)[len(patients) :])
    now = fields.Datetime.now().replace(minute=0, second=0)
    for partner, (ago, noted) in zip(patients, TODAY, strict=False):
        booking = env["resource.booking"]._hold_slot(
            kind, next(starts), partner, clinic_source="desk"
        )
        put_at(booking, now - ago)
        if noted and booking._get_local_start().date() == get_today(booking):
            getattr(booking, noted)()


def put_at(booking, start):
    """Have a visit at a moment that nobody could book any more."""
    booking._by_us().start = start
    booking._by_us().flush_recordset()


def get_today(booking):
    return booking.clinic_company_id._get_clinic_today()


def build_waiting(env, kind, patients):
    """Some would come sooner than they could."""
    today = fields.Date.context_today(kind)
    env["clinic.waiting.list"].create(
        [
            {
                "partner_id": partner.id,
                "type_id": kind.id,
                "date_from": today,
                "date_to": today + timedelta(days=1),
            }
            for partner in patients
        ]
    )


def build_deposits(env, company, practice, kinds, patients):
    """Make one deposit for each outcome, through the real payments of the demo."""
    paid, held = (
        [kind for kind in kinds if kind.clinic_deposit_policy_id.kind == wanted]
        for wanted in ("fixed", "hold")
    )
    starts = get_starts(paid[0])[::-1]
    for outcome, partner, start in zip(
        practice.outcomes, patients, starts, strict=False
    ):
        kind = held[0] if "held" in outcome else paid[0]
        deposit = MAKE[outcome](env, company, kind, partner, start)
        remember(env, **{f"deposit_{get_key(outcome)}": deposit})


def get_key(outcome):
    return re.sub(r"\W+", "_", outcome)


def ask(env, kind, partner, start):
    """Hold a slot and ask for its deposit, accepted as on the page; return it."""
    booking = env["resource.booking"]._hold_slot(
        kind, start, partner, minutes=15, clinic_source="page"
    )
    policy = kind.clinic_deposit_policy_id
    accepted = {"version": policy.version, "lang": partner.lang, "ip": "192.0.2.1"}
    return env["clinic.deposit"]._request(booking, accepted)


def pay(env, deposit):
    """Pay a deposit with the provider that Odoo pretends; return the transaction."""
    provider = get_provider(env, deposit.company_id)
    transactions = env["payment.transaction"]
    transaction = transactions.create(
        {
            "provider_id": provider.id,
            "payment_method_id": provider.with_context(active_test=False)
            .payment_method_ids[:1]
            .id,
            "reference": transactions._compute_reference(
                provider.code, prefix=f"DEP-{deposit.id}"
            ),
            "amount": deposit.amount,
            "currency_id": deposit.currency_id.id,
            "partner_id": deposit.partner_id.id,
            "operation": "online_direct",
            "clinic_deposit_id": deposit.id,
        }
    )
    transaction.action_demo_set_done()
    settle(env)
    return transaction


def settle(env):
    """Let what was paid, captured or refunded reach the books."""
    waiting = env["payment.transaction"].search(
        [("is_post_processed", "=", False), ("state", "in", ("authorized", "done"))]
    )
    for transaction in waiting._concerning_clinic():
        transaction._post_process()


def get_provider(env, company):
    return env["payment.provider"].search(
        [("code", "=", "demo"), ("company_id", "=", company.id)], limit=1
    )


@contextmanager
def holding(env, company):
    """Meanwhile the clinic's provider holds what it is given."""
    provider = get_provider(env, company)
    provider.capture_manually = True
    yield
    provider.capture_manually = False


def make_taken(env, _company, kind, partner, start):
    deposit = ask(env, kind, partner, start)
    pay(env, deposit)
    return deposit


def make_held_and_captured(env, company, kind, partner, start):
    with holding(env, company):
        deposit = ask(env, kind, partner, start)
        pay(env, deposit)
        deposit._capture()
        settle(env)
    return deposit


def make_refunded(env, company, kind, partner, start):
    """The patient cancels in time."""
    deposit = make_taken(env, company, kind, partner, start)
    deposit.booking_id._cancel("patient")
    settle(env)
    return deposit


def make_expired(env, _company, kind, partner, start):
    """Nobody pays; the scheduled action gives the slot back."""
    deposit = ask(env, kind, partner, start)
    deposit.booking_id.clinic_held_until = fields.Datetime.now() - timedelta(minutes=1)
    env["resource.booking"]._cron_release()
    return deposit


def make_no_show(env, company, kind, partner, start):
    """The patient paid and does not come; what the terms say is kept."""
    deposit = make_taken(env, company, kind, partner, start)
    put_at(deposit.booking_id, start - timedelta(days=7))
    deposit.booking_id.action_no_show()
    deposit.booking_id.action_settle()
    settle(env)
    return deposit


MAKE = {
    "taken": make_taken,
    "held, captured": make_held_and_captured,
    "refunded": make_refunded,
    "expired": make_expired,
    "no-show": make_no_show,
}
