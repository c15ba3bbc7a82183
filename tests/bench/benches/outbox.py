"""The outbox beside a bare loop of the provider's SDK, with as many threads."""

import contextlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

from meter import metered
from registry import bench
from report import Measure
from session import environment, in_child, run_odoo
from twilio.rest import Client

LATENCY = 0.1
SECONDS = 10  # for which the bare loop goes on, about
ACCOUNT = {
    "sid": "AC" + "0" * 32,
    "auth_token": "f" * 32,
    "numbers": ["+33700000001"],
}
BODY = "Hi Catherine, kind reminder: Rs 1,500.00 for your visit at Riverside Clinic"
TESTS = Path(__file__).resolve().parents[2]


@bench("outbox", needs=("first_day", "compose"))
def outbox(run):
    """Reminders of the first day by SMS, at 100 ms for each call of the provider."""
    run_odoo(run.database, "-i", "clinic_whatsapp")
    for threads in (8, 16):
        count = int(threads / LATENCY * SECONDS)
        with provider("--silent") as url:
            bare = in_child(send_bare, url, threads, count)
        with provider("--silent") as url:
            in_child(prepare, run.database, url, threads)
            in_child(let_out, run.database, count)
            ours, cost = in_child(send_ours, run.database)
        yield Measure(f"outbox.{threads}_threads.bare", count / bare, "messages/s")
        yield Measure(f"outbox.{threads}_threads", ours / cost.wall, "messages/s")
        yield Measure(f"outbox.{threads}_threads.sql", cost.sql / ours, "each")
        yield Measure(
            f"outbox.{threads}_threads.cpu", 1000 * cost.cpu / ours, "ms each"
        )
        yield Measure(
            f"outbox.{threads}_threads.ratio",
            (ours / cost.wall) / (count / bare),
            "",
            0.85,
            at_least=True,
        )


@contextlib.contextmanager
def provider(*options, **account):
    """Run the emulator in a process of its own; give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulators.twilio", "--port", "0", *options]
        + ["--latency", str(LATENCY), "--account", json.dumps(ACCOUNT | account)],
        cwd=TESTS,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def send_bare(url, threads, count):
    """Return the seconds that so many messages take without an outbox."""
    mine = local()

    def send(number):
        if not hasattr(mine, "client"):
            mine.client = Client(ACCOUNT["sid"], ACCOUNT["auth_token"])
            mine.client.api.base_url = url
        mine.client.messages.create(
            to=f"+33612{number:06}",
            from_=ACCOUNT["numbers"][0],
            body=BODY,
            status_callback="https://clinic.example.com/clinic/twilio/status/1",
        )

    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(send, range(count)))
        return time.perf_counter() - start


def prepare(database, url, threads):
    """Let reminders go by SMS, to numbers of their own; none is due yet."""
    with environment(database) as env:
        parameters = env["ir.config_parameter"]
        parameters.set_param("clinic_whatsapp.api_base_url", url)
        parameters.set_param("clinic_whatsapp.send_threads", threads)
        get_account(env)
        env.cr.execute(
            """UPDATE clinic_contact_route_line SET channel = 'sms';
               UPDATE clinic_message SET not_before = '2100-01-01', approval = 'none';
               UPDATE res_partner
                  SET phone = '+33612' || lpad((id % 1000000)::text, 6, '0');
               UPDATE clinic_followup_policy
                  SET window_from = 0, window_to = 24, window_weekend = true;
               -- The pace of the threads is measured, not the rate's.
               UPDATE clinic_twilio_account SET rate = 100000, daily_messages = 0"""
        )
        env.cr.commit()


def let_out(database, count):
    """Let so many reminders be due now; return their ids."""
    with environment(database) as env:
        env.cr.execute(
            """UPDATE clinic_message SET not_before = now() AT TIME ZONE 'UTC'
                WHERE id IN (SELECT id FROM clinic_message
                              WHERE state = 'queued' ORDER BY id LIMIT %s)
            RETURNING id""",
            [count],
        )
        ids = [row[0] for row in env.cr.fetchall()]
        env.ref("clinic_dunning.ir_cron_send")._trigger()
        env.cr.commit()
        return ids


def get_account(env):
    accounts = env["clinic.twilio.account"]
    return accounts.search([], limit=1) or accounts.create(
        {
            "name": "Bench",
            "company_id": 1,
            "account_sid": ACCOUNT["sid"],
            "auth_token": ACCOUNT["auth_token"],
            "sms_sender": ACCOUNT["numbers"][0],
            "public_base_url": "https://clinic.example.com",
        }
    )


def send_ours(database):
    """Return (messages that left, cost) of the scheduled action until none is due."""
    with environment(database) as env:
        messages = env["clinic.message"]
        before = count_accepted(env)
        messages._insist(messages._sweep)
        with metered(env) as cost:
            while messages._count_sendable():
                messages._cron_send()
        return count_accepted(env) - before, cost


def count_accepted(env):
    return env["clinic.message.attempt"].search_count([("state", "=", "accepted")])
