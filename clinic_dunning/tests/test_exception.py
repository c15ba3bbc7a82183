from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .pay_common import PayCase

CORE = "odoo.addons.payment.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestPaymentException(PayCase):
    def count_payments(self, transaction):
        return self.env["account.payment"].search_count(
            [("payment_transaction_id", "=", transaction.id)]
        )

    def test_item_paid_meanwhile_leaves_its_money_on_the_list(self):
        first, second = self._make_invoice(100.0, -20), self._make_invoice(40.0)
        transaction = self._start()
        self._pay_at_desk(first)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self.count_payments(transaction), 1)
        self.assertEqual((first | second).mapped("amount_residual"), [0.0, 0.0])
        self.assertFiled(transaction, "unallocated", 100.0)

    def test_part_of_a_later_item_is_kept_when_the_first_was_paid_meanwhile(self):
        first, second = self._make_invoice(100.0, -20), self._make_invoice(100.0)
        transaction = self._start("other", amount="140")
        self._pay_at_desk(first)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(second.amount_residual, 60.0)
        self.assertFiled(transaction, "unallocated", 100.0)

    def test_everything_paid_meanwhile_is_no_error(self):
        invoice = self._make_invoice(100.0)
        transaction = self._start()
        self._pay_at_desk(invoice)
        transaction._set_done()
        transaction._post_process()
        self.assertTrue(transaction.is_post_processed)
        self.assertFiled(transaction, "unallocated", 100.0)

    def test_invoice_cancelled_meanwhile_is_no_error(self):
        invoice = self._make_invoice(100.0)
        transaction = self._start()
        invoice.button_draft()
        invoice.button_cancel()
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self.count_payments(transaction), 1)
        self.assertFiled(transaction, "unallocated", 100.0)

    def test_second_payment_of_one_item_is_a_double(self):
        self._make_invoice(100.0)
        one, two = self._start_long_ago(form="a"), self._start(form="b")
        for transaction in (one, two):
            transaction._set_done()
            transaction._post_process()
        self.assertNothingFiled(one)
        self.assertFiled(two, "double", 100.0)

    def test_money_on_a_cancelled_transaction_is_late(self):
        self._make_invoice(100.0)
        transaction = self._start()
        transaction._set_canceled()
        with mute_logger(CORE):
            transaction._set_done()
            transaction._set_done()
        self.assertEqual(transaction.state, "cancel")
        self.assertFiled(transaction, "late", 100.0)

    def test_money_that_came_late_is_not_asked_again_until_somebody_looked(self):
        invoice = self._make_invoice(100.0)
        transaction = self._start()
        transaction._set_canceled()
        self.env["clinic.stop.event"].search([]).unlink()
        with mute_logger(CORE):
            transaction._set_done()
        self.assertEqual(
            self.env["clinic.stop.event"].search([]).move_id.ids, invoice.ids
        )
        self.assertIn("do not pay again", self._read())
        self.assertEqual(self.get_being_paid(invoice), set(invoice.ids))
        self.Exception.search([]).action_done()
        self.assertIn("to pay now 100.00", self._read())
        self.assertFalse(self.get_being_paid(invoice))

    def get_being_paid(self, invoice):
        """Return the ids of the moves that a reminder would leave alone now."""
        rows = {"case": [{"move_id": invoice.id}]}
        return self.env["clinic.message"]._get_moves_being_paid(rows)

    def test_wrong_amount_or_currency_is_not_booked(self):
        self._make_invoice(100.0)
        for answer in ({"amount": 1.0}, {"currency": "USD"}):
            transaction = self._start(form=str(answer))
            with self.answering():
                transaction._process("none", {"id": "x", **answer})
            self.assertEqual(transaction.state, "error")
            self.assertFiled(transaction, "mismatch")
            self.assertIn("do not pay again", self._read())
            self.Exception.search([]).action_done()

    def test_answer_used_by_another_transaction_changes_nothing(self):
        self._make_invoice(100.0)
        one, two = self._start_long_ago(form="a"), self._start(form="b")
        with self.answering():
            one._process("none", {"id": "pi_1"})
            two._process("none", {"id": "pi_1"})
        self.assertEqual(one.state, "done")
        self.assertRecordValues(two, [{"state": "draft", "provider_reference": False}])
        self.assertFiled(two, "replayed")

    def test_answer_repeated_for_its_own_transaction_is_harmless(self):
        self._make_invoice(100.0)
        transaction = self._start()
        with self.answering():
            for _time in range(3):
                transaction._process("none", {"id": "pi_1"})
                transaction._post_process()
        self.assertEqual(self.count_payments(transaction), 1)
        self.assertNothingFiled(transaction)

    def test_done_triggers_the_booking_at_once(self):
        self._make_invoice(100.0)
        transaction = self._start()
        cron = self.env.ref("payment.cron_post_process_payment_tx")
        domain = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(domain)
        with self.answering():
            transaction._process("none", {"id": "pi_1"})
        self.assertGreater(self.env["ir.cron.trigger"].search_count(domain), before)

    def test_failing_thanks_do_not_undo_the_booking(self):
        invoice = self._make_invoice(100.0)
        transaction = self._start()
        transaction._set_done()
        self.env.ref("clinic_dunning.topic_paid").code = "gone"
        self.env.flush_all()
        with (
            patch.object(
                type(self.env["clinic.message"]),
                "_queue",
                side_effect=UserError("no template"),
            ),
            mute_logger("odoo.addons.clinic_dunning"),
        ):
            transaction._post_process()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFiled(transaction, "failed", 0.0)

    def test_discount_without_an_account_is_booked_once_there_is_one(self):
        term = self._make_term(
            100, early_discount=True, discount_percentage=2, discount_days=10
        )
        loss = self.company.account_journal_early_pay_discount_loss_account_id
        loss = loss or self.env["account.account"].create(
            {"name": "Discounts", "code": "665001", "account_type": "expense"}
        )
        self.company.account_journal_early_pay_discount_loss_account_id = False
        invoice = self._make_invoice(100.0, 0, invoice_payment_term_id=term.id)
        with mute_logger("odoo.addons.clinic_dunning"):
            transaction = self._pay()
        self.assertFiled(transaction, "failed", 98.0)
        exception = transaction.clinic_exception_ids
        self.assertIn("in the accounting settings", exception.note)
        self.assertIn("We are checking your payment", self._read())
        officer = new_test_user(
            self.env,
            "officer",
            groups="clinic_dunning.group_billing_officer",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaisesRegex(UserError, "in the accounting settings"):
            exception.with_user(officer).action_try_again()
        self.company.account_journal_early_pay_discount_loss_account_id = loss
        exception.with_user(officer).action_try_again()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(self.count_payments(transaction), 1)
        self.assertEqual(exception.state, "done")
