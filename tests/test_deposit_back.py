"""Money that goes back over Stripe: refunds made here or there, disputes."""

from datetime import timedelta

from deposit import StripeDepositCase
from emulators import stripe

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

STRIPE = "odoo.addons.payment_stripe.controllers.main"


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

    def wait(self, hours):
        self.go_to(fields.Datetime.now() + timedelta(hours=hours))
        self.watch()

    def test_refund_that_never_arrived_is_asked_again_and_made_once(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["500", "500"]
        deposit._refund()
        self.stripe.faults += ["500", "500 done"]
        for _run in range(3):
            self.wait(1)
        self.assertEqual([r["amount"] for r in self.stripe.get_refunds(intent)], [4000])
        self.assertEqual((deposit.state, deposit.refunded), ("refunded", 40.0))
        self.assertFalse(self.get_filed(transaction))

    def test_refund_that_never_arrives_is_for_a_person_after_a_day(self):
        self.policy.kind = "fixed"
        for is_bill in (False, True):
            transaction, intent = self.pay_card(
                self.request(partner=self.create_patient(f"Lo {'b' * (1 + is_bill)}"))
            )
            deposit = transaction.clinic_deposit_id
            if is_bill:
                transaction.clinic_deposit_id = False
            self.stripe.faults += ["500"] * 6
            refund = transaction._refund(10.0)
            self.wait(1)
            self.assertEqual(refund.state, "pending")
            self.wait(24)
            self.assertEqual(refund.state, "error")
            filed = self.get_filed(transaction)
            self.assertRecordValues(filed, [{"kind": "to_refund", "amount": 10.0}])
            self.assertEqual(deposit._get_free(), 40.0)
            self.assertFalse(self.stripe.get_refunds(intent))
            self.stripe.faults.clear()

    def test_two_refunds_of_one_reference_are_both_booked(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            deposit._refund(10.0)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.stripe.faults += ["reset", "500 done"]
        deposit._refund(20.0)
        self.tell("charge.refunded", times=2)
        amounts = [r["amount"] for r in self.stripe.get_refunds(intent)]
        self.assertEqual((amounts, deposit.refunded), ([1000, 2000], 30.0))

    def test_while_a_refund_is_under_way_nothing_else_is_done_with_it(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.faults += ["reset", "500 done"]
        deposit._refund(30.0)
        self.assertEqual(deposit._preview_cancel().refunded, 10.0)
        self.booking._by_us().clinic_attendance = "late_cancel"
        for act in (
            lambda: deposit._refund(11.0),
            lambda: deposit._keep(11.0),
            lambda: deposit._apply_to(self.bill(11.0)),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                act()
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

    def test_return_for_a_part_of_a_payment_books_no_money_that_never_came(self):
        near = fields.Datetime.to_datetime("2026-03-12 08:00:00")
        hold, held = self.hold_card(self.request(start=near))
        self.stripe.lapse(held)
        self.booking._cancel("clinic")
        void = hold.child_transaction_ids
        self.policy.kind = "fixed"
        paid, intent = self.pay_card(
            self.request(partner=self.create_patient("Max Other"))
        )
        self.stripe.faults += ["500", "500"]
        refund = paid.clinic_deposit_id._refund()
        before = [(void, void.state), (refund, refund.state)]
        self.assertEqual([state for _part, state in before], ["error", "pending"])
        for part, state in before:
            self.come_back(part, intent)
            self.settle()
            self.assertEqual((part.state, part.payment_id.amount), (state, 0.0))
        self.assertEqual(paid.clinic_deposit_id.open, 40.0)

    def test_return_for_a_release_books_no_capture_twice(self):
        near = fields.Datetime.to_datetime("2026-03-12 08:00:00")
        hold, intent = self.hold_card(self.request(start=near))
        self.stripe.faults += ["400"]
        void = hold._void()
        self.assertEqual(void.state, "error")
        hold.clinic_deposit_id._capture()
        self.come_back(void, intent)
        self.settle()
        self.assertEqual((void.state, hold.clinic_deposit_id.paid), ("error", 40.0))

    def test_refund_at_the_dashboard_is_booked(self):
        transaction, intent = self.pay_card()
        self.stripe.refund_at_dashboard(intent, 2500)
        self.tell("charge.refunded", times=2)
        self.assertEqual(transaction.clinic_deposit_id.refunded, 25.0)

    def test_what_was_captured_of_a_hold_goes_back_once(self):
        near = fields.Datetime.to_datetime("2026-03-12 08:00:00")
        hold, intent = self.hold_card(self.request(start=near))
        deposit = hold.clinic_deposit_id
        deposit._capture()
        deposit._refund(10.0)
        self.settle()
        self.tell("charge.refunded", times=2)
        self.assertRecordValues(deposit, [{"refunded": 10.0, "open": 30.0}])
        self.stripe.refund_at_dashboard(intent, 2500)
        self.tell("charge.refunded", times=2)
        self.assertRecordValues(deposit, [{"refunded": 35.0, "open": 5.0}])
        payments = self.env["account.payment"]
        refunds = payments.search([("payment_type", "=", "outbound")])
        self.assertEqual(sorted(refunds.mapped("amount")), [10.0, 25.0])
        parts = hold | hold.child_transaction_ids
        self.assertFalse(self.Exception.search([("transaction_id", "in", parts.ids)]))

    def test_refund_that_bounced_opens_the_deposit_for_a_person(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        for turn in range(2):
            deposit._refund()
            self.settle()
            self.stripe.bounce(self.stripe.get_refunds(intent)[turn]["id"])
            self.tell("charge.refund.updated", times=2)
            self.assertRecordValues(deposit, [{"state": "exception", "open": 40.0}])
            filed = self.get_filed(transaction)
            self.assertRecordValues(
                filed, [{"kind": "bounced", "state": "open", "amount": 40.0}]
            )
            filed.action_done()

    def test_refund_that_bounced_after_its_period_was_closed_is_reversed_today(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        deposit._refund()
        self.settle()
        payment = transaction.child_transaction_ids.payment_id
        self.go_to(fields.Datetime.now() + timedelta(days=25))
        self.company.fiscalyear_lock_date = "2026-03-31"
        self.stripe.bounce(self.stripe.get_refunds(intent)[0]["id"])
        self.tell("charge.refund.updated", times=2)
        self.assertRecordValues(deposit, [{"state": "exception", "open": 40.0}])
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["bounced"])
        self.assertEqual(payment.move_id.state, "posted")
        reversal = payment.move_id.reversal_move_ids
        self.assertEqual(reversal.date, fields.Date.today())

    def test_news_of_a_dispute_in_the_wrong_order_stop_nothing(self):
        transaction, intent = self.pay_card()
        self.stripe.dispute(intent)
        self.stripe.dispute(intent, "won")
        self.tell("charge.dispute.closed")
        self.tell("charge.dispute.created")
        self.assertEqual(transaction.clinic_deposit_id.state, "paid")
        self.assertFalse(self.get_filed(transaction))

    def test_dispute_stops_everything_and_a_won_one_goes_on(self):
        transaction, intent = self.pay_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.dispute(intent)
        self.tell("charge.dispute.created", times=2)
        self.assertEqual(deposit.state, "exception")
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["disputed"])
        self.booking.clinic_invoice_id = bill = self.bill(40.0)
        self.booking._use_deposit(bill)
        self.assertEqual((deposit.applied, bill.amount_residual), (0.0, 40.0))
        self.assertTrue(bill.activity_ids)
        self.stripe.dispute(intent, "won")
        self.tell("charge.dispute.closed")
        self.assertEqual((deposit.state, bill.amount_residual), ("applied", 0.0))

    def lose(self, transaction, intent):
        """The bank takes the money of a payment back; return the deposit."""
        self.stripe.dispute(intent, "lost")
        self.tell("charge.dispute.closed", times=2)
        filed = self.get_filed(transaction).filtered(lambda e: e.state == "open")
        self.assertEqual(filed.mapped("kind"), ["charged_back"])
        deposit = transaction.clinic_deposit_id
        self.assertRecordValues(
            deposit,
            [
                {
                    "state": "exception",
                    "refunded": 40,
                    "applied": 0,
                    "kept": 0,
                    "open": 0,
                }
            ],
        )
        filed.action_done()
        self.assertEqual(deposit.state, "refunded")
        return deposit

    def test_lost_dispute_is_booked_and_nobody_is_thanked_for_it(self):
        self.lose(*self.pay_card())
        told = self.env["clinic.message"].search([("res_model", "=", "clinic.deposit")])
        self.assertNotIn("deposit_refunded", told.topic_id.mapped("code"))

    def test_lost_dispute_opens_the_bill_or_fee_that_it_paid(self):
        self.policy.kind = "fixed"
        start = fields.Datetime.to_datetime("2026-03-16 08:00:00")
        for account in (None, self.create_advance_account()):
            for use in ("apply", "keep"):
                name = f"Lou {use} {'two' if account else 'one'}"
                start += timedelta(hours=1)
                patient = self.create_patient(name)
                paid = self.pay_card(self.request(start=start, partner=patient))
                deposit = paid[0].clinic_deposit_id
                if use == "apply":
                    bill = self.bill(50.0, deposit.partner_id)
                    deposit._apply_to(bill)
                else:
                    self.booking._by_us().clinic_attendance = "no_show"
                    bill = deposit._keep()
                self.lose(*paid)
                self.assertEqual(bill.amount_residual, bill.amount_total)
                self.assertEqual(bool(bill.no_followup), use == "keep")

    def test_lost_dispute_of_a_captured_hold_is_booked(self):
        near = fields.Datetime.to_datetime("2026-03-12 08:00:00")
        hold, intent = self.hold_card(self.request(start=near))
        hold.clinic_deposit_id._capture()
        self.lose(hold, intent)

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
        found = transaction._look_up_by_stripe()
        self.assertEqual(found["payment_intent"]["id"], intent)
        transaction.reference = "OTHER"
        self.assertIs(transaction._look_up_by_stripe(), False)
        self.stripe.down = True
        self.assertIsNone(transaction._look_up_by_stripe())
        self.stripe.down = False
