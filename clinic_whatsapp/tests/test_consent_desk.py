from odoo.tests import Form, tagged

from odoo.addons.clinic_dunning.tests.common import DunningCase


@tagged("post_install", "-at_install")
class TestConsentDesk(DunningCase):
    """What a person says at the desk is kept, as the front desk does it."""

    def test_answers_that_change_are_kept_as_proofs(self):
        clerk = self.create_user("clerk", "clinic_dunning.group_front_desk")
        action = self.patient.with_user(clerk).action_ask_clinic_consent()
        dialogs = self.env["clinic.consent.desk"].with_user(clerk)
        form = Form(
            dialogs.with_company(self.company).with_context(**action["context"])
        )
        self.assertEqual((form.channel, form.billing, form.care), ("whatsapp", 0, 0))
        form.billing = True
        form.text_version = "Registration form, 2026"
        form.save().action_save()
        proof = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertRecordValues(
            proof,
            [
                {
                    "purpose": "billing",
                    "channel": "whatsapp",
                    "granted": True,
                    "source": "desk",
                    "text_version": "Registration form, 2026",
                    "user_id": clerk.id,
                    "company_id": self.company.id,
                }
            ],
        )
        form = Form(
            dialogs.with_company(self.company).with_context(**action["context"])
        )
        self.assertTrue(form.billing)
        form.channel = "email"
        self.assertTrue(form.care, "a bill by email needs no consent")
        form.care = False
        form.save().action_save()
        self.assertEqual(
            self.env["clinic.consent"]._get_refusal(
                self.patient, self.company, "billing", "email"
            ),
            "",
        )
        self.assertIn(
            "not to be written to",
            self.env["clinic.consent"]._get_refusal(
                self.patient, self.company, "care", "email"
            ),
        )

    def test_yes_that_a_country_asks_for_is_kept(self):
        """An SMS to the United States needs a proof: the desk can note one."""
        self.patient.phone = "+1 415 555 2671"
        dialog = Form(
            self.env["clinic.consent.desk"].with_context(
                default_partner_id=self.patient.id,
                default_company_id=self.company.id,
                default_channel="sms",
            )
        )
        self.assertFalse(dialog.billing)
        dialog.billing = True
        dialog.save().action_save()
        self.assertRecordValues(
            self.env["clinic.consent"].search([("partner_id", "=", self.patient.id)]),
            [{"purpose": "billing", "channel": "sms", "granted": True}],
        )
