from odoo.exceptions import AccessError, UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DunningCase


@tagged("post_install", "-at_install")
class TestHome(DunningCase):
    """A copy of the database writes to nobody until a manager confirms it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.parameters.set_param("clinic_dunning.home", False)
        cls.policy = cls.create_policy()
        cls.create_invoice()

    def restore_elsewhere(self):
        """As if this database had been switched on under another name."""
        here = self.env["clinic.home"]._get_here()
        self.parameters.set_param("clinic_dunning.home", f"other_{here}")

    def test_first_policy_tells_where_the_database_lives(self):
        home = self.parameters.get_param("clinic_dunning.home")
        self.assertRegex(home, rf"^{self.env.cr.dbname} \d+$")
        self.assertFalse(self.policy.is_copy)

    def test_nothing_leaves_a_copy(self):
        message = self.remind()
        self.restore_elsewhere()
        self.assertFalse(message.with_context(cron_id=1)._cron_send())
        self.assertEqual(message.state, "queued")
        self.assertTrue(message.is_copy)

    def test_who_calls_the_sender_in_a_copy_is_told(self):
        self.remind()
        self.restore_elsewhere()
        with self.assertRaisesRegex(UserError, "is a copy"):
            self.env["clinic.message"]._cron_send()
        officer = self.create_user("marc", "clinic_dunning.group_billing_officer")
        template = self.env["clinic.message.template"].search(
            [("channel", "=", "email")], limit=1
        )
        test = self.env["clinic.template.test"].with_user(officer)
        with self.assertRaisesRegex(UserError, "is a copy"):
            test.create({"template_id": template.id}).action_send()

    def test_another_policy_does_not_confirm(self):
        self.restore_elsewhere()
        self.create_policy()
        self.assertTrue(self.policy.is_copy)

    def test_manager_confirms_and_it_leaves(self):
        self.remind()
        self.restore_elsewhere()
        manager = self.create_user("claire", "clinic_dunning.group_clinic_manager")
        self.policy.with_user(manager).action_confirm_home()
        self.assertEqual(len(self.drain()), 1)

    def test_officer_may_not_confirm(self):
        self.restore_elsewhere()
        officer = self.create_user("marc", "clinic_dunning.group_billing_officer")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            self.policy.with_user(officer).action_confirm_home()
        self.assertTrue(self.policy.is_copy)

    def test_no_card_is_charged_in_a_copy(self):
        self.restore_elsewhere()
        plans = self.env["clinic.payment.plan"]
        asked = []
        self.patch(type(plans), "_charge_all", lambda plans: asked.append(plans))
        plans.with_context(cron_id=1)._cron_plans()
        self.assertFalse(asked)
        self.env["clinic.home"]._move_in()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.payment.plan"]._cron_plans()
        self.assertTrue(asked)

    def test_neutralized_database_is_silent(self):
        message = self.remind()
        _link, url = self.env["clinic.link"]._issue(self.patient, self.company)
        self.env.flush_all()
        for query in get_neutralization_queries(["clinic_dunning"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual(message.state, "canceled")
        self.assertFalse(self.env["clinic.link"]._find(url.rsplit("/")[-1], "pay"))
        self.assertTrue(self.policy.is_copy)
