from odoo import Command
from odoo.tests import tagged

from .common import TODAY, DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestDecisionItems(DunningCase):
    """What an item is, and what becomes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), level("Second", 30))

    def create_term(self, *percents):
        """Return a payment term of these parts, twenty days from each to the next."""
        return self.env["account.payment.term"].create(
            {
                "name": "In parts",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": share,
                            "nb_days": 20 * place,
                        }
                    )
                    for place, share in enumerate(percents)
                ],
            }
        )

    def test_invoice_a_week_late_is_followed_up_once(self):
        invoice = self.create_invoice(due=days_ago(7))
        self.create_invoice(due=days_ago(6))
        entry = self.decide()
        self.assertRecordValues(
            entry,
            [
                {
                    "move_id": invoice.id,
                    "partner_id": self.patient.id,
                    "company_id": self.company.id,
                    "date_maturity": days_ago(7),
                    "level_id": self.policy.level_ids[0].id,
                    "occurrence": 1,
                    "residual": 100.0,
                    "currency_id": self.company.currency_id.id,
                    "state": "planned",
                    "date": TODAY,
                }
            ],
        )
        self.assertFalse(self.decide())

    def test_draft_and_cancelled_invoices_are_not_followed_up(self):
        self.draft_invoice()
        self.create_invoice().button_draft()
        cancelled = self.create_invoice()
        cancelled.button_draft()
        cancelled.button_cancel()
        self.assertDecides()

    def test_instalments_count_by_their_own_due_date(self):
        term = self.create_term(30, 30, 40)
        self.create_invoice(
            invoice_date=days_ago(40),
            invoice_date_due=False,
            invoice_payment_term_id=term.id,
        )
        entries = self.decide().sorted("date_maturity")
        self.assertRecordValues(
            entries,
            [
                {"date_maturity": days_ago(40), "residual": 30.0},
                {"date_maturity": days_ago(20), "residual": 30.0},
            ],
        )

    def test_paid_instalment_is_left_out(self):
        term = self.create_term(50, 50)
        invoice = self.create_invoice(
            invoice_date=days_ago(40),
            invoice_date_due=False,
            invoice_payment_term_id=term.id,
        )
        self.pay(invoice, 50.0)
        self.assertEqual(self.decide().mapped("date_maturity"), [days_ago(20)])

    def test_reset_to_draft_and_posted_again_is_not_reminded_twice(self):
        invoice = self.create_invoice()
        self.assertDecides(invoice)
        lines = invoice.line_ids
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 120
        invoice.invoice_payment_term_id = self.create_term(50, 50)
        invoice.write(
            {"invoice_payment_term_id": False, "invoice_date_due": days_ago(10)}
        )
        invoice.action_post()
        self.assertNotEqual(lines, invoice.line_ids, "the lines are still the same")
        self.assertDecides()

    def test_reversed_invoice_is_not_followed_up(self):
        invoice = self.create_invoice()
        invoice._reverse_moves(cancel=True)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertDecides()

    def test_partly_paid_invoice_counts_with_what_is_left(self):
        self.pay(self.create_invoice(), 40.0)
        self.assertEqual(self.decide().residual, 60.0)

    def test_paid_invoice_is_followed_up_again_when_the_payment_returns(self):
        invoice = self.create_invoice()
        payment = self.pay(invoice)
        self.assertDecides()
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertDecides()
        payment.action_cancel()
        self.assertDecides(invoice)

    def test_archived_debtor_is_followed_up(self):
        invoice = self.create_invoice()
        self.patient.active = False
        self.assertDecides(invoice)

    def test_plain_entry_is_followed_up_once_it_is_included(self):
        income = self.env["account.account"].search(
            [("code", "=", "706000"), ("company_ids", "in", self.company.ids)]
        )
        receivable = self.patient.property_account_receivable_id
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": days_ago(20),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": self.patient.id,
                            "debit": 50,
                        }
                    ),
                    Command.create({"account_id": income.id, "credit": 50}),
                ],
            }
        )
        entry.action_post()
        self.assertDecides()
        entry.line_ids.no_followup = False
        self.assertDecides(entry)

    def test_deleted_invoice_leaves_its_entry_with_number_and_amount(self):
        invoice = self.create_invoice()
        number = invoice.name
        entry = self.decide()
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.assertRecordValues(
            entry, [{"move_id": False, "move_name": number, "residual": 100.0}]
        )
