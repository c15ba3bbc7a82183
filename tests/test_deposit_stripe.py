"""Holds, captures, refunds and disputes at Stripe, as it really answers."""

from datetime import timedelta

from deposit import StripeDepositCase
from emulators import stripe

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

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

    def test_more_than_is_held_is_not_captured(self):
        transaction, _intent = self.hold_near()
        with self.assertRaisesRegex(UserError, "40.00"):
            transaction.clinic_deposit_id._capture(40.01)

    def test_second_capture_waits_for_the_answer_of_the_first(self):
        transaction, intent = self.hold_near()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "reset"]
        deposit._capture(10.0)
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
            ("KWD", 41.15, 12345, 4.321, 4321),
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
                deposit._capture(part)
                received = self.stripe.intents[intent]["amount_received"]
                self.assertEqual(received, part_minor)
                self.assertEqual(deposit.open, part)
                self.near += timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestDepositMoneyBack(StripeDepositCase):
    """Refunds made here, made there, bounced; disputes."""

    def test_refund_goes_back_once_and_is_matched(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        deposit._refund(10.0)
        self.settle()
        self.tell("charge.refunded", times=2)
        self.assertEqual([r["amount"] for r in self.stripe.get_refunds(intent)], [1000])
        self.assertRecordValues(
            deposit, [{"state": "paid", "refunded": 10.0, "open": 30.0}]
        )
        self.assertEqual(len(transaction.child_transaction_ids), 1)
        deposit._refund()
        self.settle()
        self.assertEqual(deposit.state, "refunded")

    def test_refund_whose_answer_is_lost_is_booked_once(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "500 done"]
        refund = deposit._refund(10.0)
        self.assertEqual(refund.state, "pending")
        with self.assertRaises(UserError):
            deposit._refund(31.0)
        self.tell("charge.refunded", times=2)
        self.assertEqual(deposit.refunded, 10.0)
        self.assertEqual(len(self.stripe.get_refunds(intent)), 1)

    def test_while_a_refund_is_under_way_nothing_else_is_done_with_it(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "500 done"]
        deposit._refund(30.0)
        for act in (
            lambda: deposit._refund(11.0),
            lambda: deposit._keep(11.0),
            lambda: deposit._apply_to(self.bill(11.0)),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                act()
        self.assertEqual(deposit._preview_cancel().refunded, 10.0)
        deposit._keep(10.0)
        self.tell("charge.refunded", times=2)
        self.assertRecordValues(
            deposit, [{"refunded": 30.0, "kept": 10.0, "open": 0.0, "state": "kept"}]
        )
        self.assertEqual(
            sum(r["amount"] for r in self.stripe.get_refunds(intent)), 3000
        )

    def test_refund_at_the_dashboard_of_what_paid_the_bill_is_for_a_person(self):
        self.policy.kind = "fixed"
        for account in (None, self.create_advance_account()):
            transaction, intent = self.pay_card(
                self.request(partner=self.create_patient("Lou Un" if account else "Lo"))
            )
            deposit = transaction.clinic_deposit_id
            bill = self.bill(40.0, deposit.partner_id)
            deposit._apply_to(bill)
            self.stripe.refund_at_dashboard(intent, 2500)
            self.tell("charge.refunded", times=2)
            self.assertEqual((deposit.state, deposit.applied), ("applied", 40.0))
            filed = self.get_filed(transaction)
            self.assertRecordValues(filed, [{"kind": "overdrawn", "amount": 25.0}])
            self.assertIn("Undo the use", filed.next_action)
            self.assertEqual(deposit.partner_id.clinic_overdue, 0.0)

    def test_return_of_one_deposit_does_not_pay_another(self):
        self.policy.kind = "fixed"
        first, intent = self.start(self.request())
        second, _intent = self.start(
            self.request(partner=self.create_patient("Max Other"))
        )
        self.stripe.pay(intent)
        self.come_back(second, intent)
        self.come_back(first, intent)
        self.come_back(second, intent)
        self.settle()
        self.assertEqual((first.state, second.state), ("done", "draft"))
        self.assertEqual(second.clinic_deposit_id.state, "requested")

    def test_refund_at_the_dashboard_is_booked(self):
        transaction, intent = self.pay_card()
        self.stripe.refund_at_dashboard(intent, 2500)
        self.tell("charge.refunded", times=2)
        self.assertEqual(transaction.clinic_deposit_id.refunded, 25.0)

    def test_refund_that_bounced_opens_the_deposit_for_a_person(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        deposit._refund()
        self.settle()
        self.stripe.bounce(self.stripe.get_refunds(intent)[0]["id"])
        self.tell("charge.refund.updated", times=2)
        self.assertRecordValues(deposit, [{"state": "exception", "open": 40.0}])
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["bounced"])

    def test_dispute_stops_everything_and_a_won_one_goes_on(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.dispute(intent)
        self.tell("charge.dispute.created", times=2)
        self.assertEqual(deposit.state, "exception")
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["disputed"])
        self.stripe.dispute(intent, "won")
        self.tell("charge.dispute.closed")
        self.assertEqual(deposit.state, "paid")

    def test_lost_dispute_is_money_taken_back(self):
        transaction, intent = self.pay_card()
        self.stripe.dispute(intent, "lost")
        self.tell("charge.dispute.closed")
        filed = self.get_filed(transaction).filtered(lambda e: e.state == "open")
        self.assertEqual(filed.mapped("kind"), ["charged_back"])

    def test_forged_and_unsigned_news_are_refused(self):
        transaction, intent = self.pay_card()
        self.stripe.dispute(intent)
        body, headers = self.stripe.get_told("charge.dispute.created")
        for signature in (stripe.sign(body, "whsec_wrong"), ""):
            forged = {**headers, "Stripe-Signature": signature}
            with mute_logger(STRIPE, "odoo.http"):
                self.assertEqual(self.webhook(body, forged).status_code, 403)
        self.provider.stripe_webhook_secret = False
        self.assertEqual(self.webhook(body, headers).status_code, 403)
        self.assertFalse(self.get_filed(transaction))

    def test_webhook_comes_again_while_stripe_can_not_be_asked(self):
        transaction, intent = self.pay_card()
        self.stripe.refund_at_dashboard(intent, 1000)
        event = self.stripe.get_told("charge.refunded")
        self.stripe.down = True
        self.assertEqual(self.webhook(*event).status_code, 503)
        self.stripe.down = False
        self.assertEqual(self.webhook(*event).status_code, 200)
        self.settle()
        self.assertEqual(transaction.clinic_deposit_id.refunded, 10.0)

    def test_over_refund_is_refused_in_cores_wizard_too(self):
        transaction, _intent = self.pay_card()
        with self.assertRaises(UserError):
            transaction._refund(40.01)
        self.assertFalse(transaction.child_transaction_ids)

    def test_lost_charge_of_a_saved_card_is_found_by_its_reference(self):
        transaction, intent = self.pay_card()
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.patient.id,
                "provider_ref": self.stripe.intents[intent]["customer"],
            }
        )
        transaction.token_id = token
        made_at = int(transaction.create_date.timestamp())
        self.stripe.intents[intent]["created"] = made_at
        found = transaction._look_up_by_stripe()
        self.assertEqual(found["payment_intent"]["id"], intent)
        transaction.reference = "OTHER"
        self.assertIs(transaction._look_up_by_stripe(), False)
        self.stripe.down = True
        self.assertIsNone(transaction._look_up_by_stripe())
        self.stripe.down = False
