from odoo.tests import tagged

from .common import TODAY, DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestOutboxRecheck(DunningCase):
    """What is true at the moment of sending counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.invoice = cls.create_invoice()

    def setUp(self):
        super().setUp()
        self.message = self.remind()

    def assertStopped(self, state, reason):
        """Nothing leaves; the message ends so, and says why; the item is free again."""
        self.assertEqual(self.drain(), [])
        self.assertEqual(self.message.state, state)
        self.assertIn(reason, self.message.reason)
        self.assertEqual(self.message.entry_ids.state, "void")

    def test_payment_a_minute_before_stops_the_reminder(self):
        self.go_to("2026-03-10 09:59:00")
        self.pay(self.invoice)
        self.go_to("2026-03-10 10:00:00")
        self.assertStopped("skipped", "Nothing is due")

    def test_part_payment_lowers_the_amount(self):
        self.pay(self.invoice, 40.0)
        self.assertEqual(len(self.drain()), 1)
        self.assertEqual(self.message.amount, 60.0)

    def test_credit_stops_the_reminder(self):
        self.create_credit(amount=100)
        self.assertStopped("skipped", "Credits cover")

    def test_rest_under_the_tolerance_stops_the_reminder(self):
        self.policy.tolerance = 10
        self.pay(self.invoice, 95.0)
        self.assertStopped("skipped", "tolerance")

    def test_exclusion_stops_the_reminder(self):
        self.invoice.no_followup = True
        self.assertStopped("skipped", "Nothing is due")

    def test_dispute_stops_the_reminder(self):
        self.invoice.clinic_dispute_since = TODAY
        self.assertStopped("skipped", "Nothing is due")

    def test_reset_to_draft_stops_the_reminder(self):
        self.invoice.button_draft()
        self.assertStopped("skipped", "Nothing is due")

    def test_pause_stops_the_reminder(self):
        self.case_of().action_says_paid()
        self.assertStopped("canceled", "paused")

    def test_switching_off_stops_the_reminder(self):
        self.case_of().action_stop_all()
        self.assertStopped("canceled", "switched off")

    def test_policy_switched_off_stops_the_reminder(self):
        self.policy.action_deactivate()
        self.assertStopped("canceled", "is off")

    def test_postponing_stops_the_reminder(self):
        self.case_of().action_postpone()
        self.assertStopped("canceled", "postponed")

    def test_what_was_stopped_is_decided_again_afterwards(self):
        self.case_of().action_says_paid()
        self.drain()
        self.case_of().action_resume()
        self.assertDecides(self.invoice)

    def create_transaction(self):
        provider = self.env["payment.provider"].create(
            {"name": "Bank", "code": "none", "company_id": self.company.id}
        )
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env["payment.method"].search([], limit=1).id,
                "reference": "TX1",
                "amount": 100,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.patient.id,
                "invoice_ids": [(6, 0, self.invoice.ids)],
            }
        )

    def test_payment_under_way_makes_it_wait(self):
        transaction = self.create_transaction()
        transaction._set_pending()
        self.assertEqual(self.drain(), [])
        self.assertRecordValues(
            self.message, [{"state": "queued", "reason": "A payment is under way."}]
        )
        transaction._set_canceled()
        self.go_to("2026-03-10 12:00:00")
        self.assertEqual(len(self.drain()), 1)

    def test_payment_that_never_comes_is_waited_for_ten_days(self):
        self.create_transaction()._set_pending()
        self.go_to("2026-03-20 09:00:00")
        self.assertEqual(self.drain(), [])
        self.go_to("2026-03-20 11:00:00")
        self.assertEqual(len(self.drain()), 1)

    def test_letter_that_waits_is_withdrawn_by_a_payment(self):
        self.policy.level_ids.route_id = self.env.ref("clinic_dunning.route_letter")
        self.message._cancel("Again")
        self.message = self.remind()
        self.drain()
        self.assertEqual(self.message.attempt_ids.state, "accepted")
        self.pay(self.invoice)
        self.assertStopped("canceled", "Nothing is due")
        self.assertEqual(self.message.attempt_ids.state, "failed")

    def test_call_that_waits_is_withdrawn_by_a_payment(self):
        self.policy.level_ids.route_id = self.create_route("phone")
        self.message._cancel("Again")
        self.message = self.remind()
        self.drain()
        activity = self.message.attempt_ids.activity_id
        self.assertTrue(activity)
        self.pay(self.invoice)
        self.drain()
        self.assertFalse(activity.exists())
        self.assertEqual(self.message.state, "canceled")

    def test_first_payment_after_a_reminder_is_noted_on_it(self):
        self.drain()
        self.pay(self.invoice, 30.0)
        self.drain()
        self.assertRecordValues(self.message, [{"paid_amount": 30.0}])

    def test_payment_that_returns_is_told_on_the_case(self):
        self.drain()
        payment = self.pay(self.invoice)
        self.drain()
        payment.move_id.line_ids.remove_move_reconcile()
        payment.action_cancel()
        self.drain()
        self.assertIn("taken back", self.case_of().message_ids[0].body)


@tagged("post_install", "-at_install")
class TestOutboxWindow(DunningCase):
    """Nobody is written to at night where he lives."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(
            level("First", 7), window_from=9, window_to=19, window_weekend=False
        )
        cls.create_invoice(due=days_ago(20))

    def assertWaitsUntil(self, now, until):
        self.go_to(now)
        message = self.remind()
        self.assertEqual(self.drain(), [])
        self.assertEqual((message.state, str(message.not_before)), ("queued", until))
        self.go_to(until)
        self.assertEqual(len(self.drain()), 1)

    def test_early_morning(self):
        self.assertWaitsUntil("2026-03-10 07:59:59", "2026-03-10 08:00:00")

    def test_evening_waits_for_the_next_day(self):
        self.assertWaitsUntil("2026-03-10 18:00:00", "2026-03-11 08:00:00")

    def test_friday_evening_waits_for_monday(self):
        self.assertWaitsUntil("2026-03-13 18:00:00", "2026-03-16 08:00:00")

    def test_weekend_over_the_change_to_summer_time(self):
        self.assertWaitsUntil("2026-03-28 12:00:00", "2026-03-30 07:00:00")

    def test_recipient_in_another_zone(self):
        self.patient.tz = "Asia/Kolkata"
        self.assertWaitsUntil("2026-03-10 14:00:00", "2026-03-11 03:30:00")

    def test_weekend_where_the_policy_allows_it(self):
        self.policy.window_weekend = True
        self.assertWaitsUntil("2026-03-14 06:00:00", "2026-03-14 08:00:00")

    def test_letters_do_not_wait(self):
        self.policy.level_ids.route_id = self.create_route("letter")
        self.go_to("2026-03-14 23:00:00")
        message = self.remind()
        self.drain()
        self.assertEqual(message.attempt_ids.state, "accepted")
