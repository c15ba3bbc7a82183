from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from odoo.addons.clinic_dunning.models.outreach import registry
from odoo.addons.clinic_dunning.tests.common import DunningCase

from ..tools import content, lint, segments
from .document_common import make_pdf

TOPICS = (
    "invoice r48 before7 before3 after7 document document_balance deposit_request "
    "deposit_received appointment_confirmed repeat statement plan_notice plan_due "
    "paid optout hold_expired cancel_refund"
).split()


@tagged("post_install", "-at_install")
class TestWhatsappWording(DunningCase):
    """The texts that the addon brings, and who gets which."""

    def find(self, **wanted):
        domain = [(name, "=", value) for name, value in wanted.items()]
        return self.env["clinic.message.template"].search(
            [*domain, ("company_id", "=", False)]
        )

    def test_whatsapp_has_its_texts_in_three_languages(self):
        ours = self.find(channel="whatsapp")
        have = {(template.topic_id.code, template.language) for template in ours}
        wanted = {(topic, lang) for topic in TOPICS for lang in ("en", "fr", "hi")}
        self.assertFalse(wanted - have)

    def test_whatsapps_own_texts_keep_its_rules(self):
        for template in self.find(channel="whatsapp"):
            with self.subTest(template=template.display_name):
                self.assertEqual(template._find_problems(), [])
                self.assertEqual(lint.find_whatsapp_problems(template.body), [])
                self.assertIn("link", content.get_numbered_names(template.body))

    def test_whatsapps_own_texts_read_well(self):
        for template in self.find(channel="whatsapp"):
            for name in ("", None):
                values = dict(registry.EXAMPLE_VALUES[template.language])
                if name is not None:
                    values["first_name"] = name
                with self.subTest(template=template.display_name, name=name):
                    body = template._render(values)["body"]
                    self.assertNotRegex(body, r"[{}]| ,|  |^,")
                    self.assertLess(len(body), 1024)

    def test_buttons_are_short(self):
        titles = [
            title
            for table in (*content.LINK_TITLES.values(), *content.REPLY_TITLES.values())
            for title in table.values()
        ]
        for title in titles:
            self.assertLessEqual(len(title), 20, title)
        for table in (*content.LINK_TITLES.values(), *content.REPLY_TITLES.values()):
            self.assertEqual(set(table), {code for code, _name in registry.LANGUAGES})

    def test_replies_mean_something(self):
        """What a tap sends is a word that the inbox knows."""
        actions = dict(self.env["clinic.reply.word"]._fields["action"].selection)
        self.assertLessEqual(set(content.REPLY_TITLES), set(actions))

    def test_an_sms_is_one_segment(self):
        for language in ("en", "fr", "hi_Latn"):
            values = registry.EXAMPLE_VALUES[language]
            self.assertEqual(len(values["link"]), 34)
            templates = self.find(channel=False, language=language)
            codes = set(templates.topic_id.mapped("code"))
            if language != "hi_Latn":
                self.assertFalse(set(TOPICS) - codes)
            for template in templates:
                text = segments.to_sms_text(template._render(values)["body"])
                count = segments.count_segments(text)
                with self.subTest(template=template.display_name, text=text):
                    self.assertEqual((count.alphabet, count.segments), ("GSM-7", 1))

    def test_hindi_speakers_get_latin_letters_by_sms_only(self):
        self.env["res.lang"]._activate_lang("hi_IN")
        self.patient.lang = "hi_IN"
        message = self.env["clinic.message"]._queue(
            "after7", self.patient, self.company, "key"
        )
        for channel, language in (
            ("sms", "hi_Latn"),
            ("whatsapp", "hi"),
            ("email", "hi"),
        ):
            template, used, fell_back = message._pick_template(channel)
            self.assertEqual((template.language, used), (language, language))
            self.assertFalse(fell_back)

    def test_care_first_begins_with_whatsapp(self):
        policies = self.env["clinic.followup.policy"]
        for code in ("india_care_first", "diagnostic_centre"):
            policy = policies._create_preset(code, self.company)
            thanks, hours48, week = policy.level_ids[:3]
            self.assertEqual(thanks.topic_id.code, "invoice")
            self.assertEqual(thanks.pause_minutes, 60)
            self.assertEqual(
                thanks.route_id._get_legs(), [["whatsapp", "sms", "email"]]
            )
            self.assertEqual((hours48.delay, hours48.delay_unit), (48, "hours"))
            self.assertEqual(week.delay, 7)
            for level in (hours48, week):
                self.assertEqual(
                    level.route_id._get_legs(), [["whatsapp", "sms", "email", "letter"]]
                )

    def test_other_presets_keep_their_routes(self):
        policy = self.env["clinic.followup.policy"]._create_preset(
            "fr_dentist", self.company
        )
        channels = policy.level_ids.route_id.line_ids.mapped("channel")
        self.assertNotIn("whatsapp", channels)

    def test_whoever_pays_at_the_desk_meanwhile_gets_no_message(self):
        policy = self.create_policy()
        policy.level_ids.pause_minutes = 60
        paid, open_one = (
            self.create_invoice(),
            self.create_invoice(self.create_patient()),
        )
        messages = self.remind()
        self.assertFalse(self.drain())
        self.pay(paid)
        self.go_to("2026-03-10 11:00:01")
        self.drain()
        states = dict(zip(messages.partner_id, messages.mapped("state"), strict=True))
        self.assertEqual(states[open_one.partner_id], "delivered")
        self.assertIn(states[paid.partner_id], ("canceled", "skipped"))


@tagged("post_install", "-at_install")
class TestNeutralize(DunningCase):
    """A copy for trying holds no key."""

    def test_account_is_useless_afterwards(self):
        account = self.env["clinic.twilio.account"].create(
            {
                "name": "Reception",
                "company_id": self.company.id,
                "account_sid": "AC" + "0" * 32,
                "auth_token": "secret",
                "api_key_sid": "SK" + "0" * 32,
                "api_key_secret": "secret",
                "sms_sender": "+33612345678",
            }
        )
        self.env.flush_all()
        for query in get_neutralization_queries(["clinic_whatsapp"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        for name in ("auth_token", "api_key_sid", "api_key_secret"):
            self.assertFalse(account._get_key(name))
        self.assertTrue(account._get_breaker_hold())
        accounts = self.env["clinic.twilio.account"]
        self.assertFalse(accounts._get_for(self.company, "sms"))

    def test_documents_are_gone_afterwards(self):
        document, _is_new = self.env["clinic.patient.document"]._take(
            self.company, "scan.pdf", make_pdf(), patient=self.patient
        )
        self.env.flush_all()
        for query in get_neutralization_queries(["clinic_whatsapp"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual(document.state, "erased")
        self.assertFalse(document.content)
        self.assertFalse(document.file_name)
