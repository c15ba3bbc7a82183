from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DunningCase, level

PRESETS = ("fr_dentist", "belgium", "india_care_first", "diagnostic_centre")


@tagged("post_install", "-at_install")
class TestPolicy(DunningCase):
    def test_policy_without_levels_can_not_be_switched_on(self):
        policy = self.env["clinic.followup.policy"].create(
            {"name": "Empty", "company_id": self.company.id}
        )
        with self.assertRaisesRegex(UserError, "no level"):
            policy.action_activate()

    def test_policy_that_lost_its_levels_stands_still_and_says_why(self):
        policy = self.create_policy(level("First", 7))
        self.create_invoice()
        policy.level_ids.unlink()
        self.assertHeld("no level")

    def test_archived_policy_is_told_as_archived(self):
        policy = self.create_policy(level("First", 7))
        self.create_invoice()
        policy.active = False
        self.assertHeld("archived")

    def test_clinic_whose_name_tells_too_much_can_not_start(self):
        self.company.name = "Oncology Centre Martin"
        with self.assertRaisesRegex(ValidationError, "oncology"):
            self.create_policy(level("First", 7))
        self.company.clinic_message_name = "Clinic Martin"
        self.create_policy(level("First", 7))
        with self.assertRaisesRegex(ValidationError, "neutral name"):
            self.company.clinic_message_name = False

    def test_branch_whose_name_tells_too_much_stops_its_parents_policy(self):
        self.env["res.company"].create(
            {"name": "Oncology Branch", "parent_id": self.company.id}
        )
        with self.assertRaisesRegex(ValidationError, "Oncology Branch"):
            self.create_policy(level("First", 7))

    def test_name_in_messages_must_be_neutral_when_it_is_saved(self):
        with self.assertRaisesRegex(ValidationError, "list of words"):
            self.company.clinic_message_name = "Oncology Martin"

    def test_level_needs_a_topic_and_a_route(self):
        with self.assertRaisesRegex(UserError, "no topic"):
            self.create_policy(level("First", 7, topic=False))
        with self.assertRaisesRegex(UserError, "no route"):
            self.create_policy(level("First", 7, route=False))

    def test_level_that_lost_its_route_stands_still_and_says_why(self):
        policy = self.create_policy(level("First", 7))
        self.create_invoice()
        policy.level_ids.route_id = False
        self.assertHeld("no route")

    def test_presets_can_be_switched_on_as_they_are(self):
        for code in PRESETS:
            policy = self.env["clinic.followup.policy"]._create_preset(
                code, self.company
            )
            self.assertEqual(policy.state, "draft")
            policy.action_activate()
            self.assertEqual(policy.state, "active")
        with self.assertRaises(UserError):
            self.env["clinic.followup.policy"]._create_preset("moon", self.company)

    def test_no_preset_sends_a_formal_notice_without_approval(self):
        for code in PRESETS:
            policy = self.env["clinic.followup.policy"]._create_preset(
                code, self.company
            )
            legal = policy.level_ids.filtered(lambda level: level._is_legal())
            self.assertLessEqual(set(legal.mapped("mode")), {"approval"})

    def test_window_and_limits_make_sense(self):
        policy = self.create_policy(level("First", 7))
        for vals in ({"window_from": 20, "window_to": 9}, {"min_days": -1}):
            with (
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                policy.write(vals)
                policy.flush_recordset()

    def test_published_text_has_a_version(self):
        policy = self.create_policy(level("First", 7))
        policy.payment_policy_text = "<p>Thirty days.</p>"
        self.assertEqual(policy.payment_policy_version, 2)
        policy.payment_policy_text = "<p>Thirty days.</p>"
        self.assertEqual(policy.payment_policy_version, 2)

    def test_route_can_not_begin_with_a_fallback(self):
        with self.assertRaises(ValidationError):
            self.create_route("email:if_failed", "letter")

    def test_numbers_beyond_reason_are_refused(self):
        policy = self.create_policy(level("First", 7))
        for record, vals in (
            (policy, {"min_days": 10**6}),
            (policy, {"stale_bank_days": 10**6}),
            (policy.level_ids, {"delay": 10**6}),
            (policy.level_ids, {"delay": -(10**6)}),
            (policy.level_ids, {"expire_days": 10**6}),
            (policy.level_ids, {"repeat_every": 7, "max_repeats": 1000}),
            (policy.level_ids, {"sequence": -1}),
        ):
            with (
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                record.write(vals)
                record.flush_recordset()

    def test_levels_change_places(self):
        policy = self.create_policy(level("First", 7), level("Second", 14))
        first, second = policy.level_ids
        policy.level_ids = [
            Command.update(second.id, {"sequence": 10}),
            Command.update(first.id, {"sequence": 11}),
        ]
        self.assertEqual(policy.level_ids.sorted(), second | first)
        with self.assertRaisesRegex(ValidationError, "same place"):
            policy.level_ids = [Command.update(first.id, {"sequence": 10})]
        with self.assertRaisesRegex(ValidationError, "same place"):
            first.sequence = 10
