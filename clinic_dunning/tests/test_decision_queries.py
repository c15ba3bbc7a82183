from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.clinic_dunning.models.followup import decide

from .common import DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestDecisionQueries(DunningCase):
    """The number of statements does not grow with the ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), level("Second", 30))

    def count(self, call, *args):
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.cr.sql_log_count
        call(*args)
        return self.cr.sql_log_count - start

    def bill(self, count):
        for number in range(count):
            self.create_invoice(self.create_patient(f"P{number}"), due=days_ago(40))

    def test_decide(self):
        self.bill(1)
        self.Decision._decide(self.company)
        self.bill(1)
        few = self.count(self.Decision._decide, self.company)
        self.bill(15)
        self.assertLessEqual(self.count(self.Decision._decide, self.company), few)
        self.assertLess(few, 30)

    def test_few_and_many_people_are_decided_alike(self):
        self.bill(2)
        self.decide()._close()
        self.go_to("2026-04-20 10:00:00")
        found = []
        for few in (decide.FEW, 1):
            with (
                patch.object(decide, "FEW", few),
                self.cr.savepoint() as savepoint,
            ):
                entries = self.decide()
                found.append(entries.mapped(lambda e: (e.move_id, e.level_id)))
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(found[0], found[1])
        self.assertEqual(len(found[0]), 2)

    def test_preview(self):
        self.bill(1)
        few = self.count(self.Decision._preview, self.policy)
        self.bill(15)
        self.assertLessEqual(self.count(self.Decision._preview, self.policy), few)

    def test_explain(self):
        case = self.case_of()
        for days in range(1, 16):
            self.create_invoice(due=days_ago(days))
        self.assertLessEqual(self.count(self.Decision._explain, case), 30)

    def test_preview_and_explain_write_nothing(self):
        self.bill(2)
        case = self.case_of()
        self.env.flush_all()
        tables = ("clinic_followup_entry", "clinic_followup_case", "clinic_message")
        before = [self.count_rows(table) for table in tables]
        self.Decision._preview(self.policy)
        self.Decision._explain(case)
        self.assertEqual([self.count_rows(table) for table in tables], before)

    def count_rows(self, table):
        self.env.cr.execute(f"SELECT COUNT(*) FROM {table}")
        return self.env.cr.fetchone()[0]

    def test_preview_foretells_the_decision(self):
        self.bill(3)
        self.create_invoice(self.create_patient("Held")).no_followup = True
        preview = self.Decision._preview(self.policy)
        self.assertEqual(preview["blocked"], {"no_followup": 1})
        (row,) = preview["levels"]
        self.assertEqual((row["people"], row["items"], row["amount"]), (3, 3, 300.0))
        self.assertEqual(len(self.decide()), 3)

    def test_preview_works_before_the_policy_is_on(self):
        self.bill(2)
        self.policy.action_deactivate()
        self.assertEqual(self.Decision._preview(self.policy)["levels"][0]["people"], 2)
