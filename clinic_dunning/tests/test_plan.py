from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import create_clinic
from .plan_common import PlanCase


@tagged("post_install", "-at_install")
class TestPlan(PlanCase):
    def assertLines(self, plan, *lines):
        found = [(line.paid, line.state) for line in plan.line_ids.sorted("date")]
        self.assertEqual(found, list(lines))

    # -- the ledger --------------------------------------------------------------------

    def test_payment_fills_the_first_instalments(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7, 37, 67)
        self.assertEqual(plan.line_ids.mapped("amount"), [33.34, 33.33, 33.33])
        self._pay_at_desk(invoice, amount=40.0)
        self.env.invalidate_all()
        self.assertRecordValues(plan, [{"paid": 40.0, "left": 60.0, "due_now": 0.0}])
        self.assertLines(plan, (33.34, "paid"), (6.66, "planned"), (0.0, "planned"))
        with self.in_days(40):
            self.assertAlmostEqual(plan.due_now, 26.67)
            self.assertLines(plan, (33.34, "paid"), (6.66, "late"), (0.0, "planned"))

    def test_open_credit_counts_as_paid_and_nothing_twice(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        credit = self._make_invoice(30.0, move_type="out_refund")
        self.assertEqual(plan.left, 70.0)
        lines = (invoice | credit).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        lines.reconcile()
        self.env.invalidate_all()
        self.assertEqual(plan.left, 70.0)

    def test_taken_back_payment_is_unpaid_again(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        payment = self._pay_at_desk(invoice, amount=50.0)
        payment.action_cancel()
        self.env.invalidate_all()
        self.assertEqual(plan.left, 100.0)

    def test_plan_that_misses_the_ledger_is_refused(self):
        invoice = self._make_invoice(100.0)
        plan = self.Plan._make(
            self.case,
            self.eur,
            self.Plan._get_free_items(self.case),
            self.days_on(7, 37),
        )
        self._pay_at_desk(invoice, amount=10.0)
        with self.assertRaisesRegex(UserError, "90.00"):
            plan.action_propose()
        plan.action_spread()
        plan.action_propose()
        self.assertEqual(plan.line_ids.mapped("amount"), [45.0, 45.0])

    def test_bill_is_in_one_live_plan_only(self):
        self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        self.assertFalse(self.Plan._get_free_items(self.case))
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            self.case._draft_plan()
        plan.action_cancel()
        self.assertTrue(self.Plan._get_free_items(self.case))

    def test_what_was_accepted_stays(self):
        self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        for change in (
            lambda: plan.line_ids[0].write({"amount": 1.0}),
            lambda: plan.line_ids[0].unlink(),
            lambda: plan.item_ids.unlink(),
        ):
            with self.assertRaisesRegex(UserError, "accepted stays"):
                change()

    def test_forbidden_change_of_state_raises(self):
        self._make_invoice(100.0)
        plan = self.make_plan(7)
        plan.action_cancel()
        with self.assertRaises(UserError):
            plan.action_cancel()

    # -- the follow-up -----------------------------------------------------------------

    def test_only_bills_of_the_plan_are_held(self):
        first = self._make_invoice(100.0)
        self.assertEqual(self.decide(), first)
        plan = self.make_plan(7, 37)
        other = self._make_invoice(60.0)
        self.assertEqual(self.decide(), other)
        self.assertNotEqual(self.case.state, "paused")
        plan.action_cancel()
        self.assertEqual(self.decide(), first | other)

    def test_other_bill_under_the_tolerance_is_left_alone(self):
        self.policy.tolerance = 10.0
        self._make_invoice(100.0)
        self.make_plan(7, 37)
        self._make_invoice(5.0)
        self.assertFalse(self.decide())

    def test_queued_reminder_is_withdrawn(self):
        self._make_invoice(100.0)
        self.env["clinic.followup.decision"]._decide(self.company)
        message = self.env["clinic.message"]._compose_all(self.case)
        plan = self.make_plan(7, 37)
        self.env["clinic.message"]._sweep()
        self.assertEqual(message.state, "skipped")
        plan.action_cancel()
        self.assertTrue(self.decide())

    def test_case_says_that_a_plan_covers_it(self):
        self._make_invoice(100.0)
        self.make_plan(7, 37)
        self.env.invalidate_all()
        self.assertIn("payment plan covers", self.case.reason_text)

    def test_missed_after_grace_is_broken_and_the_former_level_goes_on(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        with self.in_days(4):
            self.assertEqual(len(self.run_plans()), 1)
        with self.in_days(12):
            self.run_plans()
            self.assertEqual(plan.state, "active")
        with self.in_days(13):
            self.run_plans()
            self.assertEqual(plan.state, "broken")
            self.assertEqual(self.decide(), invoice)
        self.assertIn("Plan not kept", self.case.activity_ids.mapped("summary"))

    def test_nobody_is_late_before_being_asked(self):
        self._make_invoice(100.0)
        plan = self.make_plan(7)
        with self.in_days(20):
            plan._announce()
            plan._settle()
            self.assertEqual(plan.state, "active")
            self.run_plans()
        with self.in_days(24):
            plan._settle()
            self.assertEqual(plan.state, "active")
        with self.in_days(26):
            plan._settle()
            self.assertEqual(plan.state, "broken")

    def test_paused_or_disputed_is_not_held_against_the_patient(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7)
        with self.in_days(4):
            self.run_plans()
        with self.in_days(30):
            invoice.clinic_dispute_since = fields.Date.today()
            plan._settle()
            self.assertEqual(plan.state, "active")
            invoice.action_end_dispute()
            hold = self.case._hold("hardship", days=20)
            plan._settle()
            self.assertEqual(plan.state, "active")
            hold.action_end()
            plan._settle()
            self.assertEqual(plan.state, "broken")

    def test_paid_plan_is_kept(self):
        invoice = self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        self._pay_at_desk(invoice)
        self.env.invalidate_all()
        plan._settle()
        self.assertEqual(plan.state, "kept")

    def test_link_message_asks_for_what_is_left_of_the_instalment(self):
        invoice = self._make_invoice(100.0)
        self.make_plan(7, 37)
        self._pay_at_desk(invoice, amount=20.0)
        with self.in_days(4):
            (email,) = self.run_plans()
            self.assertFalse(self.run_plans())
        text = email.get_body(("plain",)).get_content()
        self.assertIn("30.00", text)
        self.assertIn("/p/", text)

    # -- people ------------------------------------------------------------------------

    def test_officer_prepares_a_plan_on_the_case(self):
        self._make_invoice(90.0)
        case = self.case.with_user(self.officer)
        action = case.action_plan()
        plan = case.env["clinic.payment.plan"].browse(action["res_id"])
        with Form(plan) as form:
            with form.line_ids.edit(0) as line:
                line.amount = 50.0
            with form.line_ids.edit(1) as line:
                line.amount = 40.0
            form.line_ids.remove(2)
        self.assertEqual(case.action_plan()["res_id"], plan.id)
        plan.action_accepted_by_word()
        self.assertRecordValues(
            plan,
            [
                {
                    "state": "active",
                    "amount": 90.0,
                    "accepted_user_id": self.officer.id,
                }
            ],
        )
        self.assertIn("50.00", plan.accepted_text)

    def test_bill_taken_out_of_a_draft_changes_its_amount(self):
        self._make_invoice(90.0)
        self._make_invoice(10.0, -5)
        plan = self.case.with_user(self.officer)._draft_plan()
        plan.item_ids[0].unlink()
        self.assertEqual(plan.amount, 10.0)

    def test_front_desk_sees_plans_and_changes_none(self):
        self._make_invoice(90.0)
        plan = self.make_plan(7, 37)
        desk = self.env["res.users"].create(
            {
                "name": "Desk",
                "login": "plan_desk",
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
                "group_ids": [
                    (6, 0, self.env.ref("clinic_dunning.group_front_desk").ids)
                ],
            }
        )
        seen = plan.with_user(desk)
        for model in ("plan", "plan.line", "plan.item"):
            rights = self.env[f"clinic.payment.{model}"].with_user(desk)
            self.assertFalse(rights.has_access("write") or rights.has_access("create"))
        self.assertEqual(seen.left, 90.0)
        self.assertEqual(seen.line_ids.mapped("state"), ["planned", "planned"])
        self.assertFalse(seen.card)
        for act in (
            seen.action_cancel,
            lambda: self.case.with_user(desk).action_plan(),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_plan_of_another_clinic_is_not_seen(self):
        self._make_invoice(90.0)
        plan = self.make_plan(7, 37)
        other = create_clinic(self.env, "Clinic Durand")
        self.officer.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        plans = self.Plan.with_user(self.officer).with_context(
            allowed_company_ids=other.ids
        )
        self.assertFalse(plans.search([("id", "=", plan.id)]))
        with self.assertRaises(AccessError):
            plans.browse(plan.id).read(["amount"])

    def test_merged_people_keep_their_plan(self):
        self._make_invoice(90.0)
        plan = self.make_plan(7, 37)
        twin = self._make_patient("Catherine Martin")
        kept = self.env["clinic.followup.case"]._get_or_create(twin, self.company)
        self.env["clinic.followup.case"]._merge(self.patient, twin)
        self.assertEqual(plan.case_id, kept)

    def test_nobody_writes_a_state_or_an_amount(self):
        self._make_invoice(90.0)
        plan = self.make_plan(7, 37).with_user(self.officer)
        with self.assertRaises(UserError):
            plan.state = "kept"
        with self.assertRaises(AccessError):
            plan.amount = 1.0

    def test_evidence_file_tells_of_the_plan(self):
        self._make_invoice(90.0)
        self.make_plan(7, 37)
        (event,) = self.case._get_plan_events()
        self.assertIn("accepted", event.what)
        self.assertIn("45.00", event.detail)

    def test_limits_of_a_policy_are_checked(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.policy.plan_notice_days = 0
            self.policy.flush_recordset()
