"""All at once for ten minutes: reminders leave, receipts come, people open their pages.

The server sends and applies by its scheduled actions; the emulator, in a process of its
own, answers after 100 ms and posts three receipts for each message in the next seconds.
"""

import json
import time
from collections import Counter
from urllib.request import urlopen

import psycopg2
from load import Visit, get_p95
from postgres import settle
from registry import bench
from report import Measure, log
from server import find_port, serving
from session import environment, in_child, run_odoo

from benches.inbox import STATUSES
from benches.outbox import let_out, prepare, provider
from benches.page import LINKS, get_debtors, issue_links, view

SENDS = 20  # a second, which the account's rate allows and no more
VIEWS = 5
MINUTES = 10
PATIENTS = 13_000  # as many as have a reminder for each moment of it
VISITORS = 8
HANDS = 16
SPACING = 0.5  # seconds to the first receipt, from there to the second…
THREADS = 8
GRACE = 60  # seconds for what is on its way when the load ends
NEARLY = 0.95
DONE = """
    SELECT attempt.provider_ref
      FROM clinic_message message
      JOIN clinic_message_attempt attempt ON attempt.message_id = message.id
     WHERE message.id = ANY(%(ids)s) AND message.state = 'delivered'
       AND attempt.state = 'read'
"""
WAITING = """
    SELECT reason, count(*) FROM clinic_message
     WHERE id = ANY(%(ids)s) AND state = 'queued' GROUP BY reason
"""
APPLIED = """
    SELECT count(*), percentile_cont(0.95) WITHIN GROUP (ORDER BY
           extract(epoch FROM applied_at - received_at))
      FROM clinic_twilio_event WHERE applied_at IS NOT NULL AND sid = ANY(%(sids)s)
"""


@bench("mixed", needs=("first_day", "compose"), on_demand=PATIENTS)
def mixed(run):
    """Fewer patients: as long as there are reminders for them."""
    run_odoo(run.database, "-i", "clinic_whatsapp")
    paths = in_child(prepare_pages, run.database)
    port = find_port()
    with provider(
        *("--ends", STATUSES[-1], "--spacing", str(SPACING), "--hands", str(HANDS)),
        local_url=f"http://127.0.0.1:{port}",
    ) as url:
        in_child(prepare, run.database, url, THREADS)
        in_child(keep_rate, run.database)
        settle(run.database)
        with serving(run.database, port=port, crons=2) as server:
            ids = in_child(let_out, run.database, 60 * MINUTES * SENDS)
            seconds = len(ids) / SENDS
            log(f"for {seconds:.0f} s")
            visits = view(server, paths, VISITORS, seconds, rate=VIEWS)
            seen = ask(url)
            wait_until_done(run.database, ids)
            conflicts = server.log.read_text().count("serialize")
        kept = ask(url)
    yield from tell_pace(seconds, visits, *seen)
    yield from tell_losses(run.database, ids, *kept)
    yield Measure("mixed.conflicts", conflicts, "")


def prepare_pages(database):
    """Return the paths of many people's pages."""
    with environment(database) as env:
        paths = issue_links(env, get_debtors(env, LINKS))
        env.cr.commit()
        return paths


def keep_rate(database):
    """Let the account send as fast as is wanted, and no faster."""
    with environment(database) as env:
        env["clinic.twilio.account"].search([], limit=1).rate = SENDS
        env.cr.commit()


def ask(url):
    """Return (messages, visits of its receipts) that the emulator knows of."""
    with urlopen(f"{url}/_emulator/state") as answer:
        known = json.load(answer)
    return known["messages"], [Visit(**made) for made in known["receipts"]]


def query(database, text, **values):
    """Return the rows of a query on what is committed now."""
    connection = psycopg2.connect(dbname=database)
    try:
        with connection.cursor() as cr:
            cr.execute(text, values)
            return cr.fetchall()
    finally:
        connection.close()


def wait_until_done(database, ids):
    """Let the server finish, as long as it is granted."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end and len(query(database, DONE, ids=ids)) < len(ids):
        time.sleep(0.5)


def tell_pace(seconds, visits, messages, receipts):
    """Yield how much there was of everything, and how long people waited."""
    good = [visit for visit in visits if visit.status == 200]
    paces = (
        ("sends", len(messages), SENDS),
        ("receipts", len(receipts), SENDS * len(STATUSES)),
        ("views", len(good), VIEWS),
    )
    for name, count, wanted in paces:
        pace = count / seconds
        yield Measure(f"mixed.{name}", pace, "/s", NEARLY * wanted, at_least=True)
    yield Measure("mixed.receipt_p95", get_p95(receipts), "s", 0.5)
    yield Measure("mixed.page_p95", get_p95(good), "s", 0.8)
    yield Measure("mixed.page_failed", len(visits) - len(good), "", 0)


def tell_losses(database, ids, messages, receipts):
    """Yield what came twice or not at all, by the emulator's books and by ours."""
    sids = [message["sid"] for message in messages]
    people = {message["to"] for message in messages}
    done = {row[0] for row in query(database, DONE, ids=ids)}
    reasons = dict(query(database, WAITING, ids=ids))
    waiting = sum(reasons.values())
    [(applied, delay)] = query(database, APPLIED, sids=sids)
    lost = len(ids) - waiting - len(done.intersection(sids))
    answers = Counter(made.status for made in receipts)
    log(f"answers to receipts: {dict(answers)}; what waits: {reasons}")
    refused = len(receipts) - answers[204]
    yield Measure("mixed.receipts_refused", refused, "", 0)
    yield Measure("mixed.apply_p95", delay or 0, "s")
    yield Measure("mixed.sent_twice", len(sids) - len(people), "", 0)
    yield Measure("mixed.messages_waiting", waiting, "")
    yield Measure("mixed.messages_lost", lost, "", 0)
    yield Measure("mixed.receipts_lost", len(sids) * len(STATUSES) - applied, "", 0)
