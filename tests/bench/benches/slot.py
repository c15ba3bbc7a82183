"""Fifty people post one slot of the booking page at once: one gets it."""

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

from load import get_p95
from postgres import settle
from registry import bench
from report import Measure
from server import serving
from session import environment, in_child, run_odoo

sys.path.append(str(Path(__file__).parents[2]))
import crowd  # found through the path above

PEOPLE = 50
KIND_WORDS = re.compile("not free any more|was just taken")


@bench("slot")
def slot(run):
    """Each has proved his address, and accepts the same time at the same moment."""
    run_odoo(run.database, "-i", "clinic_payment_deposit")
    secrets = in_child(prepare, run.database)
    settle(run.database)
    with serving(run.database, workers=0) as server:
        place = crowd.Place(server.host, server.port)
        answers = in_child(crowd.accept_at_once, place, secrets)
        failures = len(re.findall('" 5[0-9][0-9] ', server.log.read_text()))
    taken, overlaps = in_child(count, run.database)
    losers = [answer for answer in answers if answer.status == 422]
    told = [answer for answer in losers if KIND_WORDS.search(answer.text)]
    yield Measure("slot.winners", taken, "", 1, at_least=True)
    yield Measure("slot.overlaps", overlaps, "", 0)
    yield Measure("slot.errors", failures, "", 0)
    yield Measure("slot.not_told_kindly", PEOPLE - 1 - len(told), "", 0)
    yield Measure("slot.p95", get_p95(losers), "s", 4)


def prepare(database):
    """Have so many people wish for one time of one practitioner; return secrets."""
    with environment(database) as env:
        company = env["res.company"].browse(1)
        company.clinic_booking_open = True
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
                "company_id": company.id,
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
                "company_id": company.id,
                "resource_calendar_id": calendar.id,
                "combination_rel_ids": [(0, 0, {"combination_id": combination.id})],
            }
        )
        people = env["res.partner"].create(
            [
                {"name": f"Person {number}", "email": f"person{number}@example.com"}
                for number in range(PEOPLE)
            ]
        )
        wish = {
            "type_id": kind,
            "combination_id": combination,
            "start": get_moment(),
            "tz": "UTC",
            "lang": "en_US",
        }
        requests = env["clinic.booking.request"]
        secrets = [requests._ask_as(person, wish, "10.0.0.1") for person in people]
        env.cr.commit()
        return secrets


def get_moment():
    """Return ten o'clock of a Monday in two weeks or three, naive UTC."""
    day = datetime.now() + timedelta(days=21)
    day -= timedelta(days=day.weekday())
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


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
