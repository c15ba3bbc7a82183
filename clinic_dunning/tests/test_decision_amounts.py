from odoo.tests import tagged

from .common import DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestDecisionAmounts(DunningCase):
    """Credits, tolerance and currencies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), tolerance=20.0)
        cls.dollar = cls.env.ref("base.USD")
        cls.dollar.active = True
        cls.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "rate": 2.0,
                "currency_id": cls.dollar.id,
                "company_id": cls.company.id,
            }
        )

    def test_credit_is_taken_off_what_a_reminder_asks_for(self):
        invoice = self.create_invoice(amount=100)
        self.create_credit(amount=30)
        self.assertDecides(invoice)
        message = self.compose()
        verdict = message._recheck()[message]
        self.assertEqual((verdict.outcome, verdict.amount), ("send", 70.0))

    def test_credit_that_covers_the_debt_stops_the_reminder(self):
        self.create_invoice(amount=100)
        self.create_credit(amount=100)
        self.assertHeld("under the tolerance")

    def test_credit_of_somebody_else_changes_nothing(self):
        invoice = self.create_invoice(amount=100)
        self.create_credit(self.create_patient(), amount=100)
        self.assertDecides(invoice)

    def test_unallocated_payment_counts_as_credit(self):
        self.create_invoice(amount=100)
        self.receive(90.0)
        self.assertHeld("under the tolerance")

    def test_credit_is_not_used_up_by_what_is_not_due(self):
        invoice = self.create_invoice(amount=100)
        self.create_invoice(amount=500, due=days_ago(-20))
        self.create_credit(amount=85)
        self.assertHeld("under the tolerance")
        self.create_invoice(amount=5, due=days_ago(1))
        self.assertDecides(invoice)

    def test_tolerance_is_the_smallest_amount_reminded_of(self):
        self.create_invoice(amount=19.99)
        self.assertHeld("under the tolerance")
        self.create_invoice(self.create_patient("Exact Amount"), amount=20.0)
        self.create_invoice(self.create_patient("One Cent"), amount=20.01)
        self.assertEqual(
            set(self.decide().case_id.mapped("partner_id.name")),
            {"Exact Amount", "One Cent"},
        )

    def test_small_amounts_add_up(self):
        invoices = [self.create_invoice(amount=12), self.create_invoice(amount=8)]
        self.assertDecides(*invoices)

    def test_tolerance_is_in_company_currency(self):
        self.create_invoice(amount=39.98, currency_id=self.dollar.id)
        self.assertHeld("under the tolerance")
        self.create_invoice(amount=0.02, currency_id=self.dollar.id)
        self.assertEqual(len(self.decide()), 2)

    def test_credit_in_another_currency_is_not_netted(self):
        invoice = self.create_invoice(amount=100)
        self.create_credit(amount=500, currency_id=self.dollar.id)
        self.assertDecides(invoice)
        message = self.compose()
        self.assertEqual(message._recheck()[message].amount, 100.0)

    def test_each_currency_has_its_own_message(self):
        self.create_invoice(amount=100)
        self.create_invoice(amount=60, currency_id=self.dollar.id)
        messages = self.remind()
        self.assertEqual(
            {(m.currency_id.name, m.amount) for m in messages},
            {("EUR", 100.0), ("USD", 60.0)},
        )

    def test_balance_agrees_with_the_items(self):
        self.create_invoice(amount=100)
        self.create_invoice(amount=50, due=days_ago(-5))
        self.create_invoice(amount=60, currency_id=self.dollar.id)
        self.create_credit(amount=10)
        self.assertRecordValues(
            self.patient,
            [
                {
                    "clinic_balance": 170.0,
                    "clinic_overdue": 120.0,
                    "clinic_oldest_due_date": days_ago(10),
                }
            ],
        )
        self.assertRecordValues(
            self.case_of(), [{"amount_due": 170.0, "amount_overdue": 120.0}]
        )
