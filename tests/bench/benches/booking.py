"""The booking page: free times of a busy practice, over HTTP."""

from datetime import timedelta

from load import get_p95
from postgres import settle
from registry import bench
from report import Measure
from server import serving
from session import environment, in_child, run_odoo

from odoo import Command, fields

from benches.page import count_sql, view

PRACTITIONERS = 8
BOOKINGS = 200
VISITORS = 4
SECONDS = 15


@bench("booking")
def booking(run):
    """As strangers see it, from a server with two workers; few and many bookings."""
    run_odoo(run.database, "-i", "clinic_payment_deposit")
    path = in_child(prepare, run.database)
    settle(run.database)
    with serving(run.database) as server:
        empty_sql = count_sql(server, path, path)
    in_child(fill, run.database)
    settle(run.database)
    with serving(run.database) as server:
        yield Measure("booking.sql_of_free_days", empty_sql, "statements", 60)
        busy_sql = count_sql(server, path, path)
        yield Measure("booking.sql_of_busy_days", busy_sql, "statements", empty_sql + 2)
        visits = view(server, [path], VISITORS, SECONDS)
    good = [seen for seen in visits if seen.status == 200]
    yield Measure("booking.failed", len(visits) - len(good), "", 0)
    yield Measure("booking.rate", len(good) / SECONDS, "/s", 15, at_least=True)
    yield Measure("booking.p95", get_p95(good), "s", 0.4)


def prepare(database):
    """Open the page of a practice; return the path of its free times."""
    with environment(database) as env:
        company = env["res.company"].browse(1)
        company.clinic_booking_open = True
        people = env["resource.resource"].create(
            [
                {"name": f"Practitioner {number}", "company_id": company.id}
                for number in range(PRACTITIONERS)
            ]
        )
        combinations = env["resource.booking.combination"].create(
            [{"resource_ids": [Command.set(person.ids)]} for person in people]
        )
        kind = env["resource.booking.type"].create(
            {
                "name": "Visit",
                "company_id": company.id,
                "combination_rel_ids": [
                    Command.create({"combination_id": one.id}) for one in combinations
                ],
            }
        )
        env.cr.commit()
        return f"/clinic/book/{kind.id}"


def fill(database):
    """Let many appointments be made in the days that the page shows."""
    with environment(database) as env:
        kind = env["resource.booking.type"].search([], order="id desc", limit=1)
        patient = env["res.partner"].search([("email", "!=", False)], limit=1)
        begin = fields.Datetime.now() + timedelta(days=1)
        slots = kind._get_offered(begin, begin + timedelta(days=14))
        places = [
            (slot.start, combination)
            for slot in slots
            for combination in slot.combination_ids[: PRACTITIONERS // 2]
        ]
        combinations = env["resource.booking.combination"]
        for start, combination in places[:BOOKINGS]:
            env["resource.booking"]._hold_slot(
                kind, start, patient, combinations.browse(combination), minutes=60
            )
        env.cr.commit()
