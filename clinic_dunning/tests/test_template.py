from collections import Counter

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.outreach import registry


@tagged("post_install", "-at_install")
class TestTemplateCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Template = cls.env["clinic.message.template"]
        cls.topic = cls.env["clinic.message.topic"].create(
            {"name": "Example", "code": "example"}
        )
        cls.company = cls.env.company
        cls.values = registry.EXAMPLE_VALUES["en"]

    @classmethod
    def create_template(cls, **vals):
        return cls.Template.create(
            {"topic_id": cls.topic.id, "body": "Hello {clinic}, hi.", **vals}
        )

    def pick(self, *languages, channel="email", seed=1, topic=None, company=None):
        return self.Template._pick(
            topic or self.topic, channel, list(languages), seed, company or self.company
        )


@tagged("post_install", "-at_install")
class TestTemplateSave(TestTemplateCase):
    def assertRefused(self, said, **vals):
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            self.create_template(**vals)
        self.assertIn(said, str(caught.exception))

    def test_refusal_gives_the_reason(self):
        self.assertRefused("nobody", body="Hello {nobody}, hi.")
        self.assertRefused("HBMD038", body="For HBMD038 today.")
        self.assertRefused("evil.com", body="See evil.com now.")
        self.assertRefused("chimiotherapie", body="Votre chimiothérapie du jour.")
        self.assertRefused("Unbalanced", body="Hello {clinic now.")
        self.assertRefused("amount", subject="Pay {amount}")

    def test_changing_a_text_is_checked_too(self):
        template = self.create_template()
        with self.assertRaises(ValidationError):
            template.body = "Your results are here."

    def test_word_is_refused_once_it_is_on_the_list(self):
        self.create_template(body="Hello zebra, hi.", channel="email")
        self.env["clinic.discretion.word"].create({"word": "zèbr*"})
        self.assertRefused("zebra", body="Hello zebra, hi.")

    def test_archived_word_passes_again(self):
        word = self.env["clinic.discretion.word"].create({"word": "zebra"})
        self.assertRefused("zebra", body="Hello zebra, hi.")
        word.active = False
        self.assertTrue(self.create_template(body="Hello zebra, hi."))

    def test_approved_label_passes(self):
        label = self.env["clinic.service.label"].create(
            {"name": "Test fee", "name_fr": "Frais de test"}
        )
        self.assertRefused("test", body="Vos frais de test du jour.")
        label.approved = True
        self.assertTrue(self.create_template(body="Vos frais de test du jour."))

    def test_text_for_any_channel_fits_messaging_providers(self):
        self.assertRefused("start or end", body="Hello {clinic}")
        self.assertTrue(self.create_template(body="Hello {clinic}", channel="email"))

    def test_formal_notice_goes_by_letter_only(self):
        notice = self.env.ref("clinic_dunning.topic_formal_notice")
        for channel in (False, "email", "phone"):
            self.assertRefused("by letter", topic_id=notice.id, channel=channel)

    def test_words_of_law_stay_in_the_formal_notice(self):
        body = "Cette lettre vaut mise en demeure (article 1344-1)."
        self.assertRefused("mise en demeure", body=body, channel="letter")
        notice = self.env.ref("clinic_dunning.topic_formal_notice")
        self.assertTrue(
            self.create_template(body=body, channel="letter", topic_id=notice.id)
        )

    def test_formal_notice_names_no_condition(self):
        notice = self.env.ref("clinic_dunning.topic_formal_notice")
        self.assertRefused(
            "vih", body="Suivi VIH.", channel="letter", topic_id=notice.id
        )

    @mute_logger("odoo.sql_db")
    def test_topic_code_is_unique_and_simple(self):
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self.topic.code = "Not simple"
        self.assertEqual(
            self.env["clinic.message.topic"]._get_by_code("example"), self.topic
        )


