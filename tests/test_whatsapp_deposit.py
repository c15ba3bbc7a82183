from whatsapp import WhatsappCase

from odoo.tests import tagged

from odoo.addons.clinic_payment_deposit.tests.deposit_common import DepositCase

TOPICS = (
    "hold_request",
    "deposit_held",
    "deposit_kept",
    "fee_request",
    "deposit_refunded",
)
# A word of each language, the visit's hour, and the clinic.
SAID = {
    "en_US": ("Hi Ana", "09:00", "Clinic Martin"),
    "fr_FR": ("Bonjour Ana", "09:00", "Clinic Martin"),
    "hi_IN": ("नमस्ते Ana", "09:00", "Clinic Martin"),
}
ABOUT_THE_VISIT = set(TOPICS) - {"deposit_refunded"}


@tagged("post_install", "-at_install")
class TestWhatsappDeposit(DepositCase, WhatsappCase):
    """What is said of a deposit reaches WhatsApp, in the person's language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.patient, "appointment")
        for lang in SAID:
            cls.env["res.lang"]._activate_lang(lang)
        cls.company.clinic_appointment_route_id = cls.create_route("whatsapp", "sms")

    def approve_all(self):
        """Hand in what the account's button hands in, and have it approved."""
        contents = self.env["clinic.whatsapp.content"]
        wordings = self.env["clinic.message.template"]._get_wordings_of(self.account)
        ours = wordings.filtered(lambda wording: wording.topic_id.code in TOPICS)
        for version in contents._queue(ours, self.account):
            version._create_content()
            version._hand_in()
            self.twilio.decide(version.content_sid, "approved")
            version._poll()
        return ours

    def test_each_wording_is_handed_in_in_each_language(self):
        wordings = self.approve_all()
        for code in TOPICS:
            said = wordings.filtered(lambda w, c=code: w.topic_id.code == c)
            self.assertEqual(sorted(said.mapped("language")), ["en", "fr", "hi"], code)
        again = self.env["clinic.message.template"]._get_wordings_of(self.account)
        self.assertEqual(
            again.filtered(lambda wording: wording.topic_id.code in TOPICS), wordings
        )

    def test_each_reaches_whatsapp_and_names_no_treatment(self):
        self.approve_all()
        deposit = self.request()
        for lang, words in SAID.items():
            self.patient.lang = lang
            for topic in TOPICS:
                with self.subTest(lang=lang, topic=topic):
                    self.twilio.clear()
                    message = deposit._tell(topic, f"test:{topic}:{lang}")
                    self.drain()
                    [sent] = self.twilio.outbound
                    self.assertEqual(message.attempt_ids.channel, "whatsapp")
                    message.attempt_ids.claimed_at = "2026-02-01"
                    self.assertTrue(sent.content_sid)
                    for word in words if topic in ABOUT_THE_VISIT else words[::2]:
                        self.assertIn(word, sent.body)
                    self.assertRegex(sent.body, r"30[.,]00")
                    self.assertRegex(sent.body, r"https?://\S+/d/[\w-]{22}")
                    self.assertNotIn("Knee", sent.body)
                    self.assertNotIn("{", sent.body)

    def test_reminder_of_a_visit_does_not_wait_for_the_week_of_bills(self):
        deposit = self.request()
        for topic in ("deposit_request", "deposit_received", "hold_request"):
            deposit._tell(topic, f"test:{topic}")
            self.drain()
        late = deposit._tell("deposit_kept", "test:kept")
        reminder = self.booking._tell("appointment_reminder")
        back = deposit._tell("deposit_refunded", "test:back")
        self.drain()
        self.assertEqual(late.reason, "Enough messages to this address this week.")
        self.assertEqual((reminder | back).mapped("state"), ["in_progress"] * 2)
