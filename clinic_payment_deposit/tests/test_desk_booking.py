from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .booking_common import MONDAY_NINE, BookingCase


@tagged("post_install", "-at_install")
class TestDeskBooking(BookingCase):
    """Somebody calls: the front desk books in one dialog, and the link leaves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk_user = cls.create_user("desk", "clinic_dunning.group_front_desk")

    def open(self, user=None):
        dialogs = self.env["clinic.desk.booking"].with_user(user or self.desk_user)
        action = dialogs.with_context(
            allowed_company_ids=self.company.ids, lang="en_US"
        ).action_open()
        return dialogs.with_context(allowed_company_ids=self.company.ids).browse(
            action["res_id"]
        )

    def demand(self):
        policy = self.env["clinic.deposit.policy"].create(
            {
                "name": "Deposit",
                "company_id": self.company.id,
                "kind": "fixed",
                "amount": 30.0,
                "text": "<p>Terms</p>",
            }
        )
        policy.action_publish()
        self.kind.write({"clinic_deposit_policy_id": policy.id, "clinic_price": 100})

    def get_messages(self, partner):
        return self.env["clinic.message"].search([("partner_id", "=", partner.id)])

    def test_known_patient_is_booked_by_one_click_on_a_time(self):
        desk = self.open()
        self.assertEqual(desk.type_id, self.kind)
        self.assertTrue(desk.slot_ids)
        desk.partner_id = self.patient
        slot = desk.slot_ids[0]
        action = slot.action_book()
        booking = self.env["resource.booking"].browse(action["res_id"])
        self.assertRecordValues(
            booking,
            [
                {
                    "partner_id": self.patient.id,
                    "start": slot.start,
                    "state": "confirmed",
                    "clinic_source": "desk",
                }
            ],
        )
        self.assertEqual(
            self.get_messages(self.patient).topic_id.code, "appointment_confirmed"
        )

    def test_new_patient_is_made_on_the_way_and_gets_the_deposit_link(self):
        self.demand()
        desk = self.open()
        desk.write(
            {
                "first_name": "Zoe",
                "last_name": "Blanc",
                "contact": "06 12 34 56 78",
                "birth_date": "1990-04-02",
            }
        )
        booking = desk._book(MONDAY_NINE)
        self.assertRecordValues(
            booking.partner_id,
            [
                {
                    "name": "Zoe Blanc",
                    "phone": "+33612345678",
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertEqual(booking.state, "scheduled")
        self.assertTrue(booking.clinic_deposit_id)
        message = self.get_messages(booking.partner_id)
        self.assertEqual(message.topic_id.code, "deposit_request")

    def test_link_is_sent_again(self):
        self.demand()
        desk = self.open()
        desk.partner_id = self.patient
        booking = desk._book(MONDAY_NINE).with_user(self.desk_user)
        self.go_to("2026-03-10 10:05:00")
        booking.action_send_link()
        self.assertEqual(len(self.get_messages(self.patient)), 2)
        confirmed = self.confirm(start=MONDAY_NINE + timedelta(hours=1))
        confirmed.with_user(self.desk_user).action_send_link()
        codes = self.get_messages(self.patient).topic_id.mapped("code")
        self.assertIn("appointment_link", codes)

    def test_held_time_never_lasts_beyond_the_visit(self):
        desk = self.open()
        self.assertEqual(desk._get_minutes(MONDAY_NINE), 24 * 60)
        soon = desk._get_minutes(self.env.cr.now().replace(microsecond=0))
        self.assertGreaterEqual(soon, 1)

    def test_other_times_are_shown_as_chosen(self):
        desk = self.open()
        desk.write({"combination_id": self.second_combination.id, "day": MONDAY_NINE})
        desk.action_show()
        self.assertEqual(desk.slot_ids[0].start, MONDAY_NINE)
        self.assertIn("09:00", desk.slot_ids[0].moment.replace("9:00", "09:00"))

    def test_who_is_missing_is_said(self):
        desk = self.open()
        with self.assertRaisesRegex(UserError, "Choose the patient"):
            desk._book(MONDAY_NINE)
        desk.write({"first_name": "Zoe", "last_name": "Blanc"})
        with self.assertRaisesRegex(UserError, "mobile number or email"):
            desk._book(MONDAY_NINE)

    def test_dialog_opens_as_the_front_desk_sees_it(self):
        form = Form(self.open())
        form.partner_id = self.patient
        form.save()

    def test_others_do_not_book(self):
        user = self.create_user("plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.open(user)
