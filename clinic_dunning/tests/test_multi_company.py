from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DunningCase, create_clinic, level


@tagged("post_install", "-at_install")
class TestMultiCompany(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.other = create_clinic(cls.env, "Clinic Rao", "INR", "in", "Asia/Kolkata")
        cls.branch = create_clinic(cls.env, "Branch", parent_id=cls.company.id)

    def cron(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.followup.policy"]._cron_decide()

    def entries(self, company):
        return self.env["clinic.followup.entry"].search(
            [("company_id", "=", company.id)]
        )

    def test_each_company_decides_by_its_own_policy(self):
        own = self.create_policy(level("Own", 2), company=self.other)
        self.create_invoice()
        self.create_invoice(company=self.other)
        self.cron()
        self.assertEqual(self.entries(self.company).level_id, self.policy.level_ids)
        self.assertEqual(self.entries(self.other).level_id, own.level_ids)
        self.assertEqual(self.entries(self.other).currency_id.name, "INR")

    def test_credit_of_one_company_does_not_pay_the_other(self):
        self.create_policy(level("Own", 2), company=self.other)
        self.create_invoice()
        self.create_credit(amount=100, company=self.other)
        self.assertTrue(self.decide())

    def test_branch_inherits_the_policy(self):
        invoice = self.create_invoice(company=self.branch)
        self.assertEqual(invoice.company_id, self.branch)
        entries = self.decide(self.branch)
        self.assertEqual(entries.level_id, self.policy.level_ids)
        self.assertEqual(entries.case_id.company_id, self.branch)

    def test_branch_with_a_policy_of_its_own(self):
        own = self.create_policy(level("Own", 2), company=self.branch)
        self.create_invoice(company=self.branch)
        self.assertEqual(self.decide(self.branch).level_id, own.level_ids)

    def test_policy_of_another_company_does_not_govern(self):
        foreign = self.create_policy(level("Own", 2), company=self.other)
        self.patient.with_company(self.company).clinic_followup_policy_id = foreign
        self.create_invoice()
        self.assertFalse(self.decide())
        self.assertIn("another company", self.explain()["items"][0]["reason"])

    @mute_logger("odoo.addons.clinic_dunning.models.followup.decide")
    def test_company_without_accounts_is_told_and_the_others_go_on(self):
        bare = self.env["res.company"].create({"name": "No Chart", "sequence": -1})
        policy = self.env["clinic.followup.policy"].create(
            {"name": "Bare", "company_id": bare.id}
        )
        policy.level_ids = [(0, 0, self.prepare_level(1, level("First", 7)))]
        policy.action_activate()
        self.create_invoice()
        self.cron()
        self.assertIn("no receivable account", policy.last_run_problem)
        self.assertTrue(self.entries(self.company))
        self.assertEqual(self.patient.with_company(bare).clinic_balance, 0.0)

    def test_people_see_their_own_company_only(self):
        self.create_policy(level("Own", 2), company=self.other)
        self.create_invoice()
        self.create_invoice(company=self.other)
        self.cron()
        self.env["clinic.message"]._compose()
        self.drain()
        user = self.create_user(
            "rao", "clinic_dunning.group_clinic_manager", self.other
        )
        for model in (
            "clinic.followup.policy",
            "clinic.followup.level",
            "clinic.followup.case",
            "clinic.followup.entry",
            "clinic.message",
            "clinic.message.attempt",
            "clinic.link",
            "clinic.stop.event",
        ):
            mine = (
                self.env[model].with_user(user).with_context(allowed_company_ids=None)
            )
            companies = mine.search([]).sudo().mapped("company_id")
            self.assertEqual(companies, self.other, model)
            theirs = (
                self.env[model].sudo().search([("company_id", "=", self.company.id)])
            )
            with self.assertRaises(AccessError, msg=model), mute_logger("odoo.addons"):
                theirs[0].with_user(user).read(["display_name"])

    def test_dialogs_open_nothing_of_another_company(self):
        """What a dialog shows of a case is read as superuser: the case is checked."""
        self.create_invoice()
        case = self.decide().case_id
        user = self.create_user("desk", "clinic_dunning.group_front_desk", self.other)
        env = self.env(user=user, context={"allowed_company_ids": self.other.ids})
        asked = {"case_id": {}, "display_name": {}}
        for model in ("clinic.call.outcome", "clinic.dispute", "clinic.desk.payment"):
            dialog = env[model]
            for open_it in (
                lambda one=dialog: one.create({"case_id": case.id}),
                lambda one=dialog: one.onchange({"case_id": case.id}, [], asked),
                lambda one=dialog: one.onchange({}, [], asked),
                lambda one=dialog: one.default_get(["case_id", "line_ids"]),
            ):
                model_env = dialog.with_context(default_case_id=case.id)
                with self.subTest(model), mute_logger("odoo.addons"):
                    with self.assertRaises(AccessError):
                        open_it(model_env)
