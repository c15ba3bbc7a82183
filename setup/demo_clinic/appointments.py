"""What can be booked, who receives, and who comes today and in the next days."""

from datetime import timedelta

from odoo import Command, fields

from .companies import remember
from .deposits import build_deposits
from .practices import PRACTICES
from .slots import get_starts, put_at

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
    translate(company, "clinic_booking_text", practice)
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


def translate(record, name, practice):
    """Give a text its translations, as a clinic does in the form."""
    for lang, words in practice.words.items():
        record.with_context(lang=lang)[name] = words[record[name]]


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
    translate(policy, "text", practice)
    policy.action_publish()
    return policy


def build_kind(env, company, calendar, people, kind, practice):
    visit = env["resource.booking.type"].create(
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
    translate(visit, "name", practice)
    return visit


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
