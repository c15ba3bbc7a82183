from odoo.tests import tagged

from .common import TODAY, DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestDecisionBlocked(DunningCase):
    """What holds a reminder back; the case says why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), level("Second", 30))
        cls.invoice = cls.create_invoice()

    def test_excluded_invoice(self):
        self.invoice.no_followup = True
        self.assertHeld("excluded from follow-up")
        self.invoice.no_followup = False
        self.assertDecides(self.invoice)

    def test_disputed_invoice_alone_is_held_back(self):
        other = self.create_invoice()
        self.invoice.clinic_dispute_since = TODAY
        self.assertDecides(other)
        self.invoice.action_end_dispute()
        self.assertDecides(self.invoice)

    def test_disputed_invoice_does_not_raise_what_is_asked(self):
        self.policy.tolerance = 150
        self.create_invoice()
        self.assertTrue(self.decide())
        self.env["clinic.followup.entry"].search([])._void()
        self.invoice.clinic_dispute_since = TODAY
        self.assertFalse(self.decide())

    def test_person_without_follow_up(self):
        self.patient.with_company(self.company).clinic_followup_mode = "none"
        self.assertHeld("switched off")

    def test_mode_of_another_company_does_not_count(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.patient.with_company(other).clinic_followup_mode = "none"
        self.assertDecides(self.invoice)

    def test_hold_counts_from_its_start_until_the_day_before_its_end(self):
        hold = self.env["clinic.followup.hold"].create(
            {
                "case_id": self.case_of().id,
                "reason": "promise",
                "start_date": days_ago(3),
                "end_date": days_ago(-1),
            }
        )
        self.assertHeld("Promise to pay")
        hold.end_date = TODAY
        self.assertDecides(self.invoice)

    def test_hold_of_tomorrow_does_not_count_yet(self):
        self.env["clinic.followup.hold"].create(
            {
                "case_id": self.case_of().id,
                "reason": "plan",
                "start_date": days_ago(-1),
            }
        )
        self.assertDecides(self.invoice)

    def test_postponed_until_that_day(self):
        case = self.case_of()
        case.postponed_until = days_ago(-1)
        self.assertFalse(self.decide())
        self.assertEqual(self.explain()["next_date"], days_ago(-1))
        case.postponed_until = TODAY
        self.assertDecides(self.invoice)

    def test_days_between_two_reminders(self):
        self.policy.min_days = 3
        self.assertDecides(self.invoice)
        late = self.create_invoice(due=days_ago(8))
        self.go_to("2026-03-12 10:00:00")
        self.assertFalse(self.decide())
        self.assertEqual(str(self.explain()["next_date"]), "2026-03-13")
        self.go_to("2026-03-13 10:00:00")
        self.assertDecides(late)

    def test_reminder_that_was_taken_back_does_not_keep_the_distance(self):
        self.policy.min_days = 3
        self.decide()._void()
        self.assertDecides(self.invoice)

    def test_nothing_before_the_start_date(self):
        self.policy.start_date = days_ago(-1)
        self.assertHeld("starts on 2026-03-11")
        self.go_to("2026-03-11 10:00:00")
        self.assertDecides(self.invoice)

    def test_policy_that_is_off(self):
        self.policy.action_deactivate()
        self.assertHeld("is off")

    def test_nobody_is_reminded_while_the_bank_is_stale(self):
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)]
        )
        self.policy.write({"stale_bank_days": 5, "stale_journal_ids": bank.ids})
        self.assertHeld("No bank entry for 5 days in Bank")
        other = self.create_invoice(self.create_patient("Somebody Else"))
        self.pay(other)
        self.assertDecides(self.invoice)
        self.go_to("2026-03-20 10:00:00")
        self.assertFalse(self.decide())
        self.assertIn("Bank", self.policy._get_standstill(self.policy._get_moment()))

    def test_person_without_any_policy(self):
        self.company.clinic_followup_policy_id = False
        self.assertHeld("No follow-up policy")

    def test_policy_of_the_person_goes_before_that_of_the_company(self):
        own = self.create_policy(level("Own", 2))
        self.company.clinic_followup_policy_id = self.policy
        self.patient.with_company(self.company).clinic_followup_policy_id = own
        self.assertEqual(self.decide().level_id, own.level_ids)

    def test_next_reminder_waits_for_the_one_under_way(self):
        self.assertDecides(self.invoice)
        self.go_to("2026-04-10 10:00:00")
        self.assertHeld("already on its way")
        self.env["clinic.followup.entry"].search(
            [("company_id", "=", self.company.id)]
        )._close()
        self.assertDecides(self.invoice)

    def test_person_asking_by_hand_is_not_kept_waiting(self):
        self.policy.min_days = 30
        self.decide()._close()
        self.case_of().postponed_until = days_ago(-9)
        self.create_invoice()
        self.assertFalse(self.decide())
        self.assertEqual(
            self.Decision._decide(self.company, self.patient, by_hand=True), 1
        )
