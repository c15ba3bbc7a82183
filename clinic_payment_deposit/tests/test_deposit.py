from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .booking_common import MONDAY_NINE
from .deposit_common import DepositCase

BILLS = "odoo.addons.clinic_dunning.models.payment.transaction"


@tagged("post_install", "-at_install")
class TestDeposit(DepositCase):
    """From the request to the end, in states and in the books."""

    def test_request_books_nothing_and_keeps_what_was_accepted(self):
        deposit = self.request()
        self.assertRecordValues(
            deposit,
            [
                {
                    "state": "requested",
                    "amount": 30.0,
                    "way": "pay",
                    "booking_id": self.booking.id,
                    "visit_start": MONDAY_NINE,
                    "pay_by": self.booking.clinic_held_until,
                    "free_until": MONDAY_NINE - timedelta(hours=24),
                    "open": 0.0,
                }
            ],
        )
        self.assertIn("cancel for free", deposit.acceptance_id.text)
        self.assertTrue(self.booking._is_deposit_missing())
        self.assertFalse(deposit.line_ids)

    def test_old_terms_are_not_accepted(self):
        booking = self.hold()
        version = self.policy.version
        self.policy.text = "<p>New terms.</p>"
        with self.assertRaisesRegex(UserError, "terms have changed"):
            self.Deposit._request(booking, {"version": version})

    def test_paid_deposit_confirms_the_visit_and_is_an_advance(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        self.assertEqual(deposit.state, "paid")
        self.assertEqual(self.booking.state, "confirmed")
        advance = deposit._get_advance_lines()
        self.assertRecordValues(
            advance,
            [
                {
                    "account_type": "asset_receivable",
                    "amount_residual": -30.0,
                    "clinic_is_reserved": True,
                }
            ],
        )
        self.assertFalse(self.patient.clinic_balance)

    def test_reserved_money_is_no_credit_against_other_bills(self):
        self.create_policy()
        bill = self.create_invoice(amount=20.0)
        self.pay_deposit(self.request())
        self.assertDecides(bill)

    def test_deposit_pays_its_visits_bill_and_the_rest_is_given_back(self):
        for account in (None, self.create_advance_account()):
            with self.subTest(account=account and account.code):
                deposit = self.request(
                    partner=self.create_patient("Ann Other" if account else "Al Ba")
                )
                transaction = self.pay_deposit(deposit)
                if account:
                    self.assertEqual(deposit._get_advance_lines().account_id, account)
                bill = self.bill(20.0, deposit.partner_id)
                deposit._apply_to(bill)
                self.assertEqual(bill.amount_residual, 0.0)
                self.assertEqual((deposit.state, deposit.open), ("paid", 10.0))
                self.refund(deposit, transaction, 10.0)
                self.assertRecordValues(
                    deposit,
                    [{"state": "applied", "applied": 20.0, "refunded": 10.0}],
                )
                self.assertTrue(all(deposit._get_advance_lines().mapped("reconciled")))

    def refund(self, deposit, transaction, amount):
        """Give back, as a provider that says yes at once."""
        self.provider.write({"support_refund": "partial"})
        refund = transaction._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        refund._post_process()
        return refund

    def credit(self, bill, amount):
        """Post a credit note of a part of a bill."""
        note = bill._reverse_moves()
        note.invoice_line_ids.price_unit = amount
        note.action_post()

    def test_deposit_under_the_bill_leaves_the_rest_to_pay(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        bill = self.bill(100.0)
        deposit._apply_to(bill)
        self.assertEqual(deposit.state, "applied")
        self.assertEqual(bill.amount_residual, 70.0)
        self.assertEqual(deposit.line_ids.filtered("move_id").move_id, bill)

    def test_bill_that_is_cancelled_or_credited_opens_the_deposit_again(self):
        for account in (None, self.create_advance_account()):
            with self.subTest(account=account and account.code):
                deposit = self.request(
                    partner=self.create_patient("Ann Other" if account else "Al Ba")
                )
                transaction = self.pay_deposit(deposit)
                bill = self.bill(20.0, deposit.partner_id)
                deposit._apply_to(bill)
                bill.button_draft()
                bill.button_cancel()
                self.assertEqual((deposit.state, deposit.open), ("paid", 30.0))
                bill.button_draft()
                bill.action_post()
                deposit._apply_to(bill)
                self.assertEqual((bill.amount_residual, deposit.applied), (0.0, 20.0))
                self.credit(bill, 5.0)
                self.assertEqual((bill.amount_residual, deposit.applied), (0.0, 15.0))
                self.credit(bill, 15.0)
                self.assertEqual((deposit.state, deposit.open), ("paid", 30.0))
                self.refund(deposit, transaction, 30.0)
                self.assertEqual(deposit.state, "refunded")
                self.assertFalse(deposit.partner_id.clinic_balance)

    def test_more_than_is_open_is_not_given_back(self):
        deposit = self.request()
        transaction = self.pay_deposit(deposit)
        with self.assertRaisesRegex(UserError, "30.00"):
            deposit._refund(30.01)
        with self.assertRaises(UserError):
            transaction._refund(30.01)

    def test_payment_of_a_deposit_is_not_reset_behind_its_back(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        with self.assertRaises(UserError):
            deposit._get_payments().action_draft()

    def test_expired_deposit_gives_the_slot_back_and_late_money_takes_it_again(self):
        deposit = self.request()
        transaction = self.begin(deposit)
        self.go_to("2026-03-10 10:20:00")
        self.release()
        self.assertEqual(deposit.state, "expired")
        self.assertFalse(self.booking.active)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(deposit.state, "paid")
        self.assertEqual(self.booking.state, "confirmed")
        self.assertFalse(self.get_filed(transaction))

    def test_late_money_for_a_slot_that_is_gone_is_put_on_the_list(self):
        deposit = self.request()
        booking, transaction = self.booking, self.begin(deposit)
        self.go_to("2026-03-10 10:20:00")
        self.release()
        self.hold(combination=booking.combination_id, partner=self.create_patient())
        transaction._set_done()
        transaction._post_process()
        self.assertEqual((deposit.state, deposit.open), ("exception", 30.0))
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["late"])
        self.refund(deposit, transaction, 30.0)
        self.assertEqual(deposit.state, "refunded")

    def test_slot_is_kept_while_a_payment_is_under_way(self):
        deposit = self.request()
        self.begin(deposit)._set_pending()
        self.assertEqual(deposit.state, "pending")
        self.go_to("2026-03-10 10:20:00")
        self.release()
        self.assertTrue(self.booking.active)

    def test_money_that_can_not_be_booked_is_put_on_the_list_and_keeps_the_slot(self):
        deposit = self.request()
        transaction = self.begin(deposit)
        transaction._set_done()
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        line = lines.filtered(lambda one: one.payment_provider_id == self.provider)
        account, line.payment_account_id = line.payment_account_id, False
        with self.assertLogs(BILLS, "WARNING"):
            transaction._post_process()
        self.assertEqual(self.get_filed(transaction).mapped("kind"), ["failed"])
        self.go_to("2026-03-10 10:20:00")
        self.release()
        self.assertEqual((deposit.state, self.booking.active), ("pending", True))
        line.payment_account_id = account
        self.get_filed(transaction).action_try_again()
        self.assertEqual((deposit.state, self.booking.state), ("paid", "confirmed"))

    def test_whichever_payment_comes_first_counts(self):
        deposit = self.request()
        begun = self.begin(deposit)
        first = self.pay_deposit(deposit)
        begun._set_done()
        begun._post_process()
        self.assertEqual(self.get_filed(begun).mapped("kind"), ["double"])
        self.assertFalse(self.get_filed(first))

    def test_second_payment_is_put_on_the_list_and_can_be_given_back(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        second = self.pay_deposit(deposit)
        self.assertEqual(self.get_filed(second).mapped("kind"), ["double"])
        self.assertEqual((deposit.state, deposit.open), ("paid", 60.0))
        self.refund(deposit, second, 30.0)
        self.assertEqual((deposit.state, deposit.open), ("paid", 30.0))

    def test_failed_payment_asks_again(self):
        deposit = self.request()
        transaction = self.begin(deposit)
        transaction._set_pending()
        transaction._set_error("declined")
        self.assertEqual(deposit.state, "requested")

    def test_cancelled_in_time_all_is_given_back(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        refund = deposit._preview_cancel(MONDAY_NINE - timedelta(hours=25))
        self.assertEqual((refund.refunded, refund.kept), (30.0, 0.0))

    def test_cancelled_late_a_part_is_kept_by_a_fee(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        refund = deposit._preview_cancel()
        self.assertEqual((refund.refunded, refund.kept), (15.0, 15.0))
        deposit._cancel("patient", "Cancelled")
        fee = deposit.line_ids.filtered(lambda line: line.kind == "kept").move_id
        self.assertEqual((fee.amount_total, fee.payment_state), (15.0, "paid"))
        self.assertTrue(fee.no_followup, "nobody is reminded of it")

    def test_cancelling_again_keeps_and_gives_back_nothing_more(self):
        deposit = self.request()
        paid = self.pay_deposit(deposit)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        self.booking._cancel("patient")
        deposit._cancel("patient", "Again")
        deposit._cancel("no_show", "Again")
        self.assertEqual((deposit.kept, deposit.state), (15.0, "paid"))
        self.assertEqual(self.get_filed(paid).mapped("amount"), [15.0])
        self.refund(deposit, paid, 15.0)
        self.assertEqual((deposit.kept, deposit.refunded, deposit.open), (15, 15, 0))

    def test_terms_that_nobody_accepted_let_nothing_be_kept(self):
        deposit = self.request(accepted=False)
        self.pay_deposit(deposit)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        self.assertEqual(deposit._preview_cancel().kept, 0.0)
        self.assertIn("not possible", deposit._get_free_text("en_US"))
        self.booking._by_us().clinic_attendance = "no_show"
        with self.assertRaisesRegex(UserError, "never accepted"):
            deposit._keep(1.0)

    def test_paid_twice_the_accepted_share_is_kept_once(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        self.pay_deposit(deposit)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        refund = deposit._preview_cancel()
        self.assertEqual((refund.refunded, refund.kept), (45.0, 15.0))
        bill = self.bill(100.0)
        deposit._apply_to(bill)
        self.assertEqual((deposit.applied, deposit.open), (30.0, 30.0))

    def test_what_went_back_before_lowers_no_share(self):
        deposit = self.request()
        self.refund(deposit, self.pay_deposit(deposit), 15.0)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        refund = deposit._preview_cancel()
        self.assertEqual((refund.refunded, refund.kept), (0.0, 15.0))

    def test_what_was_kept_goes_back_when_the_clinic_cancels(self):
        deposit = self.request()
        paid = self.pay_deposit(deposit)
        with self.assertRaisesRegex(UserError, "note first"):
            deposit._keep(10.0)
        self.booking._by_us().clinic_attendance = "late_cancel"
        deposit._keep(15.0)
        self.booking._by_us().clinic_attendance = "expected"
        self.booking._cancel("clinic")
        self.assertEqual((deposit.kept, deposit.open), (0.0, 30.0))
        self.assertEqual(self.get_filed(paid).amount, 30.0)

    def test_moved_visit_goes_by_the_accepted_terms(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        self.policy.write({"free_cancel_hours": 480, "nature": "arrhes"})
        later = MONDAY_NINE + timedelta(hours=2)
        self.booking._move_to(later)
        self.assertEqual(deposit.free_until, later - timedelta(hours=24))
        self.assertEqual(deposit.nature, "deposit")

    def test_clinic_that_excuses_a_late_cancellation_gives_back_what_it_kept(self):
        deposit = self.request()
        paid = self.pay_deposit(deposit)
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        self.booking.type_id.modifications_deadline = 24
        self.booking.action_late_cancel()
        self.assertEqual(self.booking.clinic_attendance, "late_cancel")
        self.assertEqual(deposit.kept, 15.0)
        fee = deposit.line_ids.filtered(lambda line: line.kind == "kept").move_id
        self.refund(deposit, paid, 15.0)
        self.get_filed(paid).action_done()
        self.go_to(MONDAY_NINE)
        self.booking.action_excuse()
        for _click in range(2):
            self.booking.action_settle()
        self.assertEqual(fee.payment_state, "reversed")
        self.assertRecordValues(deposit, [{"kept": 0, "refunded": 15, "open": 15}])
        self.assertRecordValues(
            self.get_filed(paid),
            [{"kind": "to_refund", "state": "open", "amount": 15}],
        )

    def test_clinic_that_withdraws_is_told_what_arrhes_mean(self):
        self.policy.nature = "arrhes"
        self.create_user("olga", "clinic_dunning.group_billing_officer")
        deposit = self.request()
        self.pay_deposit(deposit)
        self.booking._cancel("clinic")
        asked = deposit.activity_ids.filtered(
            lambda activity: "arrhes" in (activity.summary or "")
        )
        self.assertIn("30,00", asked.note)

    def test_where_the_law_forbids_it_nothing_is_kept(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        self.company.clinic_profession = "doctor"
        self.go_to(MONDAY_NINE - timedelta(hours=2))
        refund = deposit._preview_cancel()
        self.assertEqual((refund.refunded, refund.kept), (30.0, 0.0))
        with self.assertRaisesRegex(UserError, "R.4127-53"):
            deposit._keep(10.0)
        with self.assertRaisesRegex(UserError, "R.4127-53"):
            self.policy.action_publish()

    def test_what_the_machine_does_not_know_is_refused(self):
        deposit = self.request()
        with self.assertRaises(UserError):
            deposit._move_to("applied")
        with self.assertRaises(UserError):
            deposit.sudo().write({"state": "paid"})
