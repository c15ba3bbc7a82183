from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import TODAY, DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestCase(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), level("Second", 30))

    def test_case_is_closed_when_nothing_is_owed(self):
        invoice = self.create_invoice()
        case = self.case_of()
        self.assertEqual(case.state, "active")
        self.pay(invoice)
        case.invalidate_recordset()
        self.assertEqual(case.state, "closed")

    def test_state_can_be_searched(self):
        self.create_invoice()
        paused = self.case_of()
        paused._hold("promise", days=3)
        owing = self.create_patient("Owing")
        self.create_invoice(owing)
        cases = paused | self.case_of(owing) | self.case_of(self.create_patient("None"))
        found = {
            state: cases.search([("state", "=", state), ("id", "in", cases.ids)])
            for state in ("paused", "active", "closed")
        }
        self.assertEqual(
            [found[state].partner_id.name for state in found],
            ["Ana Diaz", "Owing", "None"],
        )

    def test_next_level_and_day_are_explained(self):
        self.create_invoice(due=days_ago(2))
        case = self.case_of()
        self.assertEqual(str(case.next_action_date), "2026-03-15")
        self.assertEqual(case.next_level_id.name, "First")
        self.assertIn("7 days after the due date", case.reason_text)

    def test_all_levels_done_is_said(self):
        self.create_invoice(due=days_ago(60))
        self.decide()._close()
        self.decide()._close()
        self.assertIn("All levels are done", self.explain()["text"])

    def test_pause_needs_an_end_and_a_reason(self):
        case = self.case_of()
        for vals in (
            {"reason": "promise"},
            {"reason": "promise", "end_date": TODAY},
            {"reason": "other", "end_date": days_ago(-3)},
        ):
            with self.assertRaises(ValidationError):
                self.env["clinic.followup.hold"].create({"case_id": case.id} | vals)

    def test_front_desk_pauses_thirty_days_at_most(self):
        desk = self.create_user("desk", "clinic_dunning.group_front_desk")
        case = self.case_of().with_user(desk)
        case._hold("promise", days=30)
        with self.assertRaises(ValidationError):
            case._hold("promise", days=31)
        with self.assertRaises(ValidationError):
            case._hold("says_paid", days=11)

    def test_nothing_to_send_is_said(self):
        with self.assertRaisesRegex(UserError, "Nothing"):
            self.case_of().action_send_now()

    def test_send_now_does_not_wait_for_the_distance(self):
        self.policy.min_days = 30
        self.create_invoice()
        self.decide()._close()
        self.create_invoice(due=days_ago(8))
        self.case_of().action_send_now()
        self.assertEqual(len(self.drain()), 1)

    def test_front_desk_postpones_thirty_days_at_most(self):
        desk = self.create_user("desk", "clinic_dunning.group_front_desk")
        officer = self.create_user("officer", "clinic_dunning.group_billing_officer")
        case = self.case_of().with_user(desk)
        case.action_postpone()
        case.postponed_until = days_ago(-30)
        with self.assertRaises(ValidationError):
            case.postponed_until = days_ago(-31)
        case.with_user(officer).postponed_until = days_ago(-60)

    def test_front_desk_plans_no_pause_for_later(self):
        desk = self.create_user("desk", "clinic_dunning.group_front_desk")
        with self.assertRaises(ValidationError):
            self.env["clinic.followup.hold"].with_user(desk).create(
                {
                    "case_id": self.case_of().id,
                    "reason": "promise",
                    "start_date": days_ago(-25),
                    "end_date": days_ago(-50),
                }
            )

    def test_send_now_ends_the_postponing(self):
        self.create_invoice()
        case = self.case_of()
        case.action_postpone()
        self.drain()
        case.action_send_now()
        self.assertFalse(case.postponed_until)
        self.assertEqual(len(self.drain()), 1)

    def test_overdue_can_be_searched(self):
        self.create_invoice()
        owing, free = self.case_of(), self.case_of(self.create_patient())
        cases = owing | free
        for operator, value, found in (
            (">", 50, owing),
            ("!=", 0, owing),
            ("not in", [0], owing),
            ("!=", False, owing),
            ("=", False, free),
            ("=", 0, free),
            ("in", [0, 100], cases),
            ("<=", 100, cases),
        ):
            domain = [("amount_overdue", operator, value), ("id", "in", cases.ids)]
            self.assertEqual(cases.search(domain), found.sorted(), (operator, value))
