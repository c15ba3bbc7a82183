"""Do the main job in the demo database and report: nothing leaves this machine."""

import logging
import os
import sys
import time
from contextlib import contextmanager

import invariants
from emulators.smtp import SmtpEmulator

from odoo import fields
from odoo.tools import config

from .build import build
from .checks import run_checks
from .companies import is_built
from .documents import download_documents
from .figures import Figures
from .followup import get_policies
from .phones import phones, take_receipts, use_phones
from .report import print_report
from .wording_tests import let_some_pay

ROUNDS = 100


class ErrorWatch(logging.Handler):
    """Remember every error that is logged while the demo runs."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.errors = []

    def emit(self, record):
        self.errors.append(f"{record.name}: {record.getMessage()}".splitlines()[0])

    def __enter__(self):
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_error):
        logging.getLogger().removeHandler(self)


def run_demo(env, root):
    """Build, do the job, report.

    :param env: environment of the demo database
    :param root: folder of the repository
    :return: the exit status
    """
    env = env(context={})  # as a scheduled action sees it: no language, no companies
    mails = root / ".sandbox" / "demo-mails"
    with (
        ErrorWatch() as watch,
        SmtpEmulator(folder=mails) as mailbox,
        phones(root, keep=is_built(env)) as twilio,
    ):
        with timed("Building the demo clinics"):
            use_mailbox(env, mailbox)
            use_phones(env, twilio)
            build(env, tell, twilio)
            env.cr.commit()
        figures = Figures(env)
        with timed("Deciding, composing and sending"):
            do_main_job(env, figures)
        if figures.is_first_run:
            with timed("Patients pay"):
                let_some_pay(env)
        figures.read(mailbox, twilio)
        failures = run_checks(figures, invariants) + watch.errors
        print_report(figures, failures, mails.relative_to(root))
    return 1 if failures else 0


def tell(text):
    print(f"  {text}", file=sys.stderr, flush=True)


@contextmanager
def timed(title):
    started = time.monotonic()
    yield
    tell(f"{title}: {time.monotonic() - started:.1f} s")


def use_mailbox(env, mailbox):
    """Send all mail of this process to the emulator, and link to the demo's address."""
    config["smtp_server"] = "127.0.0.1"
    config["smtp_port"] = mailbox.port
    port = os.environ.get("CLINIC_DEMO_PORT", "8069")
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("web.base.url", f"http://localhost:{port}")
    parameters.set_param("web.base.url.freeze", "True")


def do_main_job(env, figures):
    """Run the scheduled actions as Odoo would, until they have nothing left to do."""
    for policy in get_policies(env):
        figures.note_held_back(policy)
    env["clinic.followup.policy"]._cron_decide()
    env["clinic.message"]._cron_compose()
    run_senders(env)
    approve_first_run(env)
    run_senders(env)
    for _channel in ("whatsapp", "sms"):
        # Whom WhatsApp does not reach gets an SMS.
        take_receipts(env)
        run_senders(env)
    download_documents(env)


def run_senders(env):
    """Call the sender until a round changes nothing."""
    for _round in range(ROUNDS):
        before = count_work(env)
        env["clinic.message"]._cron_send()
        env.cr.commit()
        if count_work(env) == before:
            return


def count_work(env):
    """Messages that wait for their turn, and stop events that wait for the sweep."""
    waiting = [
        ("state", "=", "queued"),
        ("approval", "!=", "pending"),
        ("not_before", "<=", fields.Datetime.now()),
    ]
    return (
        env["clinic.message"].search_count(waiting),
        env["clinic.stop.event"].search_count([("applied_at", "=", False)]),
    )


def approve_first_run(env):
    """The first run of a policy waits for a person: here the clinic's manager.

    What waits for approval every time (letters, people written to by hand) stays in
    the work list.
    """
    manager = env["res.users"].search([("login", "=", "manager")])
    waiting = env["clinic.message"].search(
        [("approval", "=", "pending"), ("level_id.mode", "=", "auto")]
    )
    waiting -= waiting.filtered(is_written_by_hand)
    mine = waiting.filtered(lambda message: message.company_id in manager.company_ids)
    mine.with_user(manager).action_approve()
    (waiting - mine).action_approve()
    env.cr.commit()


def is_written_by_hand(message):
    person = message.partner_id.with_company(message.company_id)
    return person.clinic_followup_mode == "manual"
