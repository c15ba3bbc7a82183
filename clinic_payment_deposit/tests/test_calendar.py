from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.booking.resource_booking import ResourceBooking
from ..models.booking.slot_lock import SlotRefused, SlotTaken
from .booking_common import MONDAY_NINE, BookingCase

HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestCalendar(BookingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.lang = "en_US"
        cls.desk = cls.create_user("desk", "clinic_dunning.group_front_desk")
        cls.outsider = cls.create_user("outsider", "base.group_user")

    def create_event(self, start=MONDAY_NINE, user=None, **vals):
        events = self.env["calendar.event"].with_user(user or self.doctor)
        return events.create(
            {"name": "Meeting", "start": start, "stop": start + HOUR, **vals}
        )

    def wait_for_deposit(self):
        """Let a deposit be missing, as the money room says it."""
        self.patch(ResourceBooking, "_is_deposit_missing", lambda _self: True)

    # -- staff against patients ---------------------------------------------------

    def test_staff_event_over_a_held_slot_is_refused(self):
        self.hold(combination=self.doctor_combination)
        for vals in ({}, {"allday": True, "start_date": "2026-03-16"}):
            if vals:
                vals |= {"stop_date": "2026-03-16"}
            with self.assertRaisesRegex(SlotTaken, "Mon 16 Mar 09:00"):
                self.create_event(**vals)
        with self.assertRaises(SlotTaken):
            self.create_event(
                user=self.second,
                partner_ids=[Command.set(self.doctor.partner_id.ids)],
            )
        self.assertTrue(self.create_event(user=self.second))
        self.assertTrue(self.create_event(start=MONDAY_NINE + HOUR))

    def test_staff_event_moved_or_answered_into_a_slot_is_refused(self):
        self.hold(combination=self.doctor_combination)
        event = self.create_event(start=MONDAY_NINE + HOUR)
        with self.assertRaises(SlotTaken):
            event.start = MONDAY_NINE
        other = self.create_event(user=self.second)
        with self.assertRaises(SlotTaken):
            other.partner_ids |= self.doctor.partner_id

    def test_declined_event_takes_nobody_until_it_is_accepted(self):
        event = self.create_event()
        attendee = event.attendee_ids
        event.user_id = self.second
        attendee.state = "declined"
        self.hold(combination=self.doctor_combination)
        with self.assertRaises(SlotTaken):
            attendee.state = "accepted"

    def test_slots_are_not_offered_over_staff_events(self):
        self.create_event()
        with self.assertRaises(SlotTaken):
            self.hold(combination=self.doctor_combination)
        self.create_event(
            start=MONDAY_NINE + timedelta(days=1),
            allday=True,
            start_date="2026-03-17",
            stop_date="2026-03-17",
        )
        with self.assertRaises(SlotTaken):
            self.hold(
                MONDAY_NINE + timedelta(days=1, hours=7),
                combination=self.doctor_combination,
            )

    def test_appointment_moved_in_the_calendar_keeps_its_rules(self):
        booking = self.confirm(combination=self.doctor_combination)
        other = self.hold(MONDAY_NINE + HOUR, combination=self.doctor_combination)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            booking.meeting_id.write({"start": other.start, "stop": other.stop})
        self.env.invalidate_all()
        later = MONDAY_NINE + 2 * HOUR
        booking.meeting_id.write({"start": later, "stop": later + HOUR / 2})
        self.assertEqual(booking.start, later)
        told = self.env["clinic.message"].search([("res_id", "=", booking.id)])
        self.assertEqual(len(told), 2, "the new date is told too")

    def test_deadline_of_the_calendar_counts_from_the_old_slot(self):
        booking = self.confirm(combination=self.doctor_combination)
        self.go_to("2026-03-15 12:00:00")
        meeting = booking.meeting_id.with_user(self.doctor)
        with self.assertRaises(UserError):
            meeting.start = MONDAY_NINE + timedelta(days=7)

    def test_booking_form_cannot_take_a_taken_slot(self):
        self.hold(combination=self.doctor_combination)
        vals = {
            "type_id": self.kind.id,
            "partner_ids": [Command.set(self.patient.ids)],
            "combination_auto_assign": False,
            "combination_id": self.doctor_combination.id,
        }
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.Booking.create(vals | {"start": MONDAY_NINE})
        free = self.Booking.create(vals | {"start": MONDAY_NINE + HOUR})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            free.start = MONDAY_NINE

    # -- no confirmation past the deposit -------------------------------------------

    def test_nothing_confirms_what_waits_for_its_deposit(self):
        self.wait_for_deposit()
        booking = self.hold(minutes=None)
        self.assertEqual(booking.state, "scheduled")
        attendee = booking.meeting_id.attendee_ids.filtered(
            lambda one: one.partner_id == self.patient
        )
        with self.assertRaises(SlotRefused):
            booking.action_confirm()
        with self.assertRaises(SlotRefused):
            attendee.do_accept()
        self.assertFalse(booking._confirm_paid())
        self.assertEqual(booking.state, "scheduled")

    def test_patient_who_is_logged_in_does_not_accept_by_holding(self):
        self.wait_for_deposit()
        portal = self.create_user("ana", "base.group_portal")
        booking = self.env(user=portal)["resource.booking"]._hold_slot(
            self.kind.with_user(portal), MONDAY_NINE, portal.partner_id, minutes=15
        )
        self.assertEqual(booking.state, "scheduled")
        self.assertNotIn(
            "accepted",
            booking.meeting_id.attendee_ids.filtered(
                lambda one: one.partner_id == portal.partner_id
            ).mapped("state"),
        )

    # -- what outsiders see ----------------------------------------------------------

    def test_calendar_names_neither_patient_nor_visit(self):
        self.kind.requester_advice = "Come without having eaten"
        booking = self.confirm(combination=self.doctor_combination)
        meeting = booking.meeting_id
        self.assertRecordValues(
            meeting,
            [{"name": "Appointment", "privacy": "private", "description": False}],
        )
        seen = meeting.with_user(self.outsider)
        self.env.invalidate_all()
        self.assertEqual(seen.display_name, "Busy")
        self.assertFalse(seen.partner_ids)

    def test_desk_goes_from_the_calendar_to_the_appointment(self):
        booking = self.confirm()
        self.assertFalse(self.create_event(user=self.second).clinic_is_appointment)
        meeting = booking.meeting_id.with_user(self.desk)
        self.assertTrue(meeting.clinic_is_appointment)
        self.assertEqual(meeting.action_open_appointment()["res_id"], booking.id)
        with self.assertRaises(AccessError):
            booking.meeting_id.with_user(self.outsider).action_open_appointment()

    def test_event_typed_by_staff_for_an_appointment_is_neutral(self):
        booking = self.Booking.create(
            {
                "type_id": self.kind.id,
                "partner_ids": [Command.set(self.patient.ids)],
                "combination_auto_assign": False,
                "combination_id": self.doctor_combination.id,
            }
        )
        event = self.env["calendar.event"].create(
            {
                "name": "Ana Diaz, knee",
                "start": MONDAY_NINE,
                "stop": MONDAY_NINE + HOUR / 2,
                "resource_booking_ids": [Command.set(booking.ids)],
                "partner_ids": [Command.set(self.patient.ids)],
            }
        )
        self.assertEqual(event.name, "Appointment")
        self.assertEqual(booking.start, MONDAY_NINE)

    # -- what staff deletes ----------------------------------------------------------

    def test_deleting_the_event_keeps_the_booking_and_tells_the_desk(self):
        booking = self.confirm()
        booking.meeting_id.unlink()
        self.assertRecordValues(
            booking,
            [{"active": True, "state": "pending", "clinic_start": MONDAY_NINE}],
        )
        self.assertEqual(booking.activity_ids.user_id, self.desk)
        booking._move_to(MONDAY_NINE + HOUR, by_desk=True)
        self.assertEqual(booking.state, "confirmed")

    def test_archiving_the_event_is_refused(self):
        booking = self.confirm()
        with self.assertRaises(SlotRefused):
            booking.meeting_id.active = False

    def test_cancelling_keeps_the_record_and_says_who_did(self):
        late, early, desk = self.confirm(), self.hold(), None
        self.go_to("2026-03-15 12:00:00")
        late._cancel("patient")
        early._cancel("patient")
        desk = self.hold(clinic_source="desk")
        desk.action_cancel()
        self.assertEqual(
            [
                (one.clinic_end_reason, one.clinic_attendance)
                for one in late + early + desk
            ],
            [
                ("patient", "late_cancel"),
                ("patient", "expected"),
                ("clinic", "expected"),
            ],
        )
        with self.assertRaises(SlotRefused):
            late._cancel("patient")
