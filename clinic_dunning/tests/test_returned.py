from odoo import Command
from odoo.tests import new_test_user, tagged

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestReturnedMoney(PayCase):
    """What the bank or the clinic takes back is open again, and somebody knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = new_test_user(
            cls.env,
            "officer",
            groups="clinic_dunning.group_billing_officer",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def sweep(self):
        self.env.flush_all()
        self.env["clinic.message"]._sweep()
        self.env.invalidate_all()

    def get_lines(self, payment):
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def refund(self, transaction, amount):
        """A refund made at the provider, as core books it."""
        refund = transaction._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        refund._post_process()
        return refund

    def return_by_bank(self, payment):
        """The bank takes the money back: its line is matched with the payment."""
        receivable = payment.destination_account_id
        bank = payment.journal_id
        bank.default_account_id, bank.suspense_account_id = self.env[
            "account.account"
        ].create(
            [
                {
                    "name": name,
                    "code": code,
                    "account_type": kind,
                    "company_ids": [Command.set(self.company.ids)],
                }
                for name, code, kind in (
                    ("Bank", "512000", "asset_cash"),
                    ("Suspense", "471000", "asset_current"),
                )
            ]
        )
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": bank.id,
                "date": payment.date,
                "payment_ref": "returned",
                "amount": -payment.amount,
                "partner_id": payment.partner_id.id,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.write({"account_id": receivable.id})
        credit = self.get_lines(payment)
        credit.remove_move_reconcile()
        (
            credit
            | line.move_id.line_ids.filtered(lambda item: item.account_id == receivable)
        ).reconcile()

    def assertReopened(self, invoice, transaction, amount=100.0):
        self.sweep()
        self.assertEqual(invoice.amount_residual, amount)
        self.assertFiled(transaction, "charged_back", amount)
        filed = self.Exception.search([("transaction_id", "=", transaction.id)])
        self.assertEqual(filed.activity_ids.user_id, self.officer)
        self.assertEqual(self.link._get_case().state, "active")
        self.assertIn(f"{amount:.2f}", self._read())

    def test_paid_bill_closes_the_case_and_alarms_nobody(self):
        self._make_invoice(100.0)
        transaction = self._pay()
        self.sweep()
        self.assertNothingFiled(transaction)
        self.assertEqual(self.link._get_case().state, "closed")

    def test_payment_cancelled_in_accounting_reopens_the_case(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        transaction.payment_id.action_cancel()
        self.assertReopened(invoice, transaction)

    def test_payment_reset_to_draft_and_cancelled_reopens_the_case(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        transaction.payment_id.action_draft()
        transaction.payment_id.action_cancel()
        self.assertReopened(invoice, transaction)

    def test_payment_corrected_and_posted_again_alarms_nobody(self):
        self._make_invoice(100.0)
        transaction = self._pay()
        transaction.payment_id.action_draft()
        transaction.payment_id.memo = "Corrected"
        transaction.payment_id.action_post()
        self.sweep()
        self.assertNothingFiled(transaction)
        self.assertEqual(self.link._get_case().state, "closed")

    def test_reversed_payment_entry_reopens_the_case(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        move = transaction.payment_id.move_id
        lines = self.get_lines(transaction.payment_id)
        reversal = move._reverse_moves(cancel=True)
        opened = (lines | reversal.line_ids).filtered(
            lambda line: line.account_id == lines.account_id and not line.reconciled
        )
        opened.reconcile()
        self.assertReopened(invoice, transaction)

    def test_payment_returned_by_the_bank_reopens_the_case(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        self.return_by_bank(transaction.payment_id)
        self.assertReopened(invoice, transaction)

    def test_refund_made_at_the_provider_reopens_the_bill_with_its_due_date(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        self.refund(transaction, 40.0)
        self.assertReopened(invoice, transaction, 40.0)
        items = self.link._get_statement().items
        self.assertEqual([item["move_id"] for item in items], invoice.ids)

    def test_more_taken_back_opens_the_exception_again(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        self.refund(transaction, 40.0)
        self.sweep()
        filed = self.Exception.search([("transaction_id", "=", transaction.id)])
        filed.action_done()
        self.refund(transaction, 60.0)
        self.assertReopened(invoice, transaction)
        self.assertEqual(filed.state, "open")

    def test_refund_of_a_double_payment_settles_it(self):
        invoice = self._make_invoice(100.0)
        one, two = self._start_long_ago(form="a"), self._start(form="b")
        for transaction in (one, two):
            transaction._set_done()
            transaction._post_process()
        double = self.Exception.search([("transaction_id", "=", two.id)])
        refund = self.refund(two, 100.0)
        self.sweep()
        self.assertTrue(self.get_lines(refund.payment_id).reconciled)
        self.assertEqual(double.state, "done")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFiled(two, "double", 100.0)
        self.assertNothingFiled(one)
        self.assertFalse(self.link._get_statement().items)

    def test_refund_of_a_credited_bill_asks_nobody_for_anything(self):
        invoice = self._make_invoice(100.0)
        transaction = self._pay()
        note = invoice._reverse_moves()
        note.action_post()
        self.refund(transaction, 100.0)
        self.sweep()
        self.assertNothingFiled(transaction)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFalse(self.link._get_statement().items)

    def test_payment_matched_anew_alarms_nobody(self):
        first = self._make_invoice(100.0)
        transaction = self._pay()
        second = self._make_invoice(100.0, -2)
        credit = self.get_lines(transaction.payment_id)
        credit.remove_move_reconcile()
        self.sweep()
        self.assertNothingFiled(transaction)
        debit = second.line_ids.filtered(
            lambda line: line.account_id == credit.account_id
        )
        (credit | debit).reconcile()
        self.sweep()
        self.assertNothingFiled(transaction)
        self.assertEqual(first.amount_residual, 100.0)

    def test_failing_refund_hook_undoes_no_booking(self):
        self._make_invoice(100.0)
        transaction = self._pay()

        def fail(_refund):
            raise KeyError("unexpected")

        self.patch(type(transaction), "_settle_refund", fail)
        with self.assertLogs("odoo.addons.clinic_dunning", "WARNING"):
            refund = self.refund(transaction, 40.0)
        self.assertTrue(refund.payment_id)
        self.assertFiled(refund, "failed", 0.0)
