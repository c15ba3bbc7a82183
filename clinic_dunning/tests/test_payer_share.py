from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DunningCase


@tagged("post_install", "-at_install")
class TestPayerShare(DunningCase):
    """The insurer's part of a bill is the insurer's debt, and nobody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.insurer = cls.create_patient("Mutual", clinic_is_third_party_payer=True)

    def share(self, amount=65.0, **vals):
        invoice = self.draft_invoice(**vals)
        invoice.write(
            {"clinic_payer_id": self.insurer.id, "clinic_payer_amount": amount}
        )
        invoice.action_post()
        return invoice

    def get_payers_line(self, invoice):
        return invoice.clinic_share_move_id._get_share_lines(self.insurer)

    def test_posted_bill_asks_the_patient_for_his_part_only(self):
        invoice = self.share()
        self.assertRecordValues(
            invoice, [{"amount_residual": 35.0, "payment_state": "partial"}]
        )
        self.assertEqual(self.get_payers_line(invoice).amount_residual, 65.0)
        self.assertEqual(self.patient.clinic_balance, 35.0)
        items = self.env["clinic.followup.decision"]._get_open_items(
            self.patient, self.company
        )
        self.assertEqual([item["residual"] for item in items], [35.0])

    def test_whole_bill_of_the_payer_is_settled_for_the_patient(self):
        invoice = self.share(100.0)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.patient.clinic_balance, 0)

    def test_foreign_currency_is_shared_in_that_currency(self):
        chf = self.env.ref("base.CHF")
        chf.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": chf.id,
                "company_id": self.company.id,
                "company_rate": 0.95,
                "name": "2020-01-01",
            }
        )
        invoice = self.share(33.33, currency_id=chf.id)
        self.assertAlmostEqual(invoice.amount_residual, 66.67)
        line = self.get_payers_line(invoice)
        self.assertEqual(
            (line.currency_id, line.amount_residual_currency), (chf, 33.33)
        )
        self.assertAlmostEqual(line.amount_residual, 35.08)

    def test_refusal_gives_the_debt_back_with_time_to_pay(self):
        invoice = self.share(due="2026-01-31")
        transfer = invoice.clinic_share_move_id
        invoice.action_reject_share()
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertFalse(invoice.clinic_share_move_id)
        lines = transfer._get_share_lines(self.insurer)
        self.assertTrue(lines.reconciled, "the payer owes nothing")
        today = self.company._get_clinic_today()
        due = invoice._get_share_lines().mapped("date_maturity")
        self.assertTrue(all((day - today).days == 30 for day in due))

    def test_bill_taken_back_to_draft_and_posted_again_is_shared_once(self):
        invoice = self.share()
        invoice.button_draft()
        self.assertFalse(invoice.clinic_share_move_id)
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 35.0)
        balance = sum(
            self.env["account.move.line"]
            .search(
                [
                    ("partner_id", "=", self.insurer.id),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                ]
            )
            .mapped("balance")
        )
        self.assertEqual(balance, 65.0)

    def test_what_the_payer_has_paid_is_not_taken_back(self):
        invoice = self.share()
        line = self.get_payers_line(invoice)
        payment = self.receive(20.0, self.insurer)
        (line | payment.move_id._get_share_lines(self.insurer)).reconcile()
        with self.assertRaises(UserError):
            invoice.action_reject_share()
        with self.assertRaises(UserError):
            invoice.button_draft()
        self.assertEqual(invoice.amount_residual, 35.0)

    def test_share_is_a_part_of_the_bill_and_has_a_payer(self):
        invoice = self.draft_invoice()
        for vals in (
            {"clinic_payer_amount": 10.0},
            {"clinic_payer_id": self.insurer.id, "clinic_payer_amount": 100.01},
            {"clinic_payer_id": self.insurer.id, "clinic_payer_amount": -1.0},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                invoice.write(vals)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            invoice.write(
                {
                    "clinic_payer_id": self.insurer.id,
                    "clinic_payer_amount": 80.0,
                    "invoice_line_ids": [
                        Command.update(invoice.invoice_line_ids.id, {"price_unit": 50})
                    ],
                }
            )
