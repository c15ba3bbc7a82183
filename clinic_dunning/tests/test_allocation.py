from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestAllocation(PayCase):
    def get_payments(self, transaction):
        return self.env["account.payment"].search(
            [("payment_transaction_id", "=", transaction.id)]
        )

    def assertAllocated(self, transaction):
        """The parts of a transaction and what is on the list make up its amount."""
        parts = transaction.clinic_allocation_ids
        self.assertAlmostEqual(sum(parts.mapped("amount")), transaction.amount)
        left = sum(
            self.Exception.search([("transaction_id", "=", transaction.id)]).mapped(
                "amount"
            )
        )
        self.assertAlmostEqual(sum(parts.mapped("matched")) + left, transaction.amount)

    def test_all_of_one_invoice_closes_it_with_one_payment(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(self.get_payments(transaction).amount, 100.0)
        self.assertNothingFiled(transaction)
        self.assertAllocated(transaction)

    def test_part_goes_to_the_oldest_items_to_the_cent(self):
        young, old = self._make_invoice(80.0, -3), self._make_invoice(33.33, -30)
        transaction = self._pay("other", amount="50")
        self.assertEqual(old.amount_residual, 0.0)
        self.assertAlmostEqual(young.amount_residual, 63.33)
        self.assertEqual(self.get_payments(transaction).amount, 50.0)
        self.assertAllocated(transaction)

    def test_due_instalment_is_paid_and_no_later_one(self):
        term = self._make_term(30, 30, 40)
        invoice = self._make_invoice(100.0, -1, invoice_payment_term_id=term.id)
        transaction = self._pay("now")
        self.assertEqual(transaction.amount, 30.0)
        lines = invoice.line_ids.filtered("date_maturity").sorted("date_maturity")
        self.assertEqual(lines.mapped("amount_residual"), [0.0, 30.0, 40.0])
        self.assertAllocated(transaction)

    def test_chosen_instalment_is_matched_even_if_not_the_oldest(self):
        term = self._make_term(30, 30, 40)
        invoice = self._make_invoice(100.0, -1, invoice_payment_term_id=term.id)
        lines = invoice.line_ids.filtered("date_maturity").sorted("date_maturity")
        key = f"{invoice.id}-{self.patient.id}-{lines[1].date_maturity:%Y%m%d}"
        self._unlock()
        self._pay("items", item=key)
        self.assertEqual(lines.mapped("amount_residual"), [30.0, 0.0, 40.0])

    def test_family_of_two_debtors_is_paid_in_one_payment(self):
        child = self._make_patient("Lea Martin", clinic_guarantor_id=self.patient.id)
        own, childs = self._make_invoice(40.0), self._make_invoice(60.0, partner=child)
        transaction = self._pay()
        self.assertEqual(transaction.amount, 100.0)
        self.assertEqual((own | childs).mapped("amount_residual"), [0.0, 0.0])
        self.assertEqual(len(self.get_payments(transaction)), 1)

    def test_two_receivable_accounts_give_a_payment_each(self):
        other = self.env["account.account"].create(
            {
                "name": "Patients, other",
                "code": "411900",
                "account_type": "asset_receivable",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        child = self._make_patient("Lea Martin", clinic_guarantor_id=self.patient.id)
        child.property_account_receivable_id = other
        moves = self._make_invoice(40.0) | self._make_invoice(60.0, partner=child)
        transaction = self._pay()
        payments = self.get_payments(transaction)
        self.assertEqual(sorted(payments.mapped("amount")), [40.0, 60.0])
        self.assertEqual(len(payments.destination_account_id), 2)
        self.assertEqual(moves.mapped("amount_residual"), [0.0, 0.0])
        self.assertAllocated(transaction)

    def test_early_payment_discount_closes_the_invoice(self):
        term = self._make_term(
            100,
            early_discount=True,
            discount_percentage=2,
            discount_days=10,
            early_pay_discount_computation="mixed",
        )
        cash_discount = self.env["account.account"].create(
            {
                "name": "Cash discount",
                "code": "665000",
                "account_type": "expense",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        self.company.account_journal_early_pay_discount_loss_account_id = cash_discount
        invoice = self._make_invoice(100.0, 0, invoice_payment_term_id=term.id)
        self.assertIn("98.00", self._read())
        transaction = self._pay()
        self.assertEqual(transaction.amount, 98.0)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertNothingFiled(transaction)
        self.assertAllocated(transaction)

    def test_open_credit_lowers_what_is_asked(self):
        self._make_invoice(100.0)
        self._make_invoice(30.0, move_type="out_refund")
        transaction = self._pay()
        self.assertEqual(transaction.amount, 70.0)
        self.assertAllocated(transaction)

    def test_invoice_posted_after_the_choice_is_not_paid_by_it(self):
        chosen = self._make_invoice(100.0)
        transaction = self._start()
        older = self._make_invoice(50.0, -60)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual((chosen | older).mapped("amount_residual"), [0.0, 50.0])

    def test_currencies_without_and_with_three_decimals(self):
        for name, amount, typed, paid in (
            ("JPY", 12000, "5,000", 5000),
            ("KWD", 12.345, "1,234", 1.234),
        ):
            money = (
                self.env["res.currency"]
                .with_context(active_test=False)
                .search([("name", "=", name)])
            )
            money.active = True
            self.env["res.currency.rate"].create(
                {
                    "currency_id": money.id,
                    "company_id": self.company.id,
                    "name": fields.Date.today() - timedelta(days=400),
                    "rate": 2.0,
                }
            )
            with self.subTest(name):
                invoice = self._make_invoice(amount, currency_id=money.id)
                transaction = self._pay("other", amount=typed, currency_id=money.id)
                self.assertAlmostEqual(transaction.amount, paid, 3)
                self.assertAlmostEqual(invoice.amount_residual, amount - paid, 3)
                self.assertAllocated(transaction)

    def test_paying_stops_reminders_before_thanks(self):
        self._make_invoice()
        transaction = self._start()
        transaction._set_done()
        self.assertTrue(
            self.env["clinic.stop.event"].search([("partner_id", "=", self.patient.id)])
        )
        done = f"/p/done/{transaction.clinic_checkout_id.nonce}"
        self.assertNotIn("Thank you", self._read(done))
        transaction._post_process()
        self.assertIn("Thank you", self._read(done))

    def test_thanks_are_queued_once(self):
        self._make_invoice()
        transaction = self._pay()
        transaction._post_process()
        thanks = self.env["clinic.message"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertEqual(thanks.topic_id.code, "paid")
        self.assertEqual(len(thanks), 1)

    def test_receipt_goes_out_at_once_at_night_unless_a_plan_charged(self):
        self._make_invoice()
        transaction = self._pay()
        thanks = self.env["clinic.message"].search(
            [("partner_id", "=", self.patient.id)]
        )
        with freeze_time("2026-03-01 23:00:00"):
            self.assertFalse(thanks._get_next_opening("email"))
            transaction.clinic_checkout_id.sudo().link_id = False
            self.assertTrue(thanks._get_next_opening("email"))
