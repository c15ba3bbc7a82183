import signal
import time

from common import ProcessCase
from emulators.bank import BankEmulator

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestPlanCrash(ProcessCase):
    """However a charge ends, a card is charged once at most, and never unannounced."""

    people = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.enterClassContext(BankEmulator())
        cls.worker.run("open_bank")

    def setUp(self):
        super().setUp()
        self.bank.clear()
        type(self).people += 1
        self.name = f"Q{self.people}"

    def agree(self, card="ok"):
        """Somebody's first instalment is due today and was announced two days ago."""
        self.worker.run("agree", name=self.name, card=card)
        self.worker.run("send")
        self.sql(
            """UPDATE clinic_message SET delivered_at = delivered_at - interval '2 days'
                WHERE state = 'delivered'"""
        )

    def run_plans(self, at=None):
        return self.worker.run("plans", at=at, bank=self.bank.url)

    def recover(self):
        """Later runs find what was left in doubt; then what was paid is booked."""
        self.let_plans_pass()
        self.worker.run("book")

    def let_plans_pass(self):
        """Two later runs, when what is in doubt may be looked up."""
        for _time in range(2):
            self.sql(
                """UPDATE payment_transaction SET clinic_charge_at = '2020-01-01'
                    WHERE id IN (SELECT id FROM payment_transaction
                                  WHERE clinic_charge IN ('claimed', 'unknown')
                                    FOR UPDATE SKIP LOCKED)"""
            )
            self.run_plans()

    def transaction(self):
        """Return (state, what became of the charge, whether it is booked)."""
        rows = self.sql(
            """SELECT tx.state, tx.clinic_charge, tx.payment_id IS NOT NULL
                 FROM payment_transaction tx
                 JOIN res_partner partner ON partner.id = tx.partner_id
                WHERE partner.name = %s AND tx.clinic_plan_line_id IS NOT NULL""",
            self.name,
        )
        self.assertLessEqual(len(rows), 1)
        return rows[0] if rows else None

    def asked_by_link(self):
        return self.sql(
            """SELECT COUNT(*) FROM clinic_message message
                 JOIN clinic_message_topic topic ON topic.id = message.topic_id
                 JOIN res_partner partner ON partner.id = message.partner_id
                WHERE topic.code = 'plan_due' AND partner.name = %s""",
            self.name,
        )[0][0]

    def assertChargedOnce(self):
        self.assertEqual(self.transaction(), ("done", "charged", True))
        self.assertEqual([amount for _ref, amount in self.bank.charges], [50.0])
        residual = self.sql(
            """SELECT move.amount_residual FROM account_move move
                 JOIN res_partner partner ON partner.id = move.partner_id
                WHERE partner.name = %s AND move.move_type = 'out_invoice'""",
            self.name,
        )
        self.assertEqual(float(residual[0][0]), 50.0)
        self.assertEqual(self.asked_by_link(), 0)

    def assertNotCharged(self):
        self.assertEqual(self.bank.charges, [])
        self.assertEqual(self.transaction()[1:], ("refused", False))
        self.assertEqual(self.asked_by_link(), 1)

    # -- kill -9 -----------------------------------------------------------------------

    def assertSurvives(self, point):
        self.agree()
        self.assertEqual(self.run_plans((point, "SIGKILL", 1)), -signal.SIGKILL)
        self.recover()
        self.assertChargedOnce()

    def test_killed_before_the_claim_is_committed(self):
        self.assertSurvives("after claim line")

    def test_killed_after_the_claim(self):
        self.assertSurvives("before charge")

    def test_killed_just_before_the_post(self):
        self.assertSurvives("before post")
        self.assertEqual(len(self.bank.asked), 1)

    def test_killed_just_after_the_post(self):
        self.assertSurvives("after post")
        self.assertEqual(len(self.bank.asked), 1)

    def test_killed_before_the_answer_is_noted(self):
        self.assertSurvives("before answer")
        self.assertEqual(len(self.bank.asked), 1)

    # -- what the provider does --------------------------------------------------------

    def assertLookedUp(self, fault, asked=1):
        """What the provider did not answer is looked up before anything else."""
        self.agree()
        self.bank.fail(fault)
        self.run_plans()
        self.assertEqual(self.transaction()[1], "unknown")
        self.run_plans()
        self.assertEqual(len(self.bank.asked), 1)
        self.recover()
        self.assertChargedOnce()
        self.assertEqual(len(self.bank.asked), asked)
        self.assertEqual(len(set(self.bank.asked)), 1)

    def test_charged_but_timed_out(self):
        self.assertLookedUp("late")

    def test_charged_but_connection_reset(self):
        self.assertLookedUp("reset")

    def test_charged_but_answered_500(self):
        self.assertLookedUp("broken")

    def test_timed_out_and_not_charged_is_tried_once_more(self):
        self.assertLookedUp("nothing", asked=2)

    def test_refused_card_gets_a_link(self):
        self.agree("refused")
        self.run_plans()
        self.recover()
        self.assertNotCharged()
        self.assertEqual(len(self.bank.asked), 1)

    def test_card_whose_owner_has_to_confirm_gets_a_link(self):
        self.agree("asks")
        self.run_plans()
        self.recover()
        self.assertNotCharged()

    # -- meanwhile ---------------------------------------------------------------------

    def test_two_runs_charge_once(self):
        for point in ("after claim line", "before post"):
            with self.subTest(point):
                type(self).people += 1
                self.name = f"Q{self.people}"
                self.bank.clear()
                self.agree()
                pid = self.sleep_at("plans", point, bank=self.bank.url)
                self.run_plans()
                self.assertEqual(self.bank.charges, [])
                self.assertEqual(self.wake(pid), 0)
                self.recover()
                self.assertChargedOnce()

    def test_slow_charge_is_not_taken_for_a_lost_one(self):
        self.agree()
        pid = self.sleep_at("plans", "before post", bank=self.bank.url)
        self.let_plans_pass()
        self.assertEqual(self.bank.asked, [])
        self.wake(pid)
        self.worker.run("book")
        self.assertChargedOnce()

    def test_paid_between_claim_and_charge(self):
        self.agree()
        pid = self.sleep_at("plans", "after claim line", bank=self.bank.url)
        self.worker.run("pay", name=self.name)
        self.wake(pid)
        self.recover()
        self.assertEqual(self.bank.charges, [])
        state = self.sql(
            """SELECT plan.state FROM clinic_payment_plan plan
                 JOIN res_partner partner ON partner.id = plan.partner_id
                WHERE partner.name = %s""",
            self.name,
        )
        self.assertEqual(state, [("kept",)])

    def test_card_removed_between_claim_and_charge(self):
        self.agree()
        pid = self.sleep_at("plans", "after claim line", bank=self.bank.url)
        self.worker.run("remove_card", name=self.name)
        self.wake(pid)
        self.recover()
        self.assertNotCharged()

    def test_plan_cancelled_before_the_claim_is_not_charged(self):
        self.agree()
        self.worker.run("cancel_plan", name=self.name)
        self.recover()
        self.assertEqual(self.bank.asked, [])
        self.assertIsNone(self.transaction())

    def test_cancelling_waits_for_a_charge_under_way(self):
        self.agree()
        pid = self.sleep_at("plans", "before post", bank=self.bank.url)
        cancelling = self.worker.start("cancel_plan", name=self.name)
        self.wait_until_blocked()
        time.sleep(0.1)
        self.wake(pid)
        with self.assertRaisesRegex(AssertionError, "could not serialize|under way"):
            self.worker.wait(cancelling)
        self.worker.run("book")
        self.assertChargedOnce()
