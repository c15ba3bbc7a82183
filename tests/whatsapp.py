"""What the tests of WhatsApp and SMS share: a clinic with an account."""

from common import InvariantCase
from emulators.twilio import TwilioEmulator

from odoo.addons.clinic_whatsapp.tools import content

CLINIC_SMS = "+33700000001"
CLINIC_WHATSAPP = "+33700000002"
MOBILE = "+33612345678"


def create_account(env, company, twilio, **vals):
    """Open an account at the emulator and note it at the clinic; return both."""
    emulated = twilio.add_account(
        numbers=[CLINIC_SMS],
        whatsapp=[CLINIC_WHATSAPP],
        public_url="https://clinic.example.com",
    )
    env["ir.config_parameter"].set_param("clinic_whatsapp.api_base_url", twilio.url)
    account = env["clinic.twilio.account"].create(
        {
            "name": "Reception",
            "company_id": company.id,
            "account_sid": emulated.sid,
            "auth_token": emulated.auth_token,
            "api_key_sid": emulated.api_key,
            "api_key_secret": emulated.api_secret,
            "sms_sender": CLINIC_SMS,
            "whatsapp_sender": CLINIC_WHATSAPP,
            "public_base_url": emulated.public_url,
            "whatsapp_price": 0.03,
            "sms_price": 0.05,
            **vals,
        }
    )
    return account, emulated


class WhatsappCase(InvariantCase):
    """One transaction, a real provider on loopback, no receipts but those asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twilio = cls.enterClassContext(TwilioEmulator())
        cls.account, cls.emulated = create_account(cls.env, cls.company, cls.twilio)
        cls.patient.phone = "06 12 34 56 78"
        cls.agree(cls.patient)

    def setUp(self):
        super().setUp()
        self.twilio.clear()
        self.twilio.heal()
        self.twilio.follows = False
        self.account._get_gate().reset()

    @classmethod
    def agree(cls, partner, purpose="billing"):
        """The person says yes to WhatsApp."""
        cls.env["clinic.consent"].create(
            {
                "partner_id": partner.id,
                "purpose": purpose,
                "channel": "whatsapp",
                "granted": True,
            }
        )

    @classmethod
    def approve(cls, topic="after7", language="en"):
        """Have WhatsApp approve the wording of a topic; return the template."""
        template = cls.env["clinic.message.template"].search(
            [
                ("topic_id.code", "=", topic),
                ("language", "=", language),
                ("channel", "=", False),
            ]
        )
        names = content.get_numbered_names(template.body)
        client = cls.account._get_client()
        template.content_sid = client.create_content(
            name=topic,
            language=language,
            types={"twilio/text": {"body": content.to_content_body(template.body)}},
            variables={str(n): name for n, name in enumerate(names, start=1)},
        )
        client.submit_content(template.content_sid, name=topic, category="UTILITY")
        cls.twilio.decide(template.content_sid, "approved")
        template.approval_status = "approved"
        return template

    def look_up(self):
        """Run the job that asks the provider."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.message.attempt"]._cron_look_up()

    def states(self, message):
        """Return the state of a message and of its attempts, oldest first."""
        message.invalidate_recordset()
        attempts = message.attempt_ids.sorted("id")
        attempts.invalidate_recordset()
        return message.state, [(a.channel, a.state, a.error_code) for a in attempts]
