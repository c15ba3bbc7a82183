"""Deposits at the Stripe emulator."""

from emulators.stripe import WEBHOOK_SECRET

from odoo import Command
from odoo.service.model import retrying

from .booking import get_booking_world, get_slot
from .registry import job


def find(env, transaction):
    """Return a deposit's transaction as its company's staff sees it."""
    record = env["payment.transaction"].browse(transaction)
    return record.with_context(allowed_company_ids=record.company_id.ids)


@job
def open_stripe(env, url):
    """Open Stripe, answered at that address, and a policy of the clinic's visits."""
    from odoo.addons.clinic_dunning.tests.pay_common import PayCase

    world = get_booking_world(env)
    env, company = world.env, world.company
    parameters = env["ir.config_parameter"]
    parameters.set_param("clinic_payment_deposit.stripe_api_url", url)
    template = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
    method = env.ref("payment.payment_method_card")
    provider = template.copy(
        {
            "name": "Card",
            "company_id": company.id,
            "payment_method_ids": [Command.set(method.ids)],
            "stripe_publishable_key": "pk_emulated",
            "stripe_secret_key": "sk_emulated",
            "stripe_webhook_secret": WEBHOOK_SECRET,
        }
    )
    provider.write({"state": "enabled", "is_published": True})
    method.write({"active": True, "support_manual_capture": "partial"})
    type("Pay", (PayCase,), {"env": env, "company": company})._book_on_bank(provider)
    company.clinic_profession = "other"
    policy = env["clinic.deposit.policy"].create(
        {
            "name": "Deposit",
            "company_id": company.id,
            "kind": "fixed",
            "amount": 40.0,
            "no_show_share": 100.0,
            "text": "<p>Terms</p>",
        }
    )
    policy.action_publish()
    world.kind.write({"clinic_deposit_policy_id": policy.id, "clinic_price": 100.0})


@job
def begin_deposit(env, name, is_hold=False, hours=0):
    """Hold a slot, ask for its deposit and begin to pay it at Stripe."""
    world = get_booking_world(env)
    env = world.env
    booking = env["resource.booking"]._hold_slot(
        world.kind, get_slot(hours), world.create_patient(name), minutes=15
    )
    deposit = env["clinic.deposit"]._request(booking, {"version": 1})
    provider = env["payment.provider"].search(
        [
            ("code", "=", "stripe"),
            ("company_id", "=", world.company.id),
            ("state", "=", "enabled"),
        ],
        order="id desc",
        limit=1,
    )
    transactions = env["payment.transaction"]
    transaction = transactions.create(
        {
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids[:1].id,
            "reference": transactions._compute_reference(
                "stripe", prefix=f"PAY-{deposit.id}"
            ),
            "amount": deposit.amount,
            "currency_id": deposit.currency_id.id,
            "partner_id": deposit.partner_id.id,
            "operation": "online_direct",
            "clinic_deposit_id": deposit.id,
            "clinic_is_hold": is_hold,
        }
    )
    transaction._get_processing_values()


@job
def hear_stripe(env, transaction, kind):
    """Take an event of Stripe as its webhook does; refused, it comes again."""
    record = find(env, transaction)
    retrying(lambda: record._take_stripe_event(kind, {}), env)
    env["payment.transaction"]._cron_post_process()


@job
def act_on_deposit(env, transaction, name, amount):
    """Capture or refund so much, as a click does."""
    deposit = find(env, transaction).clinic_deposit_id

    def click():
        getattr(deposit, f"_{name}")(amount)
        deposit.transaction_ids.child_transaction_ids._post_process_now()

    retrying(click, env)


@job
def fix_fee(env, transaction, amount):
    """A visit was missed whose card had been saved: fix what it is charged with."""
    paid = find(env, transaction)
    deposit = paid.clinic_deposit_id
    deposit.token_id = env["payment.token"].create(
        {
            "provider_id": paid.provider_id.id,
            "payment_method_id": paid.payment_method_id.id,
            "partner_id": paid.partner_id.id,
            "provider_ref": "cus_saved",
            "stripe_payment_method": "pm_card_visa",
        }
    )
    paid._set_canceled()
    deposit._charge_saved_card(amount)


@job
def watch_deposits(env, is_look_up=False):
    """Charge saved cards, or look up what had no answer, as scheduled actions do."""
    if is_look_up:
        env["payment.transaction"]._look_up_lost()
    else:
        env["clinic.deposit"]._cron_watch()
    env["payment.transaction"]._cron_post_process()
