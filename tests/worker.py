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

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

POINTS = {
    "claim": ("clinic.message", "_claim"),
    "deliver": ("clinic.message", "_deliver_claimed"),
    "prepare": ("clinic.message", "_prepare_claimed"),
    "drive": ("clinic.message.attempt", "_send_by_email"),
    "hand over": ("clinic.message.attempt", "_hand_over"),
    "server": ("ir.mail_server", "send_email"),
    "result": ("clinic.message.attempt", "_take_email_result"),
    "decide": ("clinic.followup.decision", "_decide"),
    "compose": ("clinic.message", "_compose"),
}


def wound(env, point, name, nth):
    """Send this process a signal when it passes a point for the nth time."""
    when, method = point.split(" ", 1)
    model, attribute = POINTS[method]
    cls = env.registry[model]
    original = getattr(cls, attribute)
    passed = 0

    def wounded(self, *args, **kwargs):
        nonlocal passed
        passed += 1
        if when == "before" and passed == nth:
            os.kill(os.getpid(), signal.Signals[name])
        result = original(self, *args, **kwargs)
        if when == "after" and passed == nth:
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
        world.create_invoice(world.create_patient(name, email=address), due=due)


def job_decide(env):
    env["clinic.followup.policy"]._cron_decide()


def job_decide_by_hand(env):
    env["clinic.followup.decision"]._decide(get_world(env).company, by_hand=True)


def job_compose(env):
    env["clinic.message"]._cron_compose()


def job_send(env, lease=300):
    sender = odoo.addons.clinic_dunning.models.outreach.sender
    sender.LEASE = timedelta(seconds=lease)
    env["clinic.message"]._cron_send()


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
