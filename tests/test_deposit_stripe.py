"""Holds, captures, refunds and disputes at Stripe, as it really answers."""

from datetime import timedelta

from deposit import StripeDepositCase

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

CORE = "odoo.addons.payment.models.payment_transaction"
STRIPE = "odoo.addons.payment_stripe.controllers.main"


@tagged("post_install", "-at_install")
class TestDepositHold(StripeDepositCase):
    """A hold is no money; what is captured of it is."""

    def setUp(self):
        super().setUp()
        self.near = fields.Datetime.to_datetime("2026-03-12 08:00:00")

    def hold_near(self):
        return self.hold_card(self.request(start=self.near))

    def test_hold_confirms_the_visit_and_books_nothing(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.assertEqual(self.stripe.intents[intent]["capture_method"], "manual")
        self.assertEqual((deposit.state, deposit.paid), ("authorized", 0.0))
        self.assertEqual(self.booking.state, "confirmed")
        self.assertFalse(transaction.payment_id)
        self.assertTrue(transaction.clinic_capture_before)
        self.assertFalse(self.provider.capture_manually)
        self.assertFalse(
            self.booking._has_live_payment(), "the patient may cancel online"
        )

    def test_part_is_captured_and_the_rest_let_go(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        capture = deposit._capture(15.5)
        self.assertEqual(self.stripe.intents[intent]["amount_received"], 1550)
        self.assertRecordValues(
            deposit, [{"state": "paid", "paid": 15.5, "open": 15.5}]
        )
        self.assertEqual(transaction.state, "done")
        self.assertEqual(capture.payment_id.amount, 15.5)
        self.assertFalse(transaction.payment_id)
        released = deposit.line_ids.filtered(lambda line: line.kind == "released")
        self.assertEqual(released.amount, 24.5)
        self.tell("payment_intent.succeeded", times=2)
        self.assertEqual(deposit.paid, 15.5)

    def test_what_is_to_be_paid_is_taken_at_once_by_a_provider_that_only_holds(self):
        self.provider.capture_manually = True
        self.policy.kind = "fixed"
        transaction, intent = self.hold_card(self.request(start=self.near))
        self.assertEqual(self.stripe.intents[intent]["amount_received"], 4000)
        self.assertRecordValues(
            transaction.clinic_deposit_id, [{"state": "paid", "paid": 40.0}]
        )
        self.assertEqual(self.booking.state, "confirmed")

    def test_more_than_is_held_is_not_captured(self):
        transaction, _intent = self.hold_near()
        with self.assertRaisesRegex(UserError, "40.00"):
            transaction.clinic_deposit_id._capture(40.01)

    def test_second_capture_waits_for_the_answer_of_the_first(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "reset"]
        deposit._capture(10.0)
        self.booking._by_us().clinic_attendance = "no_show"
        for act in (deposit._capture, deposit._keep, deposit._release):
            with self.assertRaisesRegex(UserError, "not answered"):
                with self.env.cr.savepoint():
                    act()
        self.tell("payment_intent.succeeded")
        self.assertEqual(self.stripe.intents[intent]["amount_received"], 1000)
        self.assertEqual((deposit.state, deposit.paid), ("paid", 10.0))

    def test_hold_that_lapsed_unnoticed_stops_no_cancellation(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.lapse(intent)
        self.booking._cancel("clinic")
        self.assertFalse(self.booking.active)
        self.assertEqual((deposit.state, transaction.state), ("released", "cancel"))

    def test_release_lets_all_go(self):
        transaction, intent = self.hold_near()
        transaction.clinic_deposit_id._release()
        self.assertEqual(self.stripe.intents[intent]["status"], "canceled")
        self.assertEqual(transaction.clinic_deposit_id.state, "released")
        self.assertEqual(transaction.state, "cancel")

    def test_no_show_keeps_the_hold_by_a_posted_fee(self):
        transaction, _intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        deposit._cancel("no_show", "Missed")
        self.assertRecordValues(deposit, [{"state": "kept", "kept": 40.0}])
        fee = deposit.line_ids.move_id
        self.assertEqual((fee.state, fee.payment_state), ("posted", "paid"))

    def test_capture_whose_answer_is_lost_is_learnt_later_and_booked_once(self):
        transaction, _intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "reset"]
        capture = deposit._capture(10.0)
        self.assertEqual((capture.state, deposit.state), ("pending", "authorized"))
        self.tell("payment_intent.succeeded", times=2)
        self.assertRecordValues(deposit, [{"state": "paid", "paid": 10.0}])
        self.assertEqual(capture.state, "done")

    def test_capture_or_release_that_never_arrived_is_asked_again(self):
        for act, status in (("_capture", "succeeded"), ("_release", "canceled")):
            transaction, intent = self.hold_near()
            deposit = transaction.clinic_deposit_id
            self.stripe.faults += ["500", "500"]
            getattr(deposit, act)()
            self.go_to(fields.Datetime.now() + timedelta(hours=1))
            self.watch()
            self.assertEqual(self.stripe.intents[intent]["status"], status)
            self.assertIn(deposit.state, ("paid", "released"))
            self.near += timedelta(hours=2)

    def test_capture_that_never_arrives_may_be_tried_anew_after_a_day(self):
        self.create_user("officer", "clinic_dunning.group_billing_officer")
        transaction, _intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["500", "500"]
        capture = deposit._capture(10.0)
        self.go_to(fields.Datetime.now() + timedelta(hours=24))
        self.watch()
        self.assertEqual((capture.state, len(deposit.activity_ids)), ("error", 1))
        deposit._capture(10.0)
        self.assertEqual(deposit.paid, 10.0)

    def test_capture_refused_by_stripe_changes_nothing(self):
        transaction, intent = self.hold_near()
        self.stripe.lapse(intent)
        with self.assertRaisesRegex(UserError, "refused"):
            transaction.clinic_deposit_id._capture()

    def test_capture_at_stripes_own_pages_is_booked(self):
        transaction, intent = self.hold_near()
        record = self.stripe.intents[intent]
        record.update(status="succeeded", amount_received=1200, amount_capturable=0)
        self.stripe.tell("payment_intent.succeeded", record)
        self.tell("payment_intent.succeeded")
        self.assertEqual(transaction.clinic_deposit_id.paid, 12.0)

    def test_hold_that_lapsed_before_the_visit_is_released_and_told(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.lapse(intent)
        self.tell("payment_intent.canceled")
        self.assertEqual(deposit.state, "released")
        self.assertEqual(self.booking.state, "confirmed")

    def test_old_news_do_not_undo_newer_ones(self):
        deposit = self.request(start=self.near)
        transaction, intent = self.start(deposit)
        self.stripe.decline(intent)
        self.stripe.pay(intent)
        self.tell("payment_intent.amount_capturable_updated")
        self.assertEqual(transaction.state, "authorized")
        self.tell("payment_intent.payment_failed")
        self.assertEqual(transaction.state, "authorized")

    def test_declined_and_then_accepted_the_hold_stands(self):
        deposit = self.request(start=self.near)
        transaction, intent = self.start(deposit)
        self.stripe.decline(intent)
        transaction._set_error("declined")
        self.assertEqual(deposit.state, "requested")
        self.stripe.pay(intent)
        self.tell("payment_intent.amount_capturable_updated")
        self.assertEqual((transaction.state, deposit.state), ("authorized",) * 2)

    def test_lost_webhook_and_closed_browser_are_made_up_for(self):
        deposit = self.request(start=self.near)
        transaction, intent = self.start(deposit)
        self.stripe.pay(intent)
        self.go_to("2026-03-10 10:12:00")
        self.watch()
        self.assertEqual((transaction.state, deposit.state), ("authorized",) * 2)

    def test_staff_is_warned_once_before_a_hold_ends(self):
        transaction, _intent = self.hold_near()
        self.create_user("officer", "clinic_dunning.group_billing_officer")
        deposit = transaction.clinic_deposit_id
        soon = fields.Datetime.now() + timedelta(hours=3)
        transaction.clinic_capture_before = soon
        self.watch()
        self.watch()
        self.assertEqual(len(deposit.activity_ids), 1)

    def test_without_a_webhook_secret_no_deposit_and_no_hold(self):
        self.provider.stripe_webhook_secret = False
        with self.assertRaisesRegex(UserError, "webhook secret"):
            self.policy.action_publish()
        deposit = self.request(start=self.near)
        self.assertEqual(deposit.way, "pay")
        link, _url = deposit._issue_link()
        checkout = self.env["clinic.payment.checkout"]._open_deposit(
            deposit, link.sudo()
        )
        self.assertFalse(checkout._get_options()[0])

    def test_late_hold_for_a_slot_that_is_gone_is_let_go(self):
        deposit = self.request(start=self.near)
        booking = self.booking
        transaction, intent = self.start(deposit)
        self.stripe.pay(intent)
        self.go_to("2026-03-10 10:20:00")
        self.release()
        self.hold(self.near, self.create_patient(), combination=booking.combination_id)
        self.come_back(transaction, intent)
        self.settle()
        self.assertEqual(self.stripe.intents[intent]["status"], "canceled")
        self.assertEqual(deposit.state, "expired")

    def test_yen_and_dinars_are_counted_in_their_own_units(self):
        self.policy.write({"amount": 0.0, "percent": 30.0})
        for name, price, minor, part, part_minor in (
            ("JPY", 13333.0, 4000, 1500.0, 1500),
            ("KWD", 41.15, 12340, 4.32, 4320),
        ):
            with self.subTest(currency=name):
                currency = self.env["res.currency"].with_context(active_test=False)
                currency = currency.search([("name", "=", name)])
                currency.active = True
                self.kind.clinic_currency_id = currency
                self.kind.clinic_price = price
                deposit = self.request(
                    start=self.near, partner=self.create_patient(f"Zoe {name.title()}")
                )
                transaction, intent = self.hold_card(deposit)
                self.assertEqual(self.stripe.intents[intent]["amount"], minor)
                deposit._capture(part + (0.001 if name == "KWD" else 0.0))
                received = self.stripe.intents[intent]["amount_received"]
                self.assertEqual(received, part_minor)
                self.assertEqual(deposit.open, part)
                self.near += timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestDepositTabs(StripeDepositCase):
    """Forms left open in another tab."""

    def begin_twice(self):
        """Open two forms; return the deposit and (transaction, intent) of each."""
        deposit = self.request(start=fields.Datetime.to_datetime("2026-03-12 08:00:00"))
        return deposit, self.start(deposit), self.start(deposit)

    def finish(self, transaction, intent):
        self.stripe.pay(intent)
        self.come_back(transaction, intent)
        transaction._post_process()

    def test_second_hold_is_let_go(self):
        deposit, first, second = self.begin_twice()
        self.finish(*second)
        self.finish(*first)
        self.assertEqual((deposit.state, second[0].state), ("authorized", "authorized"))
        self.assertEqual(self.stripe.intents[first[1]]["status"], "canceled")
        self.assertFalse(self.get_filed(first[0]))

    def test_forms_that_are_left_open_take_no_money(self):
        self.policy.kind = "fixed"
        journal = self.create_cash_journal()
        for over in (
            lambda deposit, _other: deposit._receive_by_hand(journal, "token"),
            lambda _deposit, other: self.finish(*other),
            lambda deposit, _other: deposit._release(),
            lambda deposit, _other: deposit.booking_id._cancel("patient"),
        ):
            deposit, begun, other = self.begin_twice()
            self.watch()
            self.assertEqual(begun[0].state, "draft")
            over(deposit, other)
            self.watch()
            self.assertEqual(begun[0].state, "cancel")
            self.assertEqual(self.stripe.intents[begun[1]]["status"], "canceled")
            deposit.booking_id._give_back("clinic")

    def test_form_of_a_slot_that_was_given_back_may_still_be_paid(self):
        deposit, begun, _other = self.begin_twice()
        self.go_to("2026-03-10 10:16:00")
        self.release()
        self.watch()
        self.assertEqual((deposit.state, begun[0].state), ("expired", "draft"))
        self.finish(*begun)
        self.assertEqual(
            (deposit.state, self.booking.state), ("authorized", "confirmed")
        )

    def test_what_was_paid_just_before_it_is_given_up_counts(self):
        self.policy.kind = "fixed"
        deposit, begun, _other = self.begin_twice()
        self.stripe.pay(begun[1])
        deposit._release()
        self.watch()
        self.assertEqual((begun[0].state, deposit.state), ("done", "exception"))
        self.assertEqual(self.get_filed(begun[0]).mapped("kind"), ["late"])
