"""A process of its own that runs jobs on a committed database, and can be made to die.

It loads Odoo once and forks for each job, so that a job costs no start-up. Commands
come as JSON lines on stdin: `{"job": name, "args": {…}, "at": [point, signal, nth]}`
starts one, `{"wait": pid}` waits until it ends or stops. Answers are JSON lines too.

A point is a moment between two steps of a job: "before NAME" or "after NAME" of a
method in `POINTS`. There the process sends itself the signal; the addon has no part.
"""

import json
import os
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path

import bank_provider
import deposit_jobs
import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config

STRIPE = "odoo.addons.clinic_payment_deposit.tools.stripe_client"
POINTS = {
    "claim": ("clinic.message", "_claim"),
    "deliver": ("clinic.message", "_deliver_claimed"),
    "prepare": ("clinic.message", "_prepare_claimed"),
    "drive": ("clinic.message.attempt", "_send_by_email"),
    "hand over": ("clinic.message.attempt", "_hand_over"),
    "server": ("ir.mail_server", "send_email"),
    "result": ("clinic.message.attempt", "_take_email_result"),
    "launch": ("clinic.message.attempt", "_launch"),
    "call": ("odoo.addons.clinic_whatsapp.tools.client.TwilioClient", "send"),
    "answers": ("clinic.message.attempt", "_take_answers"),
    "insert": ("clinic.twilio.event", "_insert"),
    "apply": ("clinic.twilio.event", "_apply_next"),
    "take events": ("clinic.message.attempt", "_take_events"),
    "take reply": ("clinic.reply", "_take"),
    "decide": ("clinic.followup.decision", "_decide"),
    "compose": ("clinic.message", "_compose"),
    "approve": ("clinic.message", "_approve"),
    "release": ("clinic.large.send", "_release"),
    "claim line": ("clinic.payment.plan.line", "_claim"),
    "charge": ("payment.transaction", "_charge_locked"),
    "post": ("payment.provider", "_send_api_request"),
    "answer": ("payment.transaction", "_take_answer"),
    "process": ("payment.transaction", "_process"),
    "join": ("clinic.payment.checkout", "_join_twin"),
    "book": ("payment.transaction", "_create_payment"),
    "match": ("clinic.payment.allocation", "_reconcile_with"),
    "thank": ("payment.transaction", "_thank"),
    "lock slots": ("resource.resource", "_lock_slots"),
    "give back": ("resource.booking", "_give_back"),
    "capture at Stripe": (f"{STRIPE}.StripeClient", "capture"),
    "refund at Stripe": (f"{STRIPE}.StripeClient", "refund"),
    "refetch": ("payment.transaction", "_refetch"),
}


def find_class(path):
    module, _dot, name = path.rpartition(".")
    return getattr(sys.modules[module], name)


def wound(env, point, name, nth):
    """Send this process a signal when it passes a point for the nth time."""
    when, method = point.split(" ", 1)
    model, attribute = POINTS[method]
    cls = env.registry[model] if model in env.registry else find_class(model)
    original = getattr(cls, attribute)
    passed = 0

    def wounded(self, *args, **kwargs):
        nonlocal passed
        passed += 1
        turn = passed
        if when == "before" and turn == nth:
            os.kill(os.getpid(), signal.Signals[name])
        result = original(self, *args, **kwargs)
        if when == "after" and turn == nth:
            os.kill(os.getpid(), signal.Signals[name])
        return result

    wounded._api_model = getattr(original, "_api_model", False)
    setattr(cls, attribute, wounded)


# -- jobs --------------------------------------------------------------------------


def get_world(env):
    """Return the helpers of the addon's tests, bound to the clinic of this database."""
    from odoo.addons.clinic_dunning.tests import common

    name = "Clinic Lenoir"
    company = env["res.company"].search([("name", "=", name)])
    company = company or common.create_clinic(env, name)
    env = env(context={"allowed_company_ids": company.ids, "tracking_disable": True})
    values = {"env": env, "company": company.with_env(env), "common": common}
    return type("World", (common.DunningCase,), values)


