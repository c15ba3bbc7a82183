"""What changes while a page is open: the server looks again before anything is paid."""

import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .pay_common import begin_at
from .plan_common import PlanCase

CHANGED = "Something has changed meanwhile. Please open your link again"
PAID = "Something was paid meanwhile. Please open your link again to see what is left."
NO_WAY = "This way to pay is not available. Please choose another one."


@tagged("post_install", "-at_install")
class TestPayMeanwhile(PlanCase):
    def open_page(self, choice="now", **data):
        """Choose and open the form; return the choice with the form's token."""
        checkout = self._choose(choice, **data)
        page = self.url_open(f"/p/checkout/{checkout.nonce}")
        return checkout, re.search(r'csrf_token: "([^"]+)"', page.text)[1]

    def press_pay(self, checkout, token):
        """Press "Pay" on the open form; return the error in words, or ''."""
        params = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "flow": "redirect",
            "csrf_token": token,
        }
        path = f"/p/transaction/{checkout.nonce}"
        with mute_logger("odoo.http"):
            answer = self.url_open(path, json={"params": params}).json()
        return answer.get("error", {}).get("data", {}).get("message", "")

    def assertRefused(self, change, words, begun=True):
        """After `change(bill)` nothing more goes to the provider, begun or not."""
        bill = self._make_invoice()
        checkout, token = self.open_page()
        if begun:
            self.assertEqual(self.press_pay(checkout, token), "")
        before = self.env["payment.transaction"].search_count([])
        change(bill)
        self.env.flush_all()
        self.assertIn(words, self.press_pay(checkout, token))
        self.assertEqual(self.env["payment.transaction"].search_count([]), before)
        self.env.invalidate_all()
        if bill.state == "posted" and bill.amount_residual:
            bill.button_draft()
        return checkout

    def test_bill_paid_meanwhile(self):
        for begun in (True, False):
            self.assertRefused(self._pay_at_desk, PAID, begun)

    def test_provider_unpublished_meanwhile(self):
        for begun in (True, False):
            self.provider.is_published = True
            self.assertRefused(
                lambda _bill: self.provider.write({"is_published": False}),
                NO_WAY,
                begun,
            )

    def test_bill_disputed_meanwhile(self):
        self.assertRefused(
            lambda bill: bill.write({"clinic_dispute_since": fields.Date.today()}),
            CHANGED,
        )

    def test_bill_made_confidential_or_asked_of_somebody_else_meanwhile(self):
        other = self._make_patient("Ben Roux")
        self.assertRefused(
            lambda bill: bill.write(
                {"clinic_patient_id": other.id, "clinic_confidential": True}
            ),
            CHANGED,
        )
        self.assertRefused(
            lambda bill: bill.write({"clinic_guarantor_id": other.id}), CHANGED
        )

    def test_bill_reset_to_draft_meanwhile(self):
        self.assertRefused(lambda bill: bill.button_draft(), "meanwhile")

    def test_plan_begun_meanwhile(self):
        self._make_invoice()
        checkout, token = self.open_page()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            self.make_plan(10, 40)
            self.env.flush_all()
            self.assertIn(CHANGED, self.press_pay(checkout, token))
            later, token = self.open_page("all")
            self.assertEqual(self.press_pay(later, token), "")

    def test_credit_given_meanwhile(self):
        bill = self._make_invoice()
        checkout, token = self.open_page()
        note = bill._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = 30.0
        note.action_post()
        self.env.flush_all()
        self.assertIn("meanwhile", self.press_pay(checkout, token))
        self.assertEqual(self.open_page("all")[0].amount, 70.0)


@tagged("post_install", "-at_install")
class TestEarlyDiscountAtMidnight(PlanCase):
    """The last day of a discount is the clinic's, to its last minute."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "Asia/Kolkata"
        cls.term = cls._make_term(
            100,
            early_discount=True,
            discount_percentage=10,
            discount_days=5,
            early_pay_discount_computation="included",
        )
        cls.company.account_journal_early_pay_discount_loss_account_id = cls.env[
            "account.account"
        ].create(
            {
                "name": "Discount",
                "code": "665999",
                "account_type": "expense",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )

    def bill(self):
        with freeze_time("2026-03-02 06:00:00"):
            return self._make_invoice(100.0, 0, invoice_payment_term_id=self.term.id)

    def pay_at(self, begun, paid):
        """Choose all and begin at one moment, pay at another; return the bill."""
        bill = self.bill()
        with freeze_time(begun):
            transaction = self._start("all")
        begin_at(transaction, begun)
        with freeze_time(paid):
            transaction._set_done()
            transaction._post_process()
        return bill, transaction

    def test_last_minute_of_the_last_day_counts_at_the_clinic(self):
        # The 7th ends at 18:30 UTC.
        bill, transaction = self.pay_at("2026-03-07 18:20:00", "2026-03-07 18:25:00")
        self.assertEqual(transaction.amount, 90.0)
        self.assertEqual(bill.amount_residual, 0.0)

    def test_who_began_before_midnight_keeps_the_discount(self):
        bill, transaction = self.pay_at("2026-03-07 18:29:00", "2026-03-07 18:40:00")
        self.assertEqual(transaction.amount, 90.0)
        self.assertEqual(bill.amount_residual, 0.0)

    def test_after_midnight_at_the_clinic_the_whole_is_asked(self):
        self.bill()
        with freeze_time("2026-03-07 18:40:00"):
            self.assertEqual(self._choose("all").amount, 100.0)

    def test_page_left_open_over_midnight_is_refused(self):
        self.bill()
        with freeze_time("2026-03-07 18:20:00"):
            checkout = self._choose("all")
        begin_at(checkout, "2026-03-07 18:20:00")
        with freeze_time("2026-03-07 18:40:00"), self.assertRaises(UserError) as said:
            checkout._check_payable()
        self.assertIn(CHANGED, str(said.exception))


@tagged("post_install", "-at_install")
class TestBillRemoval(PlanCase):
    def to_draft(self, bill):
        bill.button_draft()
        # As if it had never had a number: posted ones are kept by core.
        bill.write({"name": False, "posted_before": False})
        return bill

    def test_bill_that_was_only_chosen_can_be_deleted(self):
        bill = self._make_invoice()
        checkout = self._choose()
        nonce = checkout.nonce
        self._unlock()
        self._tell("plan", count=2, card="")
        self.to_draft(bill).unlink()
        self.assertFalse(checkout.exists())
        self.assertIn("nothing is due", self._read())
        self.assertEqual(self.url_open(f"/p/checkout/{nonce}").status_code, 404)

    def test_bill_whose_payment_failed_can_be_deleted(self):
        bill = self._make_invoice()
        transaction = self._start()
        transaction._set_error("declined")
        self.to_draft(bill).unlink()
        self.assertFalse(transaction.clinic_allocation_ids)

    def test_money_that_comes_all_the_same_is_the_patients_credit(self):
        bill = self._make_invoice()
        transaction = self._start()
        begin_at(transaction, fields.Datetime.now() - timedelta(days=2))
        self.to_draft(bill).unlink()
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(transaction.payment_id.amount, 100.0)
        self.assertEqual(transaction.payment_id.partner_id, self.patient)
        self.assertFalse(transaction.payment_id.reconciled_invoice_ids)

    def test_bill_with_a_payment_begun_or_made_stays(self):
        bill = self._make_invoice()
        transaction = self._start()
        self.to_draft(bill)
        for state in ("draft", "pending", "done"):
            transaction.state = state
            with self.subTest(state), self.assertRaises(UserError) as said:
                bill.unlink()
            self.assertIn("online payment of this bill", str(said.exception))
