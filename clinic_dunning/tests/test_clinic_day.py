from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY, days_ago, level
from .desk import DeskCase


@tagged("post_install", "-at_install")
class TestClinicDay(DeskCase):
    """Who works where it is already tomorrow keeps the clinic's day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.desk | cls.officer).tz = "Pacific/Auckland"

    def setUp(self):
        super().setUp()
        self.go_to("2026-03-10 13:00:00")  # the 11th in Auckland
        self.invoice = self.create_invoice()

    def test_pause_is_found_until_it_ends_at_the_clinic(self):
        case = self.case_as(self.desk)
        case._hold("insurer", days=1)
        self.assertTrue(case.hold_ids.is_active)
        holds = case.hold_ids.search([("is_active", "=", True)])
        self.assertEqual(holds, case.hold_ids)
        self.assertEqual(case.search([("state", "=", "paused")]), case)

    def test_pause_begins_and_is_proposed_by_the_clinics_day(self):
        dialog = self.open_dialog(self.case_as(self.desk), "action_pause")
        self.assertEqual(dialog.until, days_ago(-14))
        dialog.reason = "insurer"
        dialog.save().action_apply()
        self.assertEqual(self.case_of().hold_ids.start_date, TODAY)

    def test_promise_is_proposed_by_the_clinics_day(self):
        dialog = self.open_dialog(self.case_as(self.desk), "action_promise")
        self.assertEqual(dialog.promise_date, days_ago(-7))

    def test_dispute_is_dated_by_the_clinics_day(self):
        dialog = self.open_dialog(self.case_as(self.desk), "action_dispute")
        dialog.reason = "Not mine"
        dialog.save().action_apply()
        self.assertEqual(self.invoice.clinic_dispute_since, TODAY)

    def test_desk_payment_is_booked_and_undone_on_the_clinics_day(self):
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        receipt = dialog.save()._record()
        self.assertEqual(receipt.date, TODAY)
        self.assertTrue(receipt.can_undo)
        self.go_to("2026-03-11 13:00:00")
        with self.assertRaisesRegex(UserError, "own day"):
            receipt.action_undo()

    def test_letter_is_posted_on_the_clinics_day(self):
        self.create_policy(level(route="letter", topic="repeat"))
        message = self.remind()
        self.drain()
        self.env.invalidate_all()
        letter = message.attempt_ids.with_user(self.officer)
        letter.action_print_letters()
        letter.action_mark_posted()
        self.assertEqual(letter.posted_on, TODAY)

    def test_call_of_tomorrow_is_not_due_today(self):
        self.create_policy(level(route="call"))
        self.remind()
        self.drain()
        self.env.invalidate_all()
        case = self.case_as(self.desk)
        self.assertEqual(case.search([("is_call_due", "=", True)]), case)
        self.open_dialog(case, "action_log_call").save().action_save()
        self.assertFalse(case.search([("is_call_due", "=", True)]))

    def test_clinic_without_a_time_zone_keeps_its_countrys_day(self):
        self.company.partner_id.tz = False
        self.go_to("2026-03-10 23:30:00")
        self.assertEqual(str(self.company._get_clinic_today()), "2026-03-11")
        self.assertEqual(
            self.patient._get_clinic_tz(self.company), self.patient.tz or "Europe/Paris"
        )
