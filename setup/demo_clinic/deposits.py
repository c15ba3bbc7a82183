"""Deposits that end in each way, with the provider that Odoo pretends."""

import re
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields

from .companies import remember
from .slots import get_starts, put_at


def build_deposits(env, company, practice, kinds, patients):
    """Make one deposit for each outcome, with the provider that Odoo pretends."""
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
            "clinic_is_hold": provider.capture_manually,
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
