from datetime import timedelta

from odoo.tests import tagged

from .common import TODAY, DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestOutboxAsks(DunningCase):
    """Which items a message asks for, and for how much."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_policy(
            level("Before", -3, topic="before3"),
            level("After", 7),
            level("Notice", 60, topic="formal_notice", legal_step="formal_notice"),
        )
        cls.soon = TODAY + timedelta(days=2)

    def verdict(self, message):
        message.ensure_one()
        return message._recheck()[message]

    def asked(self, verdict):
        moves = [row["move_id"] for row in verdict.items]
        return self.env["account.move"].browse(moves)

    def test_note_ahead_of_the_due_date_is_silent_about_what_is_late(self):
        self.create_invoice(amount=40, due=days_ago(1))
        coming = self.create_invoice(amount=100, due=self.soon)
        verdict = self.verdict(self.remind())
        self.assertEqual(self.asked(verdict), coming)
        self.assertEqual(verdict.amount, 100)

    def test_reminder_does_not_ask_for_what_is_not_due_yet(self):
        late = self.create_invoice(amount=40, due=days_ago(10))
        self.create_invoice(amount=100, due=self.soon)
        message = self.remind()
        self.assertEqual(message.level_id.name, "After")
        verdict = self.verdict(message)
        self.assertEqual(self.asked(verdict), late)
        self.assertEqual(verdict.amount, 40)

    def test_reminder_asks_for_all_that_is_late_less_credits(self):
        late = self.create_invoice(amount=40, due=days_ago(10))
        late |= self.create_invoice(amount=25, due=days_ago(2))
        self.create_credit(amount=15)
        verdict = self.verdict(self.remind())
        self.assertEqual(self.asked(verdict), late)
        self.assertEqual(verdict.amount, 50)

    def test_case_names_the_level_that_will_speak(self):
        self.company.clinic_followup_policy_id.min_days = 4
        self.create_invoice(amount=40, due=days_ago(10))
        self.remind()
        self.create_invoice(amount=70, due=days_ago(8))
        self.create_invoice(amount=100, due=TODAY + timedelta(days=20))
        explained = self.explain()
        following = self.env["clinic.followup.level"].browse(explained["next_level_id"])
        self.assertEqual(following.name, "After")
        self.assertEqual(explained["next_date"], TODAY + timedelta(days=4))
