from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import format_date

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

    def refuse(self, **vals):
        """Return the bill of a refused share and what is said of it."""
        invoice = self.share(**vals)
        case = self.env["clinic.followup.case"]._get_or_create(
            invoice.partner_id, self.company
        )
        end = self.company._get_clinic_today() + timedelta(days=7)
        hold = case.hold_ids.create(
            {"case_id": case.id, "reason": "insurer", "end_date": end}
        )
        invoice.action_reject_share()
        self.assertFalse(hold.exists(), "the payer is awaited no more")
        message = self.env["clinic.message"].search(
            [("topic_id.code", "=", "share_refused"), ("res_id", "=", invoice.id)]
        )
        return invoice, message

    def test_refusal_is_told_with_the_new_amount_and_date(self):
        invoice, message = self.refuse()
        verdict = message._recheck()[message]
        self.assertEqual((verdict.outcome, verdict.amount), ("send", 100.0))
        values = message._prepare_values(verdict, "en_US")
        due = self.company._get_clinic_today() + timedelta(days=30)
        day = format_date(self.env, due, lang_code="en_US")
        self.assertEqual(values["due_date"], day)
        self.assertEqual(values["reference"], invoice.name)
        self.pay(invoice, 40.0)
        self.assertEqual(message._recheck()[message].amount, 60.0)

    def test_refusal_is_not_told_to_who_paid_disputes_or_is_left_alone(self):
        for outcome, name, stop in (
            ("skip", "Ann", self.pay),
            (
                "cancel",
                "Bo",
                lambda bill: bill.write({"clinic_dispute_since": "2026-03-09"}),
            ),
            ("cancel", "Cy", lambda bill: bill.write({"no_followup": True})),
            (
                "cancel",
                "Di",
                lambda bill: bill.partner_id.write({"clinic_followup_mode": "none"}),
            ),
        ):
            patient = self.create_patient(f"{name} Roux")
            invoice, message = self.refuse(partner=patient)
            stop(invoice)
            self.assertEqual(message._recheck()[message].outcome, outcome, name)

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
