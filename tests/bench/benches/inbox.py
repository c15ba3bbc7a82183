"""The inbox: signed receipts over HTTP, and how fast they are applied."""

import http.client
import threading
import time
import uuid
from urllib.parse import urlencode

from load import Visit, get_p95, work_at_once
from meter import metered
from postgres import settle
from registry import bench
from report import Measure
from server import serving
from session import environment, in_child, run_odoo
from twilio.request_validator import RequestValidator

from benches.outbox import ACCOUNT, get_account

MESSAGES = 1000
STATUSES = ("sent", "delivered", "read")
SENDERS = 16
HOST = "https://clinic.example.com"


@bench("inbox", needs=("first_day", "compose"))
def inbox(run):
    """Three receipts for each message, some twice, from 16 connections at once."""
    run_odoo(run.database, "-i", "clinic_whatsapp")
    attempts = in_child(prepare, run.database, MESSAGES)
    settle(run.database)
    requests = list(write_requests(attempts))
    with serving(run.database) as server:
        start = time.perf_counter()
        visits = in_child(post_all, server.host, server.port, requests)
        seconds = time.perf_counter() - start
        failures = server.log.read_text().count("serialize")
    kept, left, cost = in_child(apply, run.database)
    refused = sum(visit.status != 204 for visit in visits)
    yield Measure("inbox.refused", refused, "", 0)
    yield Measure("inbox.rate", len(visits) / seconds, "/s", 150, at_least=True)
    yield Measure("inbox.p95", get_p95(visits), "s", 0.5)
    yield Measure("inbox.serialization_failures", failures, "", 0)
    yield Measure("inbox.lost", len(attempts) * len(STATUSES) - kept, "", 0)
    yield Measure("apply.left", left, "", 0)
    yield Measure("apply.rate", kept / cost.wall, "events/s", 300, at_least=True)
    yield Measure("apply.sql", cost.sql / kept, "each")
    yield Measure("apply.cpu", 1000 * cost.cpu / kept, "ms each")


def prepare(database, count):
    """Let so many reminders be accepted by the provider; return (uuid, sid, number)."""
    with environment(database) as env:
        account = get_account(env)
        messages = env["clinic.message"].search([("state", "=", "queued")], limit=count)
        messages._move_to("in_progress")
        hashed = env["clinic.contact.address"]._hash
        rows = [
            (str(uuid.uuid4()), f"SM{uuid.uuid4().hex}", f"+33612{place:06}")
            for place in range(len(messages))
        ]
        env["clinic.message.attempt"].create(
            [
                {
                    "message_id": message.id,
                    "channel": "sms",
                    "state": "accepted",
                    "uuid": row[0],
                    "provider_ref": row[1],
                    "address_hash": hashed(row[2]),
                    "twilio_account_id": account.id,
                    "sent_at": "2026-01-01",
                }
                for message, row in zip(messages, rows, strict=True)
            ]
        )
        env.cr.commit()
        return rows


def write_requests(attempts):
    """Return (path, body, signature) of each receipt, as the provider sends them."""
    validator = RequestValidator(ACCOUNT["auth_token"])
    for place, (attempt_uuid, sid, number) in enumerate(attempts):
        for status in STATUSES:
            form = {
                "AccountSid": ACCOUNT["sid"],
                "From": ACCOUNT["numbers"][0],
                "To": number,
                "MessageSid": sid,
                "MessageStatus": status,
            }
            path = f"/clinic/twilio/status/{attempt_uuid}"
            signature = validator.compute_signature(HOST + path, form)
            request = path, urlencode(form), signature
            yield request
            if place % 20 == 0:
                yield request


def post_all(host, port, requests):
    """Post them all, so many at once; return the visits."""
    visits, waiting, lock = [], iter(requests), threading.Lock()

    def work():
        while True:
            with lock:
                request = next(waiting, None)
            if not request:
                return
            seen = post(host, port, *request)
            with lock:
                visits.append(seen)

    work_at_once([work] * SENDERS)
    return visits


def post(host, port, path, body, signature):
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
        "X-Forwarded-Host": "clinic.example.com",
        "X-Forwarded-Proto": "https",
    }
    start = time.perf_counter()
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return Visit(time.perf_counter() - start, answer.status)


def apply(database):
    """Apply what came in; return (events kept, events left, cost)."""
    with environment(database) as env:
        events = env["clinic.twilio.event"]
        with metered(env) as cost:
            while events._count_waiting():
                events._cron_apply()
        left = events.search_count([("applied_at", "=", False)])
        return events.search_count([]), left, cost
