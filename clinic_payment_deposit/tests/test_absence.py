from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .booking_common import MONDAY_NINE, BookingCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestAbsence(BookingCase):
    """Who receives changes after patients have booked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.create_user("desk", "clinic_dunning.group_front_desk")

    def leave(self, resource=None, start=MONDAY_NINE - DAY / 4, **vals):
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": resource and resource.id,
                "calendar_id": self.calendar.id,
                "date_from": start,
                "date_to": start + DAY,
                **vals,
            }
        )

    def test_leave_over_an_appointment_asks_the_desk_once(self):
        mine = self.confirm(combination=self.doctor_combination)
        held = self.hold(combination=self.second_combination)
        leave = self.leave(self.doctor_combination.resource_ids)
        self.assertRecordValues(
            mine.activity_ids,
            [{"summary": "Appointment during a leave", "user_id": self.desk.id}],
        )
        self.assertFalse(held.activity_ids)
        self.assertEqual(mine.state, "confirmed", "the desk decides, with the patient")
        leave.date_to += DAY
        self.assertEqual(len(mine.activity_ids), 1)

    def test_closing_of_the_clinic_touches_everybody(self):
        bookings = self.confirm() | self.hold()
        self.leave()
        self.assertEqual(len(bookings.activity_ids), 2)

    def test_leave_moved_onto_an_appointment_is_noticed(self):
        booking = self.confirm()
        leave = self.leave(start=MONDAY_NINE + 7 * DAY)
        self.assertFalse(booking.activity_ids)
        leave.date_from = MONDAY_NINE - DAY
        self.assertTrue(booking.activity_ids)

    def test_leave_before_the_booking_is_not_offered(self):
        self.leave(self.doctor_combination.resource_ids)
        with self.assertRaises(UserError):
            self.hold(combination=self.doctor_combination)

    def test_combination_takes_nobody_who_is_busy_then(self):
        self.confirm(combination=self.doctor_combination)
        self.confirm(combination=self.second_combination)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.doctor_combination.resource_ids |= self.second_combination.resource_ids

    def test_whoever_joins_a_combination_has_the_appointment_in_the_calendar(self):
        booking = self.confirm(combination=self.doctor_combination)
        person = self.second_combination.resource_ids
        self.doctor_combination.resource_ids = [Command.set(person.ids)]
        people = booking.meeting_id.partner_ids
        self.assertIn(self.second.partner_id, people)
        self.assertIn(self.patient, people)
        self.assertNotIn(self.doctor.partner_id, people)
