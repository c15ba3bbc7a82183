"""The patient's page: statements, pages a second, the limiter, a flood."""

import http.client
import json
import time

from load import Visit, get_p95, run_visitors, visit, work_at_once
from postgres import settle
from registry import bench
from report import Measure
from server import serving
from session import environment

LINKS = 300
MANY = 300
VISITORS = 4
SECONDS = 15
FLOOD = 200
FLOODED = 10
COUNTS = 500
FLOODER = "10.201.0.1"  # a desk's own address: clinic and waiting room share it
WORK = {
    "model": "clinic.followup.case",
    "method": "web_search_read",
    "args": [],
    "kwargs": {
        "domain": [],
        "specification": {
            "partner_id": {"fields": {"display_name": {}}},
            "amount_overdue": {},
            "why_now": {},
            "next_action_date": {},
        },
        "limit": 40,
    },
}
LOGGED = "/p/***"  # the server's log hides the secret
DEBTORS = """
    SELECT partner_id FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE line.company_id = 1 AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE AND line.amount_residual > 0
       AND account.account_type = 'asset_receivable' AND partner_id IS NOT NULL
     GROUP BY partner_id ORDER BY count(*), partner_id LIMIT %s
"""


@bench("page")
def page(run):
    """As patients see it: over HTTP, from an Odoo server with two workers."""
    paths, many = prepare(run.database)
    settle(run.database)
    with serving(run.database) as server:
        one_sql, many_sql = (count_sql(server, path) for path in (paths[0], many))
        yield Measure("page.sql_of_one_item", one_sql, "statements", 45)
        yield Measure("page.sql_of_many_items", many_sql, "statements", one_sql)
        visits = view(server, paths, VISITORS, SECONDS)
        good = [seen for seen in visits if seen.status == 200]
        yield Measure("page.failed", len(visits) - len(good), "", 0)
        yield Measure("page.rate", len(good) / SECONDS, "/s", 15, at_least=True)
        yield Measure("page.p95", get_p95(good), "s", 0.4)
        yield from measure_flood(server, paths)
    yield Measure("page.limiter", measure_limiter(run.database), "ms")


def prepare(database):
    """Return the paths of many people's links, and of one who owes 300 items."""
    with environment(database) as env:
        *others, busiest = get_debtors(env, LINKS + 1)
        bill(env, busiest)
        env.ref("base.user_admin").password = "admin"
        paths = issue_links(env, others)
        [many] = issue_links(env, busiest)
        env.cr.commit()
    return paths, many


def get_debtors(env, count):
    """Return so many people who owe something, who owes most the last."""
    env.cr.execute(DEBTORS, [count])
    return env["res.partner"].browse(row[0] for row in env.cr.fetchall())


def issue_links(env, people):
    """Return the path of each person's page."""
    company = env["res.company"].browse(1)
    return [
        "/p/" + env["clinic.link"]._issue(person, company)[1].rpartition("/")[2]
        for person in people
    ]


def bill(env, person):
    """Make this person owe 300 items more, all due."""
    last = env["account.move"].search(
        [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("company_id", "=", 1),
        ],
        limit=1,
    )
    for _item in range(MANY):
        move = last.copy({"partner_id": person.id, "invoice_date": last.invoice_date})
        move.action_post()


def count_sql(server, path, logged=LOGGED):
    """Return the statements of one warm view; `logged` is the path in the log."""
    connection = http.client.HTTPConnection(server.host, server.port)
    # Each worker has caches of its own: what is rarest is a cold one.
    for number in range(12):
        assert visit(connection, path, f"10.9.0.{number}").status == 200
        connection.close()
    time.sleep(0.5)
    return min(server.get_sql_counts(logged)[-6:])


def view(server, paths, visitors, seconds, rate=0):
    """Let people open their pages from addresses of their own."""
    return run_visitors(
        server,
        visitors,
        seconds,
        lambda number: (
            paths[number % len(paths)],
            f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        ),
        rate,
    )


def measure_flood(server, paths):
    """One address asks 200 times a second while others look at their pages.

    A clerk at that very address works on, too.
    """
    quiet = view(server, paths, 1, 5, rate=2)
    cookie = log_in(server)
    flood, busy, desk = [], [], []
    work_at_once(
        [
            lambda: flood.extend(run_flood(server, paths[0])),
            lambda: busy.extend(view(server, paths[1:], 1, 8, rate=2)),
            lambda: desk.extend(run_clerk(server, cookie, 8)),
        ]
    )
    refused = [seen for seen in flood if seen.status == 429]
    yield Measure("page.flood.sent", len(flood) / FLOODED, "/s")
    yield Measure("page.flood.refused", 100 * len(refused) / len(flood), "%")
    yield Measure("page.quiet_p95", get_p95(quiet), "s")
    yield Measure("page.flood.others_p95", get_p95(busy), "s", 0.8)
    yield Measure("page.flood.clerk_p95", get_p95(desk), "s", 2.0)
    locked_out = [seen for seen in desk if seen.status != 200]
    yield Measure("page.flood.clerk_locked_out", len(locked_out), "", 0)


def ask_as_clerk(server, path, params, cookie=""):
    """Call the server as the web client does; return (answer, its text)."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    headers = {
        "Content-Type": "application/json",
        "Cookie": cookie,
        "X-Forwarded-For": FLOODER,
        "X-Forwarded-Host": "clinic.example",
    }
    connection.request("POST", path, json.dumps({"params": params}), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def log_in(server):
    """Return the cookie of a clerk's session."""
    name = server.database
    who = {"db": name, "login": "admin", "password": "admin"}
    answer, _text = ask_as_clerk(server, "/web/session/authenticate", who)
    return answer.headers["Set-Cookie"].partition(";")[0]


def run_clerk(server, cookie, seconds):
    """Open the work list twice a second; return the visits."""
    visits, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        answer, text = ask_as_clerk(server, "/web/dataset/call_kw", WORK, cookie)
        status = answer.status if '"records"' in text else 500
        visits.append(Visit(time.perf_counter() - begin, status))
        time.sleep(max(0.0, begin + 0.5 - time.perf_counter()))
    return visits


def run_flood(server, path):
    """Ask again and again from one address."""
    return run_visitors(server, 8, FLOODED, lambda _number: (path, FLOODER), FLOOD)


def measure_limiter(database):
    """Return the milliseconds that counting one request takes, on one hot key."""
    with environment(database) as env:
        limiter = env["clinic.rate.limit"]
        begin = time.perf_counter()
        for _count in range(COUNTS):
            limiter._allows("bench", "one", 10**9, 60)
        return 1000 * (time.perf_counter() - begin) / COUNTS
