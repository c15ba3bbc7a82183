from datetime import datetime, timedelta

from odoo.tests import tagged

from ..models.booking.slot_lock import SlotRefused, SlotTaken
from .booking_common import MONDAY_NINE, BookingCase


@tagged("post_install", "-at_install")
class TestHold(BookingCase):
    def test_held_slot_is_taken_but_not_confirmed(self):
        booking = self.hold(combination=self.doctor_combination)
        self.assertRecordValues(
            booking,
            [
                {
                    "state": "scheduled",
                    "start": MONDAY_NINE,
                    "clinic_start": MONDAY_NINE,
                    "clinic_patient_id": self.patient.id,
                    "clinic_company_id": self.company.id,
                    "clinic_source": "page",
                    "clinic_attendance": "expected",
                    "clinic_held_until": datetime(2026, 3, 10, 10, 15),
                    "combination_id": self.doctor_combination.id,
                }
            ],
        )
        with self.assertRaises(SlotTaken):
            self.hold(combination=self.doctor_combination)

    def test_without_deposit_the_appointment_is_confirmed_at_once(self):
        booking = self.confirm()
        self.assertEqual(booking.state, "confirmed")
        message = self.env["clinic.message"].search(
            [("res_model", "=", "resource.booking"), ("res_id", "=", booking.id)]
        )
        self.assertEqual(message.topic_id.code, "appointment_confirmed")

    def test_the_next_free_practitioner_takes_the_same_slot(self):
        first, second = self.hold(), self.hold()
        self.assertEqual(first.combination_id, self.doctor_combination)
        self.assertEqual(second.combination_id, self.second_combination)
        with self.assertRaises(SlotTaken):
            self.hold()
        self.assertEqual(self.Booking.search_count([("type_id", "=", self.kind.id)]), 2)

    def test_only_slots_on_offer_are_taken(self):
        for start in (
            MONDAY_NINE + timedelta(minutes=7),  # off the grid
            MONDAY_NINE - timedelta(milliseconds=500),  # by half a second
            MONDAY_NINE - timedelta(days=7, hours=1),  # in the past
            datetime(2026, 3, 11, 9, 0),  # inside the notice
            datetime(2026, 3, 15, 9, 0),  # on Sunday
            MONDAY_NINE + timedelta(hours=8),  # after hours
            datetime(2031, 3, 17, 8, 0),  # in some years
        ):
            with self.assertRaises(SlotRefused, msg=start):
                self.hold(start)
        stranger = self.combine(self.create_resource("Room"))
        with self.assertRaises(SlotRefused):
            self.hold(combination=stranger)
        self.assertFalse(self.Booking.search([("type_id", "=", self.kind.id)]))

    def test_front_desk_books_without_notice_but_not_the_past(self):
        soon = datetime(2026, 3, 10, 10, 30)
        self.assertTrue(self.hold(soon, clinic_source="desk"))
        with self.assertRaises(SlotRefused):
            self.hold(soon - timedelta(hours=1), clinic_source="desk")

    def test_offered_slots_leave_out_what_is_taken(self):
        self.hold(combination=self.doctor_combination)
        end = MONDAY_NINE + timedelta(hours=1)
        slots = self.kind._get_offered(MONDAY_NINE, end)
        self.assertEqual(
            [slot.combination_ids for slot in slots],
            [
                (self.second_combination.id,),
                (self.doctor_combination.id, self.second_combination.id),
            ],
        )

    def test_types_that_share_a_room_share_its_time(self):
        room = self.create_resource("Room")
        doctor, second = (
            combination.resource_ids
            for combination in (self.doctor_combination, self.second_combination)
        )
        one = self.create_type(self.combine(doctor, room))
        other = self.create_type(self.combine(second, room), duration=1)
        self.hold(kind=one)
        with self.assertRaises(SlotTaken):
            self.hold(kind=other)
        self.assertTrue(self.hold(MONDAY_NINE + timedelta(minutes=30), kind=other))

    def test_payment_confirms_what_was_held(self):
        booking = self.hold()
        booking._confirm_paid()
        self.assertEqual(booking.state, "confirmed")
        self.assertFalse(booking.clinic_held_until)

    def test_unpaid_hold_is_given_back_and_the_booking_stays(self):
        booking = self.hold()
        self.release()
        self.assertEqual(booking.state, "scheduled")
        self.go_to("2026-03-10 10:16:00")
        self.release()
        self.assertRecordValues(
            booking,
            [
                {
                    "state": "canceled",
                    "start": False,
                    "clinic_start": MONDAY_NINE,
                    "clinic_end_reason": "expired",
                    "meeting_id": False,
                }
            ],
        )
        self.assertTrue(self.hold(combination=booking.combination_id))

    def test_late_money_takes_a_slot_again_that_is_still_free(self):
        booking = self.hold()
        booking._give_back("expired")
        self.assertTrue(booking._take_again())
        self.assertEqual(booking.state, "scheduled")
        self.assertEqual(booking.start, MONDAY_NINE)
        booking._confirm_paid()
        self.assertEqual(booking.state, "confirmed")

    def test_late_money_takes_no_slot_that_is_gone_or_was_given_up(self):
        gone, left = self.hold(), self.hold()
        gone._give_back("expired")
        left._give_back("patient")
        self.hold(combination=gone.combination_id)
        self.assertFalse(gone._take_again())
        self.assertFalse(left._take_again())
        self.assertEqual(gone.state, "canceled")

    def test_moving_keeps_the_appointment_and_frees_its_slot(self):
        booking = self.confirm()
        later = MONDAY_NINE + timedelta(days=1)
        booking._move_to(later)
        self.assertEqual(booking.state, "confirmed")
        self.assertEqual(booking.meeting_id.start, later)
        self.assertTrue(self.hold(combination=booking.combination_id))

    def test_deadline_counts_from_the_old_slot(self):
        booking = self.confirm()
        self.go_to("2026-03-15 09:00:00")
        far = MONDAY_NINE + timedelta(days=7)
        with self.assertRaises(SlotRefused):
            booking._move_to(far)
        booking._move_to(far, by_desk=True)
        self.assertEqual(booking.start, far)

    def test_a_move_that_fails_changes_nothing(self):
        booking = self.confirm(combination=self.doctor_combination)
        later = MONDAY_NINE + timedelta(hours=1)
        self.hold(later)
        self.hold(later)
        with self.assertRaises(SlotTaken):
            booking._move_to(later)
        self.assertEqual(booking.start, MONDAY_NINE)
        self.assertEqual(booking.meeting_id.start, MONDAY_NINE)

    def test_appointment_is_told_with_its_zone_and_no_more(self):
        booking = self.confirm()
        texts = [booking._get_appointment_text(lang) for lang in ("en_US", "fr_FR")]
        self.assertEqual(texts, ["Mon 16 Mar 09:00 (CET)", "lun. 16 mars 09:00 (CET)"])
        self.assertEqual(
            booking._get_appointment_text("hi_IN"), "16/03/2026 09:00 (CET)"
        )
