"""Payment by instalments, charged at the bank emulator."""

from datetime import timedelta

import bank_provider

from odoo import fields

from .clinic import get_world
from .registry import job


def get_pay_world(env):
    """Return the helpers of the pay page's tests, bound to the same clinic."""
    from odoo.addons.clinic_dunning.tests import pay_common

    world = get_world(env)
    values = {"env": world.env, "company": world.company}
    return type("PayWorld", (pay_common.PayCase,), values)


@job
def open_bank(env):
    """Open a provider of the clinic, where it is always noon."""
    world = get_pay_world(env)
    provider, method = world._make_provider()
    provider.allow_tokenization = method.support_tokenization = True
    hours = fields.Datetime.now().hour - 12
    world.company.partner_id.tz = f"Etc/GMT{hours:+d}" if hours else "UTC"


@job
def agree(env, name, card="ok"):
    """Bill a person who agrees to two instalments by card, today and in a month."""
    world = get_pay_world(env)
    patient = world._make_patient(name, email=f"{name.lower()}@example.com")
    world._make_invoice(partner=patient)
    provider = env["payment.provider"].search(
        [("company_id", "=", world.company.id), ("code", "=", "none")]
    )
    token = env["payment.token"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids[:1].id,
            "payment_details": "4242",
            "partner_id": patient.id,
            "provider_ref": card,
        }
    )
    plans = world.env["clinic.payment.plan"]
    case = world.env["clinic.followup.case"]._get_or_create(patient, world.company)
    items = plans._get_free_items(case)
    today = world.company._get_clinic_today()
    plan = plans._make(
        case,
        world.company.currency_id,
        items,
        [today, today + timedelta(days=30)],
        wants_card=True,
        token_id=token.id,
    )
    plan._accept(user=env.user)
    plan._announce()


@job
def plans(env, bank):
    bank_provider.connect(env.registry, bank)
    env["clinic.payment.plan"]._cron_plans()


@job
def cancel_plan(env, name):
    plan = env["clinic.payment.plan"].search([("partner_id.name", "=", name)])
    plan.action_cancel()


@job
def remove_card(env, name):
    env["payment.token"].search([("partner_id.name", "=", name)]).active = False
