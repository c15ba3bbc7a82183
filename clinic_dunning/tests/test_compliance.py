from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DunningCase, level


@tagged("post_install", "-at_install")
class TestCompliance(DunningCase):
    """What is unlawful somewhere is refused there, with its source."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Rule = cls.env["clinic.compliance.rule"]

    def test_french_doctor_may_ask_for_no_deposit_and_reads_by_which_text(self):
        self.company.clinic_profession = "doctor"
        with self.assertRaisesRegex(UserError, "R.4127-53"):
            self.Rule._check_allowed("deposit", self.company)
        self.assertFalse(self.Rule._is_allowed("no_show_fee", self.company))

    def test_french_dentist_is_warned_only(self):
        self.company.clinic_profession = "dentist"
        warnings = self.Rule._check_allowed("deposit", self.company)
        self.assertEqual(warnings.mapped("effect"), ["warn"])
        self.assertIn("quote", warnings._get_text())

    def test_rule_of_one_country_says_nothing_about_another(self):
        self.company.clinic_profession = "doctor"
        self.company.account_fiscal_country_id = self.env.ref("base.be")
        self.company.country_id = self.env.ref("base.be")
        self.assertTrue(self.Rule._is_allowed("no_show_fee", self.company))
        warnings = self.Rule._check_allowed("no_show_fee", self.company)
        self.assertIn("announced", warnings.reason)

    def test_rule_of_another_clinic_does_not_bind(self):
        rule = self.Rule._find_rules("recovery_fee", self.company)
        rule.company_id = self.env.ref("base.main_company")
        self.assertTrue(self.Rule._is_allowed("recovery_fee", self.company))

    def test_follow_up_asks_before_it_takes_a_legal_step(self):
        notice = level("Notice", 30, legal_step="formal_notice")
        policy = self.create_policy(level("First", 7), notice)
        self.assertIn("art. 1344", policy.legal_text)
        rule = self.Rule._find_rules("formal_notice", self.company)
        rule.effect = "forbid"
        policy.action_deactivate()
        with self.assertRaisesRegex(UserError, "art. 1344"):
            policy.action_activate()
        policy.level_ids[1].legal_step = "reminder"
        policy.action_activate()
        with self.assertRaisesRegex(UserError, "art. 1344"):
            policy.level_ids[1].legal_step = "formal_notice"

    def test_managers_edit_the_rules_and_others_read_them(self):
        rule = self.Rule._find_rules("recovery_fee", self.company).sudo(False)
        officer = self.create_user("officer", "clinic_dunning.group_billing_officer")
        manager = self.create_user("boss", "clinic_dunning.group_clinic_manager")
        self.assertTrue(rule.with_user(officer).reason)
        with self.assertRaises(AccessError):
            rule.with_user(officer).effect = "warn"
        rule.with_user(manager).effect = "warn"
        self.assertTrue(self.Rule._is_allowed("recovery_fee", self.company))