def job_open_clinic(env, port):
    world = get_world(env)
    world.create_policy(world.common.level("First", 7))
    world.env["ir.mail_server"].create(
        {"name": "Emulator", "smtp_host": "127.0.0.1", "smtp_port": port}
    )


def job_invoice(env, names, days=10):
    """Bill these people; the invoices are overdue since so many days."""
    world = get_world(env)
    due = odoo.fields.Date.subtract(odoo.fields.Date.today(), days=days)
    for name in names:
        address = f"{name.split('+')[0].lower()}@example.com"
        phone = f"+33612{int(''.join(filter(str.isdigit, name)) or 0):06}"
        patient = world.create_patient(name, email=address, phone=phone)
        world.create_invoice(patient, due=due)


def job_decide(env):
    env["clinic.followup.policy"]._cron_decide()


def job_decide_by_hand(env):
    env["clinic.followup.decision"]._decide(get_world(env).company, by_hand=True)


def job_compose(env):
    env["clinic.message"]._cron_compose()


def job_open_large_send(env, people):
    """Bill so many people and write to them as a large send; nobody has approved it."""
    world = get_world(env)
    group = "clinic_dunning.group_billing_officer"
    for login in ("ann", "bob", "eve"):
        world.create_user(login, group)
    env["ir.config_parameter"].set_param("clinic_dunning.large_send", people - 1)
    world.company.clinic_followup_policy_id.first_run_done = False
    job_invoice(env, [f"L{number}" for number in range(people)])
    job_decide(env)
    job_compose(env)


def get_large_send(env, login):
    user = env["res.users"].search([("login", "=", login)])
    env = env(user=user, context={"allowed_company_ids": user.company_ids.ids})
    return env["clinic.large.send"].search([])


def job_approve(env, login, half):
    """Approve every second message, as a click does."""
    messages = get_large_send(env, login).message_out_ids
    mine = messages.sorted("id")[half::2]
    retrying(mine.action_approve, mine.env)


def job_agree_second(env, login):
    """Say the second yes, as a click does."""
    send = get_large_send(env, login)
    retrying(send.action_release, send.env)


def job_open_whatsapp(env, account, url, timeout):
    """Reminders go by SMS, through that account at the emulator."""
    world = get_world(env)
    parameters = world.env["ir.config_parameter"]
    parameters.set_param("clinic_whatsapp.api_base_url", url)
    parameters.set_param("clinic_whatsapp.api_timeout", timeout)
    world.env["clinic.twilio.account"].create(
        {"name": "Reception", "company_id": world.company.id, "rate": 80, **account}
    )
    route = world.create_route("sms")
    world.company.clinic_followup_policy_id.level_ids.route_id = route


def job_change_account(env, **vals):
    env["clinic.twilio.account"].search([], limit=1).write(vals)


def job_send(env, lease=300, fresh=5):
    """Send, with other times than the usual ones (seconds)."""
    sender = odoo.addons.clinic_dunning.models.outreach.sender
    sender.LEASE = timedelta(seconds=lease)
    if "clinic.twilio.account" in env.registry:
        odoo.addons.clinic_whatsapp.models.courier.FRESH = timedelta(seconds=fresh)
    env["clinic.message"]._cron_send()


def job_receive(env, form, uuid=""):
    """Keep a request that was found to be signed."""
    account = env["clinic.twilio.account"].search([], limit=1)
    kind = "status" if uuid else "inbound"
    env["clinic.twilio.event"]._receive(account, kind, form, uuid)


def job_apply(env):
    env["clinic.twilio.event"]._cron_apply()


def job_look_up(env):
    env["clinic.message.attempt"]._cron_look_up()


def job_pay(env, name):
    world = get_world(env)
    partner = world.env["res.partner"].search([("name", "=", name)])
    world.pay(
        world.env["account.move"].search(
            [("partner_id", "=", partner.id), ("move_type", "=", "out_invoice")]
        )
    )


def job_opt_out(env, name):
    partner = env["res.partner"].search([("name", "=", name)])
    env["clinic.consent"].create(
        {"partner_id": partner.id, "purpose": "billing", "granted": False}
    )


