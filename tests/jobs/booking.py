"""Appointments: wished for, held, moved, confirmed."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.service.model import retrying

from .clinic import get_world
from .registry import job


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
    monday = fields.Date.today() + timedelta(days=21)
    monday -= timedelta(days=monday.weekday())
    nine = timedelta(hours=9 + hours)
    return fields.Datetime.to_datetime(monday) + nine


@job
def open_booking(env):
    """Open a clinic where a doctor and a nurse share a room."""
    world = get_booking_world(env)
    world.calendar = world.create_calendar(tz="UTC", begin=6, end=20)
    doctor = world.create_practitioner("lea")[1].resource_ids
    nurse = world.create_practitioner("tom")[1].resource_ids
    room = world.create_resource("Room")
    world.create_type(world.combine(doctor, room))
    world.create_type(world.combine(nurse, room), name="Nurse")
    world.create_patient("Ana Diaz")


@job
def hold(env, name, kind="Knee check", hours=0, minutes=15):
    """Hold a slot as a request does: refused by a quicker one, it is replayed."""

    def ask():
        world = get_booking_world(env)
        types = env["resource.booking.type"].search([("name", "=", kind)])
        env["resource.booking"]._hold_slot(
            types, get_slot(hours), world.create_patient(name), minutes=minutes
        )

    retry_in_words(ask, env)


@job
def wish(env, count):
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


@job
def staff_event(env, hours=0):
    """The doctor puts a meeting into the calendar."""

    def ask():
        doctor = env["res.users"].search([("login", "=", "lea")])
        start = get_slot(hours)
        events = env["calendar.event"].with_user(doctor)
        events.create(
            {"name": "Meeting", "start": start, "stop": start + timedelta(hours=1)}
        )

    retry_in_words(ask, env)


@job
def move(env, hours):
    """The first appointment is moved by its patient."""

    def ask():
        booking = env["resource.booking"].search([], order="id", limit=1)
        booking._move_to(get_slot(hours))

    retry_in_words(ask, env)


@job
def release(env):
    env["resource.booking"]._cron_release()


@job
def confirm(env):
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
    except UserError as refusal:
        env.cr.rollback()
        print(refusal)
