"""A payment on the patient's page, with the demo provider."""

import psycopg2

from odoo import Command
from odoo.service.model import retrying

from .clinic import get_world
from .registry import job


def get_demo_provider(world):
    """Return the demo provider of the clinic, booked on its bank."""
    found = world.env["payment.provider"].search(
        [("code", "=", "demo"), ("company_id", "=", world.company.id)]
    )
    if found.state == "test":
        return found
    if not found:
        template = world.env.ref("payment.payment_provider_demo")
        found = template.copy({"company_id": world.company.id})
    found.write({"state": "test", "is_published": True})
    bank = world.env["account.journal"].search(
        [("type", "=", "bank"), ("company_id", "=", world.company.id)]
    )
    account = bank.inbound_payment_method_line_ids.payment_account_id[:1]
    found.journal_id = bank
    bank.inbound_payment_method_line_ids.filtered(
        lambda line: line.payment_provider_id == found
    ).payment_account_id = account
    return found


@job
def begin_payment(env, name, amount):
    """Bill somebody, who opens the link, chooses to pay all and begins."""
    press_pay(env, choose(env, name, amount))


@job
def begin(env, checkout):
    """Press "Pay" in one window; refused by a quicker one, it is done again."""
    record = env["clinic.payment.checkout"].browse(checkout)
    retrying(lambda: press_pay(env, record), env)


@job
def choose(env, name, amount, windows=1):
    """Bill somebody who chooses to pay all, in each window; return the last choice."""
    world = get_world(env)
    patient = world.create_patient(name, email=f"{name.lower()}@example.com")
    world.create_invoice(patient, amount=amount)
    link, _url = world.env["clinic.link"]._issue(patient, world.company)
    for window in range(windows):
        checkout = world.env["clinic.payment.checkout"]._open(
            link.sudo(), world.company.currency_id, "all", form=str(window)
        )
    return checkout


def press_pay(env, checkout):
    """Do what the transaction route does, with the demo provider."""
    provider = get_demo_provider(get_world(env))
    unknown = env.ref("payment.payment_method_unknown")
    method = provider.payment_method_ids[:1] or unknown
    checkout._lock()
    checkout = checkout._join_twin(provider.id, method.id)
    if not checkout._is_same_way(provider.id, method.id):
        checkout.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": f"PAY-{checkout.id}",
                "amount": checkout.amount,
                "currency_id": checkout.currency_id.id,
                "partner_id": checkout.partner_id.id,
                "operation": "online_direct",
                "clinic_checkout_id": checkout.id,
                "invoice_ids": [
                    Command.set(checkout.allocation_ids.move_id.ids),
                ],
            }
        )


@job
def webhook(env, transaction):
    """The provider says it is paid; refused by a quicker process, it says it again."""

    def tell():
        record = env["payment.transaction"].browse(transaction)
        data = {"reference": record.reference, "simulated_state": "done"}
        record._process("demo", data)

    retrying(tell, env)


@job
def poll(env, transaction):
    """The patient's browser asks, as long as it is told to try again."""
    record = env["payment.transaction"].browse(transaction)
    for _time in range(20):
        try:
            if not record.is_post_processed:
                record._post_process()
            env.cr.commit()
            return
        except (psycopg2.OperationalError, psycopg2.IntegrityError):
            env.cr.rollback()
            env.invalidate_all(flush=False)
    raise AssertionError("never settled")


@job
def book(env):
    env["payment.transaction"]._cron_post_process()
