"""Fifty people post one slot at once: one gets it, the others are told so."""

import http.client
import re
import threading
import time
from datetime import datetime, timedelta
from urllib.parse import urlencode

from load import Visit, get_p95
from postgres import settle
from registry import bench
from report import Measure
from server import serving
from session import environment, in_child, run_odoo

PEOPLE = 50
TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]+)"')


@bench("slot")
def slot(run):
    """Each has an invitation of the portal, and confirms the same moment."""
    run_odoo(run.database, "-i", "clinic_payment_deposit")
    paths, when = in_child(prepare, run.database)
    settle(run.database)
    with serving(run.database, workers=0) as server:
        visits = in_child(post_all, server.host, server.port, paths, when)
        failures = len(re.findall('" 5[0-9][0-9] ', server.log.read_text()))
    taken, overlaps = in_child(count, run.database)
    losers = [visit for visit in visits if visit.status == 303]
    yield Measure("slot.winners", taken, "", 1)
    yield Measure("slot.overlaps", overlaps, "", 0)
    yield Measure("slot.errors", failures, "", 0)
    yield Measure("slot.unanswered", len(visits) - len(losers), "", 0)
    yield Measure("slot.p95", get_p95(visits), "s", 4)


def prepare(database):
    """Invite so many people to one practitioner; return (paths, moment)."""
    with environment(database) as env:
        calendar = env["resource.calendar"].create(
            {"name": "Bench", "tz": "UTC", "full_time_required_hours": 40}
        )
        calendar.attendance_ids.write({"hour_from": 8, "hour_to": 18})
        calendar.attendance_ids.filtered(
            lambda line: line.day_period != "morning"
        ).unlink()
        resource = env["resource.resource"].create(
            {
                "name": "Practitioner",
                "resource_type": "material",
                "calendar_id": calendar.id,
                "tz": "UTC",
            }
        )
        combination = env["resource.booking.combination"].create(
            {"resource_ids": [(6, 0, resource.ids)]}
        )
        kind = env["resource.booking.type"].create(
            {
                "name": "Bench",
                "resource_calendar_id": calendar.id,
                "combination_rel_ids": [(0, 0, {"combination_id": combination.id})],
            }
        )
        people = env["res.partner"].create(
            [{"name": f"Person {number}"} for number in range(PEOPLE)]
        )
        bookings = env["resource.booking"].create(
            [
                {"type_id": kind.id, "partner_ids": [(6, 0, person.ids)]}
                for person in people
            ]
        )
        paths = [booking.get_portal_url(suffix="/confirm") for booking in bookings]
        env.cr.commit()
        return paths, get_moment()


def get_moment():
    """Return ten o'clock of a Monday in two weeks or three."""
    day = datetime.now() + timedelta(days=21)
    day -= timedelta(days=day.weekday())
    return f"{day:%Y-%m-%d}T10:00:00+00:00"


def post_all(host, port, paths, when):
    """Open the forms one after the other, post them at once; return the visits."""
    forms = [open_form(host, port, path, when) for path in paths]
    visits, start = [], threading.Barrier(len(forms))

    def send(form):
        start.wait()
        visits.append(post(host, port, *form))

    threads = [threading.Thread(target=send, args=[form]) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return visits


def open_form(host, port, path, when):
    """Return (path, body, cookie) of the form as the page fills it."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", f"{path}&{urlencode({'when': when})}")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    cookie = answer.getheader("Set-Cookie").partition(";")[0]
    token = TOKEN.search(page)[1]
    return path, urlencode({"csrf_token": token, "when": when}), cookie


def post(host, port, path, body, cookie):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    begin = time.perf_counter()
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return Visit(time.perf_counter() - begin, answer.status)


def count(database):
    """Return (confirmed appointments, pairs that overlap)."""
    with environment(database) as env:
        bookings = env["resource.booking"].search([("state", "=", "confirmed")])
        pairs = sum(
            one.start < other.stop and one.stop > other.start
            for one in bookings
            for other in bookings
            if one.id < other.id
        )
        return len(bookings), pairs
