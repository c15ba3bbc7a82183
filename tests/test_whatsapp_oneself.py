import json

from whatsapp import WhatsappCase

from odoo.tests import tagged

PHONE = "+33612000099"


@tagged("post_install", "-at_install")
class TestWhatsappOneself(WhatsappCase):
    """A wording goes to one's own phone the way it goes to patients."""

    def open(self, template, **vals):
        officer = self.create_user("tester", "clinic_dunning.group_billing_officer")
        officer.partner_id.phone = PHONE
        dialogs = self.env["clinic.template.test"].with_user(officer)
        return dialogs.with_company(self.company).create(
            {"template_id": template.id, **vals}
        )

    def test_approved_wording_reaches_ones_own_phone(self):
        template = self.approve()
        dialog = self.open(template, channel="whatsapp")
        self.assertEqual((dialog.address, dialog.obstacle), (PHONE, False))
        dialog.action_send()
        self.drain()
        (sent,) = self.twilio.to(PHONE)
        self.assertTrue(sent.content_sid)
        values = json.loads(sent.content_variables).values()
        self.assertIn("Catherine", values)
        message = self.env["clinic.message"].search([("is_test", "=", True)])
        self.assertEqual(message.attempt_ids.template_id, template)
        self.env.flush_all()
        self.assertFalse(
            self.env["clinic.message.funnel"].search(
                [("company_id", "=", self.company.id)]
            )
        )

    def test_without_whatsapps_approval_it_is_told(self):
        template = self.env["clinic.message.template"].search(
            [("topic_id.code", "=", "after7"), ("channel", "=", "whatsapp")], limit=1
        )
        self.assertIn("not approved", self.open(template).obstacle)
