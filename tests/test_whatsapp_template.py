"""Wordings: handed in, approved or not, changed, stopped; what managers are told."""

import json

from whatsapp import MOBILE, WhatsappCase

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

BODY = (
    "Hello {first_name}, a short and kind note from the desk of {clinic}: an amount "
    "of {amount} is still open. You can see and settle it here: {link} Thank you."
)
REMINDED = ["CONFIRM", "CANCEL"]
FOLLOW = "odoo.addons.clinic_whatsapp.models.content_follow"


@tagged("post_install", "-at_install")
class TestWhatsappTemplate(WhatsappCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy()
        cls.create_invoice()
        cls.template = cls.write_wording()
        cls.manager = cls.create_user("claire", "clinic_dunning.group_clinic_manager")

    def setUp(self):
        super().setUp()
        self.twilio.contents.clear()

    @classmethod
    def write_wording(cls, **vals):
        return cls.env["clinic.message.template"].create(
            {
                "topic_id": cls.env.ref("clinic_dunning.topic_after7").id,
                "channel": "whatsapp",
                "language": "en",
                "body": BODY,
                "company_id": cls.company.id,
                **vals,
            }
        )

    def follow(self):
        """Run the scheduled action; return the versions, newest first."""
        versions = self.get_versions()
        versions.filtered("next_check_at").next_check_at = "2020-01-01"
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.whatsapp.content"]._cron_follow()
        self.env.invalidate_all()
        return self.get_versions()

    def get_versions(self):
        contents = self.env["clinic.whatsapp.content"].with_context(active_test=False)
        return contents.search(
            [("template_id", "=", self.template.id)], order="version desc"
        )

    def submit(self):
        self.template.action_submit()
        return self.follow()

    def approve_now(self):
        version = self.submit()[0]
        self.twilio.decide(version.content_sid, "approved")
        return self.follow()[0]

    def send(self):
        self.policy.level_ids.route_id = self.create_route("whatsapp")
        message = self.remind()
        self.drain()
        return message

    # -- handing in ------------------------------------------------------------

    def test_wording_is_created_and_handed_in(self):
        [version] = self.submit()
        at_twilio = self.twilio.contents[version.content_sid]
        self.assertEqual(version.status, "received")
        self.assertEqual(at_twilio.status, "received")
        self.assertRegex(at_twilio.name, r"^after7_en_a_\d+_v1$")
        self.assertIn("Hello {{1}}, a short", at_twilio.body)
        self.assertEqual(set(at_twilio.variables), at_twilio.get_numbers())
        self.assertEqual(at_twilio.category, "UTILITY")

    def test_handing_in_twice_is_one_version(self):
        self.submit()
        self.template.action_submit()
        self.assertEqual(len(self.follow()), 1)
        self.assertEqual(len(self.twilio.contents), 1)

    def test_nothing_is_sent_before_it_is_approved(self):
        self.submit()
        message = self.send()
        self.assertFalse(self.twilio.outbound)
        self.assertIn("not approved", message.reason)

    def test_approved_wording_is_sent(self):
        version = self.approve_now()
        self.assertEqual(version.status, "approved")
        self.send()
        [sent] = self.twilio.outbound
        self.assertEqual(sent.content_sid, version.content_sid)
        self.assertIn("from the desk of", sent.body)

    def test_rejected_wording_says_why_and_is_a_task(self):
        [version] = self.submit()
        self.twilio.decide(version.content_sid, "rejected", "TAG_CONTENT_MISMATCH")
        self.follow()
        self.assertEqual(self.template.approval_status, "rejected")
        self.assertEqual(self.template.approval_reason, "TAG_CONTENT_MISMATCH")
        self.assertEqual(version.activity_ids.user_id, self.manager)
        self.follow()
        self.assertEqual(len(version.activity_ids), 1)

    def test_category_that_changes_is_a_task(self):
        version = self.approve_now()
        self.twilio.decide(version.content_sid, "approved", category="MARKETING")
        self.follow()
        self.assertEqual(version.category, "MARKETING")
        self.assertIn("MARKETING", version.activity_ids.summary)

    def test_wording_that_whatsapp_pauses_is_sent_no_more(self):
        version = self.approve_now()
        self.twilio.decide(version.content_sid, "paused")
        self.follow()
        self.send()
        self.assertFalse(self.twilio.outbound)
        self.assertTrue(version.activity_ids)

    def test_stopped_wording_stays_so_until_somebody_looks(self):
        version = self.approve_now()
        message = self.send()
        message.attempt_ids._take_status("failed", "63028")
        self.follow()
        self.assertEqual(version.status, "stopped")
        self.assertTrue(version.activity_ids)
        version.with_user(self.manager).action_ask_again()
        self.assertEqual(version.status, "approved")

    @mute_logger(FOLLOW)
    def test_twilio_out_of_reach_is_tried_again(self):
        self.template.action_submit()
        self.emulated.api_secret, secret = "other", self.emulated.api_secret
        [version] = self.follow()
        self.assertEqual(version.status, "rejected")
        self.emulated.api_secret = secret
        self.template.action_submit()
        self.assertEqual(self.follow()[0].status, "received")

    # -- versions --------------------------------------------------------------

    def test_changed_text_is_a_new_version_and_the_old_one_stays_in_force(self):
        first = self.approve_now()
        self.template.body = BODY.replace("short and kind", "friendly")
        second, _first = self.follow()
        self.assertEqual((second.version, second.status), (2, "received"))
        self.assertIn("version 1 is sent", self.template.approval_text)
        message = self.send()
        [sent] = self.twilio.outbound
        self.assertEqual(sent.content_sid, first.content_sid)
        self.assertIn("short and kind", message.preview)

    def test_new_version_takes_over_when_it_is_approved(self):
        first = self.approve_now()
        self.template.body = BODY.replace("short and kind", "friendly")
        second = self.follow()[0]
        self.twilio.decide(second.content_sid, "approved")
        self.follow()
        self.assertFalse(first.active)
        self.send()
        self.assertIn("friendly", self.twilio.outbound[0].body)

    def test_text_that_waits_takes_the_new_words(self):
        self.template.action_submit()
        self.template.body = BODY.replace("short", "brief")
        [version] = self.follow()
        self.assertIn("brief", self.twilio.contents[version.content_sid].body)

    def test_unapproved_variant_is_not_picked_beside_an_approved_one(self):
        self.approve_now()
        self.write_wording(variant="B", weight=1000)
        message = self.send()
        self.assertEqual(message.attempt_ids.template_id, self.template)

    def test_each_account_has_its_own(self):
        other = self.account.copy(
            {
                "name": "Branch",
                "account_sid": "AC" + "1" * 32,
                "whatsapp_sender": MOBILE,
            }
        )
        self.template.action_submit()
        self.assertEqual(self.get_versions().account_id, self.account | other)

    # -- buttons ---------------------------------------------------------------

    def test_button_carries_the_link_and_the_text_too(self):
        self.template.write({"button_link": True, "button_call": True})
        version = self.approve_now()
        [card] = self.twilio.contents[version.content_sid].types.values()
        self.assertEqual([a["type"] for a in card["actions"]], ["URL", "QUICK_REPLY"])
        self.assertEqual(card["actions"][1]["id"], "CALL")
        self.send()
        [sent] = self.twilio.outbound
        variables = json.loads(sent.content_variables)
        self.assertTrue(variables["4"].endswith(variables["5"]))
        self.assertTrue(variables["5"].startswith("p/"))

    def test_appointments_are_handed_in_as_they_are_for_each_channel(self):
        templates = self.env["clinic.message.template"]
        common = templates._get_wordings_of(self.account).filtered(
            lambda template: not template.channel
        )
        languages = {"en", "fr", "hi"}
        for code in ("appointment_reminder", "waiting_offer", "booking_invitation"):
            asked = common.filtered(lambda t, c=code: t.topic_id.code == c)
            self.assertEqual(set(asked.mapped("language")), languages, code)
        self.template = common.filtered(
            lambda t: (t.topic_id.code, t.language) == ("appointment_reminder", "en")
        )
        self.env["clinic.whatsapp.content"]._queue(self.template, self.account)
        self.follow()
        [made] = self.twilio.contents.values()
        actions = made.types["whatsapp/card"]["actions"]
        self.assertEqual([action.get("id") for action in actions[1:]], REMINDED)
        self.assertTrue(actions[0]["url"].endswith("/{{5}}"), actions[0])

    def test_four_replies_are_refused(self):
        with self.assertRaises(ValidationError):
            self.template.write(
                {f"button_{key}": True for key in ("pay", "paid", "plan", "call")}
            )

    def test_button_without_a_link_in_the_text_is_refused(self):
        with self.assertRaises(ValidationError):
            self.write_wording(
                body="Hello, thank you for your visit.", button_link=True
            )

    # -- rules -----------------------------------------------------------------

    def test_whatsapps_rules_are_checked_on_save(self):
        for body, word in (
            (
                "{amount} is open at the desk, please call us. Thank you.",
                "start or end",
            ),
            ("Kindly settle at the desk what is open: {amount}", "start or end"),
            ("Hello, you owe us for {service}, {amount} in all, thanks.", "between"),
            (" ", "no text"),
            ("Hello you. " * 100, "1024"),
            (
                "Hi {first_name}, {clinic}: pay {amount} at {link} now.",
                "two other words",
            ),
            ("Hello.\n\n\n\n\nThank you.", "empty lines"),
            ("Hello,      thank you.", "spaces"),
        ):
            with self.assertRaisesRegex(ValidationError, word):
                self.write_wording(body=body)

    def test_sms_alone_is_not_for_whatsapp(self):
        with self.assertRaisesRegex(UserError, "not for WhatsApp"):
            self.write_wording(channel="sms").action_submit()

    # -- screens ---------------------------------------------------------------

    def test_form_shows_the_phone_and_what_an_sms_costs(self):
        template = self.write_wording(channel=False)
        with Form(template) as form:
            form.body = BODY.replace("kind", "gentil ê ₹")
            form.button_link = True
            self.assertIn("See and pay", form.whatsapp_preview)
            self.assertIn("gentil e Rs", form.sms_preview)
            self.assertEqual(form.sms_alphabet, "GSM-7")
            self.assertEqual(form.sms_segments, 2)
            self.assertEqual(form.sms_cost, 0.1)

    def test_other_scripts_cost_more(self):
        template = self.write_wording(channel="sms", language="hi", body="नमस्ते। " * 12)
        self.assertEqual((template.sms_alphabet, template.sms_segments), ("UCS-2", 2))

    def test_officer_reads_but_does_not_hand_in(self):
        officer = self.create_user("marc", "clinic_dunning.group_billing_officer")
        version = self.submit()[0].with_user(officer)
        self.assertEqual(version.status, "received")
        self.assertDenied(version.action_ask_again)
        self.assertDenied(self.template.with_user(officer).action_submit)

    def assertDenied(self, call):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            call()
