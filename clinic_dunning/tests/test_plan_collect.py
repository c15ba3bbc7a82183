from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .plan_common import PlanCase


@tagged("post_install", "-at_install")
class TestPlanCollect(PlanCase):
    def setUp(self):
        super().setUp()
        self.card = self._make_card()

    def announced(self, *days, amount=100.0):
        """Return a plan whose first instalment, on day 7, was announced on day 4."""
        self.invoice = self._make_invoice(amount)
        plan = self.make_plan(*(days or (7, 37)), card=self.card)
        with self.in_days(4):
            (self.notice,) = self.run_plans()
        return plan

    def charge_on(self, days, answer="done", hour=10):
        """Run the scheduled action that day; return what the provider was asked."""
        with self.in_days(days, hour), self.charging(answer) as charges:
            self.emails = self.run_plans()
            self.book()
        return charges

    def get_text(self, email):
        return email.get_body(("plain",)).get_content()

    # -- notice and charge -------------------------------------------------------------

    def test_card_is_charged_on_the_day_after_a_notice(self):
        plan = self.announced()
        self.assertIn("50.00", self.get_text(self.notice))
        self.assertEqual(self.charge_on(6), [])
        (charge,) = self.charge_on(7)
        self.assertEqual(charge[1], 50.0)
        transaction = plan.line_ids[0].transaction_ids
        self.assertRecordValues(
            transaction,
            [
                {
                    "state": "done",
                    "operation": "offline",
                    "token_id": self.card.id,
                    "clinic_charge": "charged",
                }
            ],
        )
        self.assertEqual(self.invoice.amount_residual, 50.0)
        self.assertEqual(plan.line_ids.mapped("state"), ["paid", "planned"])
        self.assertEqual(self.charge_on(8), [])

    def test_last_charge_keeps_the_plan_and_thanks(self):
        plan = self.announced(7)
        self.charge_on(7)
        with self.in_days(8):
            emails = self.run_plans()
        self.assertEqual(plan.state, "kept")
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(len(emails), 1)

    def test_nothing_is_charged_without_notice(self):
        self._make_invoice(100.0)
        self.make_plan(7, 37, card=self.card)
        self.assertEqual(self.charge_on(7), [])
        with self.in_days(7, 20):
            self.assertEqual(self.charge_on(0, hour=19), [])
        self.assertEqual(len(self.charge_on(9)), 1)

    def test_notice_that_did_not_arrive_allows_no_charge(self):
        self.patient.email = False
        self._make_invoice(100.0)
        plan = self.make_plan(7, card=self.card)
        with self.in_days(4):
            self.run_plans()
        self.assertEqual(self.charge_on(9), [])
        self.assertNotEqual(plan.line_ids.notice_id.state, "delivered")

    def test_nobody_is_charged_at_night(self):
        self.announced()
        self.assertEqual(self.charge_on(7, hour=3), [])
        self.assertEqual(len(self.charge_on(7, hour=9)), 1)

    def test_never_more_than_is_left(self):
        self.announced()
        self._pay_at_desk(self.invoice, amount=30.0)
        self.assertEqual([charge[1] for charge in self.charge_on(7)], [20.0])

    def test_never_more_than_was_announced(self):
        self.invoice = self._make_invoice(100.0)
        self.make_plan(7, 37, card=self.card)
        payment = self._pay_at_desk(self.invoice, amount=30.0)
        with self.in_days(4):
            self.run_plans()
        payment.action_cancel()
        self.assertEqual([charge[1] for charge in self.charge_on(7)], [20.0])

    def test_paid_meanwhile_is_not_charged(self):
        plan = self.announced()
        self._pay_at_desk(self.invoice)
        self.assertEqual(self.charge_on(7), [])
        self.assertEqual(plan.state, "kept")

    def test_credit_note_is_taken_off(self):
        self.announced()
        self._make_invoice(70.0, move_type="out_refund")
        self.assertEqual(self.charge_on(7), [])

    def test_cancelled_disputed_or_paused_is_not_charged(self):
        plan = self.announced()
        self.invoice.clinic_dispute_since = fields.Date.today()
        self.assertEqual(self.charge_on(7), [])
        self.invoice.clinic_dispute_since = False
        hold = self.case._hold("says_paid", days=10)
        self.assertEqual(self.charge_on(7), [])
        hold.action_end()
        plan.action_cancel()
        self.assertEqual(self.charge_on(7), [])

    def test_whoever_pays_on_the_page_is_not_charged_too(self):
        self.announced()
        with self.in_days(7):
            transaction = self._start("now")
        self.assertEqual(self.charge_on(7), [])
        transaction._set_pending()
        self.assertEqual(self.charge_on(8), [])
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self.charge_on(9), [])

    def test_charge_under_way_is_shown_instead_of_a_payment(self):
        plan = self.announced()
        with self.in_days(7):
            transaction = plan.line_ids[0]._claim()
            self.assertTrue(transaction)
            self.assertIn("We are checking your payment", self._read())
            self.assertEqual(plan.line_ids[0].state, "charging")
            with self.assertRaisesRegex(UserError, "under way"):
                plan.action_cancel()
            self.assertFalse(plan.line_ids[0]._claim())

    # -- failures ----------------------------------------------------------------------

    def test_refused_card_gets_a_link_once_and_no_second_charge(self):
        plan = self.announced()
        self.assertEqual(len(self.charge_on(7, "error")), 1)
        (email,) = self.emails
        self.assertIn("/p/", self.get_text(email))
        self.assertIn("50.00", self.get_text(email))
        self.assertRecordValues(
            plan.line_ids[0].transaction_ids,
            [{"state": "error", "clinic_charge": "refused"}],
        )
        self.assertIn("declined", plan.line_ids[0].problem)
        self.assertEqual(self.charge_on(8), [])
        self.assertFalse(self.emails)
        with self.in_days(8):
            self._pay("now")
        self.assertEqual(self.invoice.amount_residual, 50.0)

    def test_card_that_asks_for_the_patient_gets_a_link(self):
        plan = self.announced()
        self.charge_on(7, None)
        self.assertEqual(len(self.emails), 1)
        self.assertEqual(plan.line_ids[0].transaction_ids.state, "cancel")

    def test_removed_card_gets_a_link(self):
        plan = self.announced()
        self.card.active = False
        self.assertEqual(self.charge_on(7), [])
        self.assertEqual(len(self.emails), 1)
        self.assertFalse(plan.line_ids.transaction_ids)
        with self.in_days(36):
            self.run_plans()
        topics = self.env["clinic.message"].search([("case_id", "=", self.case.id)])
        self.assertEqual(
            topics.sorted("id").topic_id.mapped("code"), ["plan_notice", "plan_due"]
        )

    def test_in_india_a_link_is_sent_instead(self):
        self.invoice = self._make_invoice(100.0)
        self.make_plan(7, card=self.card)
        self.company.account_fiscal_country_id = self.env.ref("base.in")
        with self.in_days(4):
            (email,) = self.run_plans()
        self.assertIn("is due on", self.get_text(email))
        message = self.env["clinic.message"].search([("case_id", "=", self.case.id)])
        self.assertEqual(message.topic_id.code, "plan_due")
        self.assertEqual(self.charge_on(7), [])

    def test_what_was_paid_between_claim_and_charge_is_not_charged(self):
        plan = self.announced()
        with self.in_days(7), self.charging() as charges:
            transaction = plan.line_ids[0]._claim()
            self._pay_at_desk(self.invoice)
            self.env.flush_all()
            transaction._charge_locked()
        self.assertEqual(charges, [])
        self.assertEqual(transaction.state, "cancel")

    def test_bill_disputed_between_claim_and_charge_is_not_charged(self):
        plan = self.announced()
        with self.in_days(7), self.charging() as charges:
            transaction = plan.line_ids[0]._claim()
            self.invoice.clinic_dispute_since = fields.Date.today()
            self.env.flush_all()
            transaction._charge_locked()
        self.assertEqual(charges, [])
        self.assertEqual(transaction.state, "cancel")

    def test_pending_charge_waits_and_breaks_nothing(self):
        plan = self.announced()
        self.assertEqual(len(self.charge_on(7, "pending")), 1)
        self.assertEqual(self.charge_on(30), [])
        self.assertEqual(plan.state, "active")
        plan.line_ids[0].transaction_ids._set_done()
        self.book()
        self.assertEqual(self.invoice.amount_residual, 50.0)

    # -- in doubt ----------------------------------------------------------------------

    def lose(self):
        plan = self.announced()
        with mute_logger("odoo.addons.payment"):
            self.charge_on(7, "lost")
        self.assertFalse(self.emails)
        transaction = plan.line_ids[0].transaction_ids
        self.assertEqual(transaction.clinic_charge, "unknown")
        return plan, transaction

    def test_lost_answer_is_a_persons_to_settle_not_charged_again(self):
        plan, transaction = self.lose()
        self.assertEqual(self.charge_on(8), [])
        self.assertFiled(transaction, "unknown", 50.0)
        self.assertIn("We are checking your payment", self._read())
        self.assertEqual(self.charge_on(30), [])
        self.assertEqual(plan.state, "active")

    def test_person_says_it_was_charged(self):
        _plan, transaction = self.lose()
        self.charge_on(8)
        exception = self.Exception.search([("transaction_id", "=", transaction.id)])
        exception.with_user(self.officer).action_was_charged()
        self.book()
        self.assertEqual(self.invoice.amount_residual, 50.0)
        self.assertEqual(exception.state, "done")

    def test_person_says_it_was_not_charged(self):
        _plan, transaction = self.lose()
        self.charge_on(8)
        exception = self.Exception.search([("transaction_id", "=", transaction.id)])
        exception.with_user(self.officer).action_was_not_charged()
        self.assertEqual(self.charge_on(8), [])
        self.assertEqual(len(self.emails), 1)
        self.assertEqual(self.invoice.amount_residual, 100.0)

    def test_late_news_of_the_provider_settle_it(self):
        _plan, transaction = self.lose()
        transaction._set_done()
        self.book()
        self.assertEqual(transaction.clinic_charge, "charged")
        self.assertEqual(self.charge_on(8), [])
        self.assertNothingFiled(transaction)
