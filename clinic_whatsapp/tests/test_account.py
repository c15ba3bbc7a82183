from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import DunningCase, create_clinic

SID = "AC" + "0" * 32
SECRETS = ("auth_token", "api_key_sid", "api_key_secret")


@tagged("post_install", "-at_install")
class TestTwilioAccount(DunningCase):
    """Who sees what of an account, and what it refuses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["clinic.twilio.account"].create(
            {
                "name": "Reception",
                "company_id": cls.company.id,
                "account_sid": SID,
                "auth_token": "secret",
                "whatsapp_sender": "+33612345678",
                "sms_sender": "+33612345678",
            }
        )

    def user(self, role):
        return self.create_user(role, f"clinic_dunning.group_{role}")

    def assertDenied(self, call):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            call()

    def test_employees_strangers_and_the_front_desk_read_no_account(self):
        for user in (
            self.create_user("employee", "base.group_user"),
            self.create_user("stranger", "base.group_portal"),
            self.user("front_desk"),
        ):
            for model in ("clinic.twilio.account", "clinic.whatsapp.session"):
                self.assertDenied(self.env[model].with_user(user).search_read)

    def test_officer_reads_but_does_not_change(self):
        account = self.account.with_user(self.user("billing_officer"))
        self.assertEqual(account.breaker_state, "closed")
        self.assertDenied(lambda: account.write({"rate": 5}))

    def test_manager_changes_all_but_sees_no_secret(self):
        manager = self.user("clinic_manager")
        account = self.account.with_user(manager)
        account.rate = 5
        for name in SECRETS:
            self.assertDenied(lambda name=name: account.read([name]))
            self.assertDenied(lambda name=name: account.write({name: "x"}))

    def test_account_of_another_company_is_not_seen(self):
        other = create_clinic(self.env, "Clinic Roy")
        theirs = self.account.copy({"company_id": other.id, "account_sid": SID})
        officer = self.user("billing_officer")
        found = self.env["clinic.twilio.account"].with_user(officer).search([])
        self.assertEqual(found, self.account)
        self.assertDenied(theirs.with_user(officer).read)

    def test_front_desk_sees_why_a_channel_is_closed(self):
        message = self.env["clinic.message"]._queue(
            "after7", self.patient, self.company, "key"
        )
        desk = self.user("front_desk")
        self.assertIn("landline", message.with_user(desk)._get_obstacle("sms"))

    def test_copy_has_no_secret(self):
        copied = self.account.copy({"account_sid": "AC" + "1" * 32})
        self.assertFalse(copied.auth_token)

    def test_what_is_no_sid_is_refused(self):
        for name, value in (
            ("account_sid", "AC123"),
            ("account_sid", "SK" + "0" * 32),
            ("messaging_service_sid", SID),
        ):
            with self.assertRaises(ValidationError):
                self.account[name] = value

    def test_sender_without_country_is_refused(self):
        for number in ("0612345678", "+33 6 12 34 56 78", "whatsapp:+33612345678"):
            with self.assertRaises(ValidationError):
                self.account.whatsapp_sender = number

    def test_rate_stays_within_what_whatsapp_takes(self):
        for rate in (0, 81):
            with self.assertRaises(ValidationError):
                self.account.rate = rate

    def test_address_needs_its_scheme(self):
        with self.assertRaises(ValidationError):
            self.account.public_base_url = "clinic.example.com"

    def test_channels_are_offered_wherever_one_is_chosen(self):
        for model, name in (
            ("clinic.contact.route.line", "channel"),
            ("clinic.message.template", "channel"),
            ("clinic.message.attempt", "channel"),
            ("clinic.consent", "channel"),
            ("res.partner", "clinic_preferred_channel"),
        ):
            offered = dict(self.env[model].fields_get([name])[name]["selection"])
            self.assertLessEqual({"whatsapp", "sms", "email"}, set(offered), model)