def job_send_again(env):
    """Whoever looks at the messages in doubt has them sent again."""
    env["clinic.message"].search([("state", "=", "review")]).action_resend()


def get_pay_world(env):
    """Return the helpers of the pay page's tests, bound to the same clinic."""
    from odoo.addons.clinic_dunning.tests import pay_common

    world = get_world(env)
    values = {"env": world.env, "company": world.company}
    return type("PayWorld", (pay_common.PayCase,), values)


def job_open_bank(env):
    """Open a provider of the clinic, where it is always noon."""
    world = get_pay_world(env)
    provider, method = world._make_provider()
    provider.allow_tokenization = method.support_tokenization = True
    hours = odoo.fields.Datetime.now().hour - 12
    world.company.partner_id.tz = f"Etc/GMT{hours:+d}" if hours else "UTC"


def job_agree(env, name, card="ok"):
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


def job_plans(env, bank):
    bank_provider.connect(env.registry, bank)
    env["clinic.payment.plan"]._cron_plans()


def job_book(env):
    env["payment.transaction"]._cron_post_process()


def job_cancel_plan(env, name):
    plan = env["clinic.payment.plan"].search([("partner_id.name", "=", name)])
    plan.action_cancel()


def job_remove_card(env, name):
    env["payment.token"].search([("partner_id.name", "=", name)]).active = False


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


def job_begin_payment(env, name, amount):
    """Bill somebody, who opens the link, chooses to pay all and begins."""
    begin(env, choose(env, name, amount))


def job_choose(env, name, amount, windows):
    """Bill somebody, who opens the link in several windows and chooses in each."""
    choose(env, name, amount, windows)


def job_begin(env, checkout):
    """Press "Pay" in one window; refused by a quicker one, it is done again."""
    record = env["clinic.payment.checkout"].browse(checkout)
    retrying(lambda: begin(env, record), env)


def choose(env, name, amount, windows=1):
    """Bill somebody who chooses to pay all; return the last choice."""
    world = get_world(env)
    patient = world.create_patient(name, email=f"{name.lower()}@example.com")
    world.create_invoice(patient, amount=amount)
    link, _url = world.env["clinic.link"]._issue(patient, world.company)
    for window in range(windows):
        checkout = world.env["clinic.payment.checkout"]._open(
            link.sudo(), world.company.currency_id, "all", form=str(window)
        )
    return checkout


def begin(env, checkout):
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
                    odoo.Command.set(checkout.allocation_ids.move_id.ids),
                ],
            }
        )


def job_webhook(env, transaction):
    """The provider says it is paid; refused by a quicker process, it says it again."""

    def tell():
        record = env["payment.transaction"].browse(transaction)
        data = {"reference": record.reference, "simulated_state": "done"}
        record._process("demo", data)

    retrying(tell, env)


def job_poll(env, transaction):
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


# -- appointments --------------------------------------------------------------------


def get_booking_world(env):
    """Return the helpers of the booking tests, bound to the clinic of this database."""
    from odoo.addons.clinic_payment_deposit.tests import booking_common

    world = get_world(env)
    values = {"env": world.env, "company": world.company}
    cls = type("BookingWorld", (booking_common.BookingCase,), values)
    cls.calendar = env["resource.calendar"].search([("name", "=", "Week")])
    cls.kind = env["resource.booking.type"].search([("name", "=", "Knee check")])
    return cls


def get_slot(hours=0):
    """Return nine o'clock of a working day in two weeks or three, naive UTC."""
    monday = odoo.fields.Date.today() + timedelta(days=21)
    monday -= timedelta(days=monday.weekday())
    nine = timedelta(hours=9 + hours)
    return odoo.fields.Datetime.to_datetime(monday) + nine


def job_open_booking(env):
    """Open a clinic where a doctor and a nurse share a room."""
    world = get_booking_world(env)
    world.calendar = world.create_calendar(tz="UTC", begin=6, end=20)
    doctor = world.create_practitioner("lea")[1].resource_ids
    nurse = world.create_practitioner("tom")[1].resource_ids
    room = world.create_resource("Room")
    world.create_type(world.combine(doctor, room))
    world.create_type(world.combine(nurse, room), name="Nurse")
    world.create_patient("Ana Diaz")


