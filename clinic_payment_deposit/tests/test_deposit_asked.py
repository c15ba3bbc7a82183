"""No path leads past the deposit: it is asked wherever a visit gets its slot."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .booking_common import MONDAY_NINE
from .deposit_common import DepositCase


@tagged("post_install", "-at_install")
class TestDepositAsked(DepositCase):
    def type_in(self, **vals):
        """Return a booking as staff types it into the form of OCA."""
        return self.Booking.create(
            {
                "type_id": self.kind.id,
                "partner_ids": [Command.set(self.patient.ids)],
                "combination_id": self.doctor_combination.id,
                "combination_auto_assign": False,
                **vals,
            }
        )

    def get_links(self):
        return self.env["clinic.message"].search(
            [("topic_id.code", "=", "deposit_request")]
        )

    def assertWaits(self, booking, minutes):
        deposit = booking.clinic_deposit_id
        self.assertEqual((booking.state, deposit.state), ("scheduled", "requested"))
        until = fields.Datetime.now() + timedelta(minutes=minutes)
        self.assertEqual(booking.clinic_held_until, until)
        self.assertEqual(self.get_links().res_id, deposit.id)
        with self.assertRaisesRegex(UserError, "deposit"):
            booking.action_confirm()
        with self.assertRaisesRegex(UserError, "deposit"):
            booking.meeting_id.attendee_ids.filtered(
                lambda attendee: attendee.partner_id == self.patient
            ).do_accept()
        self.pay_deposit(deposit)
        self.assertEqual(booking.state, "confirmed")

    def test_slot_that_staff_types_in_waits_for_its_deposit(self):
        self.assertWaits(self.type_in(start=MONDAY_NINE), 24 * 60)

    def test_slot_that_a_patient_chooses_in_the_portal_waits_for_its_deposit(self):
        booking = self.type_in()
        self.assertFalse(booking.clinic_deposit_id)
        booking._move_to(MONDAY_NINE)
        self.assertIn("/d/", booking._get_next_url())
        self.assertWaits(booking, 15)

    def test_what_was_given_before_the_policy_is_asked_when_it_is_confirmed(self):
        self.policy.action_unpublish()
        booking = self.type_in(start=MONDAY_NINE)
        other = self.type_in(start=MONDAY_NINE + timedelta(hours=1))
        other.action_confirm()
        self.policy.action_publish()
        booking.action_confirm()
        self.assertWaits(booking, 24 * 60)
        other._move_to(MONDAY_NINE + timedelta(hours=2))
        self.assertEqual(other.state, "confirmed", "it was confirmed without")
        self.assertFalse(other.clinic_deposit_ids)

    def test_who_is_asked_nothing_is_confirmed(self):
        self.policy.write({"applies": "above", "threshold": 500})
        booking = self.type_in(start=MONDAY_NINE)
        booking.action_confirm()
        self.assertEqual(booking.state, "confirmed")
