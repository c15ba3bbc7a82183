from datetime import datetime

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY, DunningCase, create_clinic, days_ago, level

BEFORE = level("Before", -3, topic="before3")


@tagged("post_install", "-at_install")
class TestDecisionLevels(DunningCase):
    """When an item reaches which level."""

    def names(self, entries=None):
        entries = self.decide() if entries is None else entries
        return entries.sorted("id").level_id.mapped("name")

    def close(self):
        self.env["clinic.followup.entry"].search([])._close()

    def reached_on(self, *days):
        """Decide on each of these days; return {day: names of the levels entered}."""
        reached = {}
        for day in days:
            self.go_to(f"{day} 10:00:00")
            if names := self.names():
                reached[day] = names
            self.close()
        return reached

    # -- anchors and delays ------------------------------------------------------------

    def test_levels_come_one_after_the_other(self):
        self.create_policy(level("First", 7), level("Second", 14))
        self.create_invoice(due=TODAY)
        days = [f"2026-03-{day}" for day in range(10, 31)]
        self.assertEqual(
            self.reached_on(*days), {"2026-03-17": ["First"], "2026-03-24": ["Second"]}
        )

    def test_level_before_the_due_date_is_never_late(self):
        self.create_policy(BEFORE, level("After", 5))
        self.create_invoice(due=days_ago(-3))
        self.create_invoice(due=days_ago(-4))
        self.create_invoice(due=days_ago(-1))
        self.create_invoice(due=TODAY)
        entries = self.decide()
        self.assertEqual(
            sorted(entries.mapped("date_maturity")), [days_ago(-1), days_ago(-3)]
        )
        messages = self.compose()
        self.assertEqual(messages.expires_at, datetime(2026, 3, 10, 23))

    def test_message_before_the_due_date_is_skipped_on_it(self):
        self.create_policy(BEFORE)
        self.create_invoice(due=days_ago(-1))
        message = self.remind()
        self.go_to("2026-03-10 22:59:59")
        self.assertEqual(message._recheck()[message].outcome, "send")
        self.go_to("2026-03-10 23:00:00")
        self.assertEqual(message._recheck()[message].outcome, "skip")

    def test_hours_after_the_first_request(self):
        self.create_policy(
            level("48 hours", 48, delay_unit="hours", anchor="first_request")
        )
        invoice = self.create_invoice(due=TODAY)
        self.assertFalse(self.decide())
        invoice.clinic_first_request_at = "2026-03-08 10:00:01"
        self.assertFalse(self.decide())
        invoice.clinic_first_request_at = "2026-03-08 10:00:00"
        self.assertDecides(invoice)

    def test_hours_are_counted_on_the_clock_over_the_change_to_summer_time(self):
        self.create_policy(
            level("48 hours", 48, delay_unit="hours", anchor="first_request")
        )
        self.create_invoice(due=TODAY).clinic_first_request_at = "2026-03-28 09:00:00"
        self.go_to("2026-03-30 08:59:59")
        self.assertFalse(self.decide())
        self.go_to("2026-03-30 09:00:00")
        self.assertTrue(self.decide())

    def test_days_are_counted_on_the_calendar_over_the_change_to_summer_time(self):
        self.create_policy(level("2 days", 2, anchor="first_request"))
        # 10:00 in Paris on both days: one hour less goes by
        self.create_invoice(due=TODAY).clinic_first_request_at = "2026-03-28 09:00:00"
        self.go_to("2026-03-30 07:59:59")
        self.assertFalse(self.decide())
        self.go_to("2026-03-30 08:00:00")
        self.assertTrue(self.decide())

    def test_days_after_the_invoice_date(self):
        self.create_policy(level("Invoice", 2, anchor="invoice_date"))
        self.create_invoice(due=days_ago(-20), invoice_date=days_ago(1))
        self.assertFalse(self.decide())
        self.go_to("2026-03-11 10:00:00")
        self.assertTrue(self.decide())

    def test_day_is_that_of_the_clinic(self):
        company = create_clinic(self.env, "Clinic Rao", "INR", "in", "Asia/Kolkata")
        self.create_policy(level("Due", 1), company=company)
        self.create_invoice(due=TODAY, company=company)
        self.go_to("2026-03-10 18:29:00")
        self.assertFalse(self.decide(company))
        self.go_to("2026-03-10 18:30:00")
        self.assertTrue(self.decide(company))

    # -- repeats -----------------------------------------------------------------------

    def test_level_repeats_until_its_maximum(self):
        self.create_policy(
            level("First", 0), level("Again", 7, repeat_every=5, max_repeats=2)
        )
        self.create_invoice(due=TODAY)
        days = [f"2026-03-{day}" for day in range(10, 32)]
        self.assertEqual(
            self.reached_on(*days),
            {
                "2026-03-10": ["First"],
                "2026-03-17": ["Again"],
                "2026-03-22": ["Again"],
                "2026-03-27": ["Again"],
            },
        )
        entries = self.env["clinic.followup.entry"].search(
            [("company_id", "=", self.company.id)], order="id"
        )
        self.assertEqual(entries.mapped("occurrence"), [1, 1, 2, 3])

    def test_item_nobody_asked_for_yet_repeats_too(self):
        self.create_policy(
            level("Again", 1, repeat_every=2, max_repeats=2),
            level("Later", 90, anchor="first_request"),
        )
        self.create_invoice(due=days_ago(1))
        self.assertEqual(
            self.reached_on("2026-03-10", "2026-03-12"),
            {"2026-03-10": ["Again"], "2026-03-12": ["Again"]},
        )

    def test_following_level_ends_the_repeats(self):
        self.create_policy(
            level("Again", 0, repeat_every=2, max_repeats=9), level("Next", 5)
        )
        self.create_invoice(due=TODAY)
        days = [f"2026-03-{day}" for day in range(10, 20)]
        self.assertEqual(
            self.reached_on(*days),
            {
                "2026-03-10": ["Again"],
                "2026-03-12": ["Again"],
                "2026-03-14": ["Again"],
                "2026-03-15": ["Next"],
            },
        )

    # -- catching up -------------------------------------------------------------------

    def test_old_debt_enters_at_the_first_level(self):
        self.create_policy(
            level("First", 7), level("Second", 30), catch_up="first_level"
        )
        self.create_invoice(due=days_ago(60))
        self.assertEqual(self.names(), ["First"])

    def test_old_debt_enters_at_the_level_of_its_age(self):
        self.create_policy(
            level("First", 7),
            level("Second", 30),
            level(
                "Notice",
                60,
                topic="formal_notice",
                route="letter",
                legal_step="formal_notice",
            ),
            level("Agency", 90, route="letter", legal_step="agency"),
            catch_up="by_age",
        )
        for days, partner in ((8, "A"), (31, "B"), (61, "C"), (400, "D")):
            self.create_invoice(
                self.create_patient(f"Patient {partner}"), due=days_ago(days)
            )
        entries = self.decide().sorted("date_maturity", reverse=True)
        self.assertEqual(
            [entry.level_id.name for entry in entries],
            ["First", "Second", "Second", "Second"],
        )
        self.close()
        self.go_to("2026-03-11 10:00:00")
        self.assertIn("Notice", self.names())

    def test_old_debt_never_begins_with_a_formal_notice(self):
        notice = level(
            "Notice",
            60,
            topic="formal_notice",
            route="letter",
            legal_step="formal_notice",
        )
        with self.assertRaisesRegex(UserError, "add a reminder"):
            self.create_policy(
                level("Soon", 7, expire_days=10), notice, catch_up="by_age"
            )
        self.create_policy(level("Soon", 70), notice, catch_up="by_age")
        self.create_invoice(due=days_ago(65))
        self.assertFalse(self.decide())
        self.assertEqual(str(self.explain()["next_date"]), "2026-03-15")

    def test_level_that_is_over_is_passed_by(self):
        self.create_policy(level("Soon", 1, expire_days=3), level("Later", 7))
        self.create_invoice(due=days_ago(3))
        self.create_invoice(due=days_ago(4))
        self.create_invoice(due=days_ago(7))
        entries = self.decide()
        self.assertEqual(
            {(str(e.date_maturity), e.level_id.name) for e in entries},
            {("2026-03-07", "Soon"), ("2026-03-03", "Later")},
        )

    # -- changes -----------------------------------------------------------------------

    def test_level_put_in_between_comes_next(self):
        policy = self.create_policy(level("First", 1), level("Third", 20))
        self.create_invoice(due=days_ago(10))
        self.assertEqual(self.names(), ["First"])
        self.close()
        self.env["clinic.followup.level"].create(
            self.prepare_level(1.5, level("Second", 5)) | {"policy_id": policy.id}
        )
        self.assertEqual(self.names(), ["Second"])

    def test_another_policy_begins_anew(self):
        self.create_policy(level("First", 1), level("Second", 2))
        self.create_invoice()
        for _level in range(2):
            self.assertTrue(self.decide())
            self.close()
        self.create_policy(level("Kind", 1))
        self.assertEqual(self.names(), ["Kind"])

    def test_level_that_was_used_stays(self):
        policy = self.create_policy(level("First", 1))
        self.create_invoice()
        self.decide()
        with (
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            policy.level_ids.unlink()

    def test_two_levels_can_not_have_one_place(self):
        policy = self.create_policy(level("First", 1), level("Second", 2))
        with self.assertRaises(ValidationError):
            policy.level_ids[1].sequence = policy.level_ids[0].sequence

    def test_only_a_due_date_has_a_level_before_it(self):
        with self.assertRaises(ValidationError):
            self.create_policy(level("Wrong", -1, anchor="invoice_date"))
        with self.assertRaises(ValidationError):
            self.create_policy(level("Wrong", -1, repeat_every=2))