@tagged("post_install", "-at_install")
class TestTemplatePick(TestTemplateCase):
    def test_own_channel_before_any_channel(self):
        self.create_template()
        email = self.create_template(channel="email")
        self.create_template(channel="letter")
        self.assertEqual(self.pick("en"), (email, "en", False))

    def test_any_channel_serves_the_others(self):
        anywhere = self.create_template()
        self.create_template(channel="letter")
        self.assertEqual(self.pick("en")[0], anywhere)

    def test_company_before_shared(self):
        self.create_template()
        own = self.create_template(company_id=self.company.id)
        self.assertEqual(self.pick("en")[0], own)

    def test_channel_counts_before_company(self):
        self.create_template(company_id=self.company.id)
        email = self.create_template(channel="email")
        self.assertEqual(self.pick("en")[0], email)

    def test_other_company_is_left_out(self):
        other = self.env["res.company"].create({"name": "Other"})
        shared = self.create_template()
        own = self.create_template(company_id=other.id)
        self.assertEqual(self.pick("en")[0], shared)
        self.assertEqual(self.pick("en", company=other)[0], own)

    def test_branch_inherits_the_nearest_wording(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        own = self.create_template(company_id=self.company.id)
        self.create_template()
        self.assertEqual(self.pick("en", company=branch)[0], own)
        nearer = self.create_template(company_id=branch.id)
        self.assertEqual(self.pick("en", company=branch)[0], nearer)

    def test_first_language_that_has_one(self):
        french = self.create_template(language="fr")
        self.create_template()
        self.assertEqual(self.pick("hi_Latn", "fr", "hi"), (french, "fr", False))

    def test_english_comes_last_and_is_told(self):
        english = self.create_template(channel="letter")
        self.create_template(language="fr")
        self.assertEqual(self.pick("hi", channel="letter"), (english, "en", True))
        self.assertEqual(self.pick(channel="letter"), (english, "en", True))

    def test_no_wording_at_all(self):
        self.create_template(language="fr")
        self.assertEqual(self.pick("hi"), (self.Template, "", True))

    def test_archived_and_weightless_are_left_out(self):
        template = self.create_template()
        self.assertEqual(self.pick("en")[0], template)
        template.weight = 0
        self.assertFalse(self.pick("en")[0])
        template.write({"weight": 1, "active": False})
        self.assertFalse(self.pick("en")[0])

    def test_same_seed_same_variant(self):
        self.create_template(variant="A")
        self.create_template(variant="B")
        for seed in range(20):
            self.assertEqual(self.pick("en", seed=seed), self.pick("en", seed=seed))

    def test_variants_follow_their_weights(self):
        self.create_template(variant="A", weight=3)
        self.create_template(variant="B", weight=1)
        drawn = Counter(self.pick("en", seed=seed)[0].variant for seed in range(1000))
        self.assertAlmostEqual(drawn["A"], 750, delta=45)

    def test_a_person_keeps_the_variant_on_all_channels_and_in_all_languages(self):
        for channel, language in ((False, "en"), ("letter", "en"), (False, "fr")):
            for variant in "AB":
                self.create_template(
                    channel=channel, language=language, variant=variant
                )
        for seed in range(30):
            drawn = {
                self.pick(language, channel=channel, seed=seed)[0].variant
                for channel in ("email", "letter")
                for language in ("en", "fr")
            }
            self.assertEqual(len(drawn), 1, seed)

    def test_a_variant_weighed_anew_only_moves_those_who_come_to_it(self):
        for variant in "AB":
            self.create_template(variant=variant, weight=2)
        third = self.create_template(variant="C", weight=1)
        before = {seed: self.pick("en", seed=seed)[0] for seed in range(300)}
        third.weight = 4
        after = {seed: self.pick("en", seed=seed)[0] for seed in range(300)}
        moved = {after[seed] for seed in before if before[seed] != after[seed]}
        self.assertEqual(moved, {third})

    def test_pilot_group_gets_its_wording_and_nobody_else(self):
        tag = self.env["res.partner.category"].create({"name": "Pilot"})
        people = self.env["res.partner"].create(
            [{"name": "Ana", "category_id": tag.ids}, {"name": "Ben"}]
        )
        general = self.create_template()
        pilot = self.create_template(variant="B", pilot_category_id=tag.id, weight=9)
        picked = [
            self.Template._pick(
                self.topic, "email", ["en"], person.id, self.company, person=person
            )[0]
            for person in people
        ]
        self.assertEqual(picked, [pilot, general])
        self.assertEqual(self.pick("en")[0], general)

    def test_pilot_wording_alone_is_refused(self):
        tag = self.env["res.partner.category"].create({"name": "Pilot"})
        self.create_template(language="fr")
        with self.assertRaisesRegex(ValidationError, "pilot"):
            self.create_template(pilot_category_id=tag.id)

    def test_whoever_changes_a_text_is_its_author(self):
        template = self.create_template()
        self.assertEqual(template.author_id, self.env.user)
        admin = self.env.ref("base.user_admin")
        template.with_user(admin).weight = 2
        self.assertEqual(template.author_id, self.env.user)
        template.with_user(admin).body = "Hello {clinic}, good day."
        self.assertEqual(template.author_id, admin)
        template.with_user(admin).author_id = self.env.user
        self.assertEqual(template.author_id, admin, "nobody says it was another one")

    def test_picking_again_costs_no_query(self):
        self.create_template()
        self.pick("en")
        with self.assertQueryCount(0):
            for seed in range(50):
                self.pick("hi", "en", seed=seed)


@tagged("post_install", "-at_install")
class TestTemplateRender(TestTemplateCase):
    def test_subject_and_body_are_filled(self):
        template = self.create_template(
            subject="From {clinic}",
            body="Hi {first_name}, {amount} due.",
            channel="email",
        )
        self.assertEqual(
            template._render(self.values),
            {
                "subject": "From Riverside Clinic",
                "body": "Hi Catherine, Rs 1,500.00 due.",
            },
        )

    def test_blank_value_raises(self):
        template = self.create_template(body="Pay {amount} now.")
        with self.assertRaises(registry.TemplateError) as caught:
            template._render(self.values | {"amount": ""})
        self.assertEqual(
            [reason.code for reason in caught.exception.reasons], ["missing"]
        )

    def test_revealing_service_raises(self):
        template = self.create_template(body="For {service} now.")
        for service in ("Chimiothérapie", "HBMD038", "Bilan VIH"):
            with self.assertRaises(registry.TemplateError):
                template._render(self.values | {"service": service})

    def test_service_label_speaks_the_language_of_the_text(self):
        template = self.create_template(body="Pour {service} ici.", language="fr")
        rendered = template._render(self.values | {"service": "Consultation fee"})
        self.assertEqual(rendered["body"], "Pour Frais de consultation ici.")

    def test_preview_shows_examples_in_the_language(self):
        template = self.create_template(
            subject="{clinic} का संदेश", body="नमस्ते {first_name} जी।", language="hi"
        )
        self.assertEqual(template.preview, "शांति क्लिनिक का संदेश\n\nनमस्ते अनीता जी।")

    def test_preview_tells_what_is_wrong(self):
        template = self.Template.new(
            {"topic_id": self.topic.id, "body": "Hi {x} there."}
        )
        self.assertIn("Unknown variable “x”", template.preview)

    def test_topic_preview_has_each_language_that_exists(self):
        self.create_template()
        self.create_template(language="fr", channel="letter")
        previews = self.Template._preview_topic(self.topic, "email", self.company)
        self.assertEqual(previews, {"en": "Hello Riverside Clinic, hi."})
