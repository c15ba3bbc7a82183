"""What the tests of WhatsApp and SMS share: a clinic with an account."""

from collections import Counter
from contextlib import contextmanager
from urllib.parse import urlencode

from common import InvariantCase
from emulators.twilio import Message, TwilioEmulator
from emulators.twilio.callbacks import get_inbound_form, get_status_form, sign
from sender import SenderCase

from odoo.tests import HttpCase

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
        self.addCleanup(setattr, self.emulated, "api_secret", self.emulated.api_secret)

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
        [version] = cls.env["clinic.whatsapp.content"]._queue(template, cls.account)
        version._create_content()
        version._hand_in()
        cls.twilio.decide(version.content_sid, "approved")
        version._poll()
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


class WhatsappProcessCase(SenderCase):
    """Real processes and commits; reminders go by SMS through the emulator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twilio = cls.enterClassContext(TwilioEmulator())
        cls.emulated = cls.twilio.add_account(numbers=[CLINIC_SMS])
        keys = {
            "account_sid": cls.emulated.sid,
            "auth_token": cls.emulated.auth_token,
            "sms_sender": CLINIC_SMS,
        }
        cls.worker.run("open_whatsapp", account=keys, url=cls.twilio.url, timeout=2)

    def setUp(self):
        super().setUp()
        self.twilio.clear()
        self.twilio.heal()

    def let_time_pass(self):
        super().let_time_pass()
        self.sql(
            """UPDATE clinic_message_attempt SET lookup_at = '2020-01-01'
                WHERE id IN (SELECT id FROM clinic_message_attempt
                              WHERE lookup_at IS NOT NULL FOR UPDATE SKIP LOCKED)"""
        )
        self.sql("UPDATE clinic_twilio_account SET breaker_until = '2020-01-01'")

    def recover(self, times=4):
        """Other senders run, and the provider is asked, until all is quiet."""
        for _time in range(times):
            self.let_time_pass()
            self.worker.run("send")
            self.let_time_pass()
            self.worker.run("look_up")

    def taken(self):
        """How many messages the provider took for each number."""
        return Counter(message.to for message in self.twilio.outbound)

    def assertEnded(self, names):
        """Each message arrived, and nobody got two; return what else became of some."""
        states = self.get_states(names)
        self.assertLessEqual(set(self.taken().values()), {1})
        for name, state in states.items():
            came = self.taken()[f"+33612{int(name[1:]):06}"]
            if state != "review":
                self.assertEqual(came, int(state == "delivered"), name)
        self.assertFalse(
            self.sql(
                """SELECT id FROM clinic_message_attempt
                    WHERE state IN ('leased', 'unknown') AND lookup_at IS NOT NULL"""
            )
        )
        return Counter(states.values())


class WebhookCase(WhatsappCase, HttpCase):
    """The emulator's requests reach the clinic, as if through a proxy."""

    @contextmanager
    def enter_registry_test_mode(self):
        """A case with a server is in that mode all the time."""
        self.env.flush_all()
        yield
        self.env.invalidate_all()

    def post(self, path, form, base="https://clinic.example.com", **vals):
        """Post a form as the provider does, signed over the address it knows.

        :param vals: `token` to sign with; `signature` to send instead; `headers`;
            `through`: address of a proxy to post to
        """
        token = vals.get("token", self.emulated.auth_token)
        signature = vals.get("signature", sign(token, base + path, form))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            **({"X-Twilio-Signature": signature} if signature else {}),
            **vals.get("headers", {}),
        }
        return self.url_open(
            vals.get("through", "") + path,
            data=urlencode(form).encode(),
            headers=headers,
            allow_redirects=False,
        )

    def tell(self, attempt, status, error_code=None, **vals):
        """Post a receipt for an attempt; return the answer."""
        sent = self.twilio.find(attempt.provider_ref) or self.twilio.outbound[-1]
        form = get_status_form(sent, status, error_code)
        return self.post(f"/clinic/twilio/status/{attempt.uuid}", form, **vals)

    def reply(self, body, number=MOBILE, on="whatsapp", media=0, to="", **extra):
        """Post what a person wrote, `to` one of the clinic's; return the answer."""
        prefix = "whatsapp:" if on == "whatsapp" else ""
        to = to or (CLINIC_WHATSAPP if prefix else CLINIC_SMS)
        message = Message(
            self.emulated.sid,
            f"{prefix}{to}",
            f"{prefix}{number}",
            body,
            direction="inbound",
            num_media=media,
        )
        return self.post("/clinic/twilio/inbound", get_inbound_form(message, **extra))

    def events(self):
        return self.env["clinic.twilio.event"].search(
            [("account_id", "=", self.account.id)]
        )

    def apply(self):
        """Run the job that applies the inbox."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.twilio.event"]._cron_apply()
        self.env.invalidate_all()