def job_hold(env, name, kind="Knee check", hours=0, minutes=15):
    """Hold a slot as a request does: refused by a quicker one, it is replayed."""

    def ask():
        world = get_booking_world(env)
        types = env["resource.booking.type"].search([("name", "=", kind)])
        env["resource.booking"]._hold_slot(
            types, get_slot(hours), world.create_patient(name), minutes=minutes
        )

    retry_in_words(ask, env)


def job_wish(env, count):
    """Let so many patients wish for one slot of the page; print their secrets."""
    world = get_booking_world(env)
    world.company.clinic_booking_open = True
    wish = {
        "type_id": world.kind,
        "combination_id": world.kind.combination_rel_ids.combination_id,
        "start": get_slot(),
        "tz": "UTC",
        "lang": "en_US",
    }
    people = env["res.partner"].create(
        [
            {"name": f"Person {number}", "email": f"person{number}@example.com"}
            for number in range(count)
        ]
    )
    requests = env["clinic.booking.request"]
    print(json.dumps([requests._ask_as(one, wish, "127.0.0.1") for one in people]))
    env.cr.commit()


def job_staff_event(env, hours=0):
    """The doctor puts a meeting into the calendar."""

    def ask():
        doctor = env["res.users"].search([("login", "=", "lea")])
        start = get_slot(hours)
        events = env["calendar.event"].with_user(doctor)
        events.create(
            {"name": "Meeting", "start": start, "stop": start + timedelta(hours=1)}
        )

    retry_in_words(ask, env)


def job_move(env, hours):
    """The first appointment is moved by its patient."""

    def ask():
        booking = env["resource.booking"].search([], order="id", limit=1)
        booking._move_to(get_slot(hours))

    retry_in_words(ask, env)


def job_release(env):
    env["resource.booking"]._cron_release()


def job_confirm(env):
    """The money of the first appointment is there; or it comes too late."""

    def tell():
        bookings = env["resource.booking"].with_context(active_test=False)
        booking = bookings.search([], order="id", limit=1)
        if booking._take_again():
            booking._confirm_paid()

    retrying(tell, env)


def retry_in_words(ask, env):
    """Do it as a request; what is refused in words is an answer and no failure."""
    try:
        retrying(ask, env)
    except odoo.exceptions.UserError as refusal:
        env.cr.rollback()
        print(refusal)


# -- deposits ------------------------------------------------------------------------


def job_open_stripe(env, url):
    deposit_jobs.open_stripe(get_booking_world(env), url)


def job_begin_deposit(env, name, is_hold=False):
    deposit_jobs.begin(get_booking_world(env), get_slot(), name, is_hold)


def job_hear_stripe(env, transaction, kind):
    deposit_jobs.hear(env, transaction, kind)


def job_act_on_deposit(env, transaction, name, amount):
    deposit_jobs.act(env, transaction, name, amount)


def job_fix_fee(env, transaction, amount):
    deposit_jobs.fix_fee(env, transaction, amount)


def job_watch_deposits(env, is_look_up=False):
    deposit_jobs.watch(env, is_look_up)


# -- the process -------------------------------------------------------------------


def run(registry, command, folder):
    """Do one job in a forked process and never come back."""
    log = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if command.get("at"):
                wound(env, *command["at"])
            globals()[f"job_{command['job']}"](env, **command.get("args", {}))
    except BaseException as error:
        traceback.print_exception(error)
        os._exit(1)
    os._exit(0)


def answer(command, registry, folder):
    if "wait" in command:
        _pid, status = os.waitpid(command["wait"], os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return {"code": "stopped"}
        return {"code": os.waitstatus_to_exitcode(status)}
    pid = os.fork()
    if not pid:
        run(registry, command, folder)
    return {"pid": pid}


def main(config_file, database, folder):
    config.parse_config(["-c", config_file, "-d", database, "--log-level=error"])
    registry = Registry(database)
    odoo.addons.base.models.ir_mail_server.SMTP_TIMEOUT = 2
    odoo.sql_db.close_all()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), registry, Path(folder))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
