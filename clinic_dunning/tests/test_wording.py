from odoo.tests import TransactionCase, tagged

from ..models.outreach import registry

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = "^{}\\[~]|€"
BILLING = (
    "invoice r48 before7 before3 after7 repeat statement paid plan_notice plan_due "
    "share_refused"
).split()
OTHERS = (
    "document document_balance deposit_request deposit_received appointment_confirmed "
    "hold_expired cancel_refund optout"
).split()


@tagged("post_install", "-at_install")
class TestDefaultWording(TransactionCase):
    """The texts the addon brings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = cls.env["ir.model.data"].search(
            [
                ("module", "=", "clinic_dunning"),
                ("model", "=", "clinic.message.template"),
            ]
        )
        cls.templates = cls.env["clinic.message.template"].browse(own.mapped("res_id"))
        cls.by_key = {
            (
                template.topic_id.code,
                template.channel or "",
                template.language,
            ): template
            for template in cls.templates
        }

    def assertHas(self, topics, channels, languages):
        expected = {
            (t, c, lang) for t in topics for c in channels for lang in languages
        }
        self.assertFalse(expected - set(self.by_key))

    def test_every_topic_has_its_texts(self):
        everywhere = [language for language, _name in registry.LANGUAGES]
        self.assertHas(BILLING + OTHERS, [""], everywhere)
        self.assertHas(BILLING, ["email", "letter"], ["en", "fr", "hi"])
        self.assertHas(["formal_notice"], ["letter"], ["en", "fr", "hi"])
        self.assertHas(["r48", "after7", "repeat"], ["phone"], ["en", "fr", "hi"])

    def test_all_render_with_ordinary_values(self):
        for key, template in self.by_key.items():
            with self.subTest(key=key):
                rendered = template._render(registry.EXAMPLE_VALUES[template.language])
                self.assertNotRegex(rendered["subject"] + rendered["body"], "[{}]")
                self.assertTrue(rendered["subject"] or template.channel == "phone")

    def test_all_greet_without_a_name(self):
        for key, template in self.by_key.items():
            values = registry.EXAMPLE_VALUES[template.language] | {"first_name": ""}
            with self.subTest(key=key):
                self.assertNotRegex(template._render(values)["body"], r" ,|  |^,")

    def test_english_and_french_fit_one_sms(self):
        for (topic, channel, language), template in self.by_key.items():
            if channel or language not in ("en", "fr"):
                continue
            values = registry.EXAMPLE_VALUES[language]
            self.assertEqual(len(values["link"]), 34)
            text = template._render(values)["body"]
            with self.subTest(topic=topic, language=language):
                self.assertFalse(set(text) - set(GSM_BASIC + GSM_EXTENDED))
                self.assertLessEqual(
                    len(text) + sum(map(text.count, GSM_EXTENDED)), 160
                )

    def test_latin_hindi_fits_one_sms(self):
        for (topic, _channel, language), template in self.by_key.items():
            if language == "hi_Latn":
                text = template._render(registry.EXAMPLE_VALUES[language])["body"]
                with self.subTest(topic=topic):
                    self.assertFalse(set(text) - set(GSM_BASIC))
                    self.assertLessEqual(len(text), 160)

    def test_messages_never_threaten(self):
        words = self.env["clinic.discretion.word"]._get_words()
        for key, template in self.by_key.items():
            if key[0] != "formal_notice":
                with self.subTest(key=key):
                    self.assertEqual(registry.check_source(template.body, words), [])

    def test_french_formal_notice_is_as_approved(self):
        notice = self.by_key["formal_notice", "letter", "fr"]
        self.assertEqual(
            notice.subject, "Objet : mise en demeure de payer – réf. {reference}"
        )
        self.assertIn("au sens de l'article 1344 du Code civil", notice.body)
        self.assertIn("(article 1344-1). À défaut, nous pourrons saisir", notice.body)
        self.assertTrue(
            notice.body.endswith("nos salutations distinguées.\n\n{clinic}")
        )

    def test_formal_notice_elsewhere_cites_no_french_law(self):
        for language in ("en", "hi"):
            self.assertNotRegex(
                self.by_key["formal_notice", "letter", language].body, "1344|ode civil"
            )

    def test_call_scripts_leave_no_detail_on_voicemail(self):
        for language in ("en", "fr", "hi"):
            for topic in ("r48", "after7", "repeat"):
                voicemail = self.by_key[topic, "phone", language].body.splitlines()[-1]
                self.assertEqual(registry.find_variables(voicemail), ["clinic"])

    def test_opt_out_answer_omits_the_name(self):
        for key, template in self.by_key.items():
            if key[0] == "optout":
                self.assertNotIn("first_name", registry.find_variables(template.body))
