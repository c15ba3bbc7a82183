from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import days_ago
from .desk import DeskCase


@tagged("post_install", "-at_install")
class TestDeskPayment(DeskCase):
    def pay_at_desk(self, amount=None, user=None, partner=None, journal=None, **vals):
        """Record a payment through the dialog; return its receipt."""
        dialog = self.open_dialog(
            self.case_as(user or self.desk, partner), "action_record_payment"
        )
        if amount is not None:
            dialog.amount = amount
        dialog.journal_id = journal or self.cash
        for name, value in vals.items():
            setattr(dialog, name, value)
        return dialog.save()._record()

    def test_front_desk_has_no_right_to_the_ledger(self):
        for model in ("account.move", "account.move.line", "account.payment"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.desk).search([], limit=1)

    def test_dialog_proposes_what_is_overdue(self):
        self.create_invoice(amount=80.0)
        self.create_invoice(amount=50.0, due=days_ago(-20))
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        self.assertRecordValues(
            dialog.save(),
            [{"amount": 80.0, "amount_overdue": 80.0, "amount_due": 130.0}],
        )

    def test_dialog_proposes_all_that_is_open_when_nothing_is_late(self):
        self.create_invoice(amount=50.0, due=days_ago(-20))
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        self.assertEqual(dialog.amount, 50.0)

    def test_dialog_offers_only_the_journals_of_the_desk(self):
        closed = self.create_journal("Safe", "SAFE", "cash", allowed=False)
        self.create_invoice()
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        self.assertIn(dialog.journal_id, self.cash | self.card)
        for journal in (closed, self.bank):
            with self.assertRaisesRegex(UserError, "means of payment"):
                self.pay_at_desk(10.0, journal=journal)

    def test_oldest_due_is_paid_first(self):
        young = self.create_invoice(amount=60.0, due=days_ago(5))
        old = self.create_invoice(amount=40.0, due=days_ago(50))
        receipt = self.pay_at_desk(70.0)
        self.assertRecordValues(
            old | young,
            [
                {"amount_residual": 0.0, "payment_state": "paid"},
                {"amount_residual": 30.0, "payment_state": "partial"},
            ],
        )
        self.assertRecordValues(
            receipt,
            [
                {
                    "amount": 70.0,
                    "partner_id": self.patient.id,
                    "user_id": self.desk.id,
                    "journal_id": self.cash.id,
                    "case_id": self.case_of().id,
                    "state": "done",
                }
            ],
        )

    def test_the_case_tells_of_the_payment(self):
        self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        self.assertIn(receipt.number, self.case_of().message_ids[0].body)
        self.assertEqual(self.case_as(self.desk).receipt_ids, receipt)

    def test_more_than_is_open_is_refused(self):
        self.create_invoice(amount=100.0)
        self.create_credit(amount=30.0)
        with self.assertRaisesRegex(UserError, "more than"):
            self.pay_at_desk(70.01)
        self.assertEqual(self.pay_at_desk(70.0).amount, 70.0)

    def test_nothing_is_refused(self):
        self.create_invoice(amount=100.0)
        for amount in (0.0, -5.0):
            with self.assertRaisesRegex(UserError, "Enter the amount"):
                self.pay_at_desk(amount)

    def test_revealing_memo_is_refused(self):
        self.create_invoice(amount=100.0)
        self.env["clinic.discretion.word"].create({"word": "zyxology"})
        with self.assertRaises(ValidationError):
            self.pay_at_desk(10.0, memo="Zyxology consultation")

    def test_same_dialog_books_once(self):
        invoice = self.create_invoice(amount=100.0)
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        dialog.amount = 30.0
        desk = dialog.save()
        self.assertEqual(desk._record(), desk._record())
        self.assertEqual(invoice.amount_residual, 70.0)

    def test_second_payment_with_the_token_is_refused_by_the_database(self):
        self.create_invoice(amount=100.0)
        receipt = self.pay_at_desk(30.0)
        payment = receipt._get_payments_sudo()
        twice = {
            "clinic_desk_token": payment.clinic_desk_token,
            "destination_account_id": payment.destination_account_id.id,
        }
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            payment.copy(twice)

    def test_one_payment_for_each_receivable_account(self):
        other = self.env["account.account"].create(
            {
                "name": "Patients abroad",
                "code": "411900",
                "account_type": "asset_receivable",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        first = self.create_invoice(amount=40.0, due=days_ago(30))
        second = self.draft_invoice(amount=60.0, due=days_ago(20))
        second.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).account_id = other
        second.action_post()
        receipt = self.pay_at_desk(90.0)
        self.assertEqual(
            sorted(receipt._get_payments_sudo().mapped("amount")), [40.0, 50.0]
        )
        self.assertEqual(receipt.amount, 90.0)
        self.assertEqual((first | second).mapped("amount_residual"), [0.0, 10.0])

    def test_guarantor_pays_for_a_dependant(self):
        child = self.create_patient("Eve Diaz", clinic_guarantor_id=self.patient.id)
        invoice = self.create_invoice(child, 45.0)
        self.pay_at_desk(45.0)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self.case_of().amount_due, 0.0)

    def test_instalment_is_paid_by_its_own_due_date(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": d}
                    )
                    for d in (0, 60)
                ],
            }
        )
        invoice = self.create_invoice(
            amount=200.0, due=days_ago(10), invoice_payment_term_id=term.id
        )
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        self.assertEqual(dialog.amount, 100.0)
        self.pay_at_desk()
        late = invoice.line_ids.filtered(lambda line: line.amount_residual > 0)
        self.assertEqual(late.date_maturity, days_ago(-50))

    def test_other_currency_pays_only_its_own_items(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        euros = self.create_invoice(amount=100.0)
        dollars = self.create_invoice(amount=30.0, currency_id=dollar.id)
        self.desk.group_ids += self.env.ref("base.group_multi_currency")
        receipt = self.pay_at_desk(30.0, currency_id=dollar)
        self.assertEqual(receipt.currency_id, dollar)
        self.assertEqual((euros | dollars).mapped("amount_residual"), [100.0, 0.0])

    def test_desk_of_another_company_is_refused(self):
        other = self.create_other_clinic()
        stranger = self.create_user("strange", "clinic_dunning.group_front_desk", other)
        self.create_invoice()
        case = self.case_of().with_user(stranger)
        with self.assertRaises(AccessError):
            self.env["clinic.desk.payment"].with_user(stranger).create(
                {"case_id": case.id, "amount": 10.0, "journal_id": self.cash.id}
            )._record()

    def test_paying_stops_the_reminder(self):
        self.create_invoice(amount=100.0)
        self.create_policy()
        message = self.remind()
        self.pay_at_desk(100.0)
        self.env["clinic.message"]._sweep()
        self.assertEqual(message.state, "skipped")

    # -- receipt and undo ------------------------------------------------------------

    def test_receipt_is_readable_and_neutral(self):
        self.company.clinic_message_name = "Maison Martin"
        self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        html, _type = (
            self.env["ir.actions.report"]
            .with_user(self.desk)
            ._render_qweb_html("clinic_dunning.action_report_desk_receipt", receipt.ids)
        )
        text = html.decode()
        self.assertIn("40", text)
        for part in ("Maison Martin", receipt.number, "Ana Diaz"):
            self.assertIn(part, text)
        self.assertNotIn("Clinic Martin", text)

    def test_undo_on_the_same_day(self):
        invoice = self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        self.pay_at_desk_again(receipt)
        receipt.action_undo()
        self.assertEqual(receipt.state, "undone")
        self.assertEqual(invoice.amount_residual, 40.0)
        self.assertIn("undone", self.case_of().message_ids[0].body)
        with self.assertRaisesRegex(UserError, "undone already"):
            receipt.action_undo()

    def pay_at_desk_again(self, receipt):
        """Another payment after it: undoing is not bound to the last one."""
        self.create_invoice(self.create_patient("Max Roy"), 10.0)
        other = self.env["res.partner"].search([("name", "=", "Max Roy")])
        self.assertGreater(self.pay_at_desk(10.0, partner=other).id, receipt.id)

    def test_nobody_else_undoes_it(self):
        self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        colleague = self.create_user("colleague", "clinic_dunning.group_front_desk")
        with self.assertRaisesRegex(UserError, "Only"):
            receipt.with_user(colleague).action_undo()

    def test_next_day_it_stays(self):
        self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        self.go_to("2026-03-11 09:00:00")
        with self.assertRaisesRegex(UserError, "own day"):
            receipt.action_undo()

    def test_desk_sees_the_receipts_of_its_company_only(self):
        self.create_invoice(amount=40.0)
        receipt = self.pay_at_desk(40.0)
        other = self.create_other_clinic()
        stranger = self.create_user("strange", "clinic_dunning.group_front_desk", other)
        receipts = receipt.with_user(stranger).with_context(
            allowed_company_ids=other.ids
        )
        self.assertFalse(receipts.search([("id", "=", receipt.id)]))

    def test_a_script_records_without_the_dialog(self):
        self.create_invoice(amount=40.0)
        case = self.case_as(self.desk)
        desk = case.env["clinic.desk.payment"].create({"case_id": case.id})
        self.assertRecordValues(
            desk, [{"amount": 40.0, "currency_id": self.company.currency_id.id}]
        )
        self.assertEqual(desk._record().amount, 40.0)

    def test_dialog_has_a_token_of_its_own(self):
        self.create_invoice()
        case = self.case_as(self.desk)
        one, two = (
            Form(
                self.env["clinic.desk.payment"]
                .with_user(self.desk)
                .with_context(default_case_id=case.id)
            ).save()
            for _time in range(2)
        )
        self.assertTrue(one.token)
        self.assertNotEqual(one.token, two.token)
