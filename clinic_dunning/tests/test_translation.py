import re
from contextlib import contextmanager

from lxml import html

from odoo.tests import tagged

from .common import days_ago, level
from .desk import DeskCase

LANGUAGES = ("fr_FR", "hi_IN")
# Terms that are the same in another language.
SAME = {"fr_FR": {"BIC", "Date"}, "hi_IN": {"BIC"}}
FOLDERS = ("clinic_dunning/templates/", "clinic_dunning/reports/")


@tagged("post_install", "-at_install")
class TestTranslation(DeskCase):
    """What a patient reads is in the patient's language, all of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in LANGUAGES:
            cls.env["res.lang"]._activate_lang(code)
        cls.env.ref("base.module_clinic_dunning")._update_translations(LANGUAGES)
        cls.env["res.partner.bank"].create(
            {
                "acc_number": "FR7630006000011234567890189",
                "partner_id": cls.company.partner_id.id,
            }
        )
        cls.views = (
            cls.env["ir.ui.view"]
            .search([("type", "=", "qweb"), ("key", "=like", "clinic_dunning.%")])
            .filtered(lambda view: (view.arch_fs or "").startswith(FOLDERS))
        )

    @contextmanager
    def speaking(self, lang):
        """The patient's language, in a subtest of its own."""
        with self.subTest(lang=lang):
            self.patient.lang = lang
            self.env.invalidate_all()
            yield

    def get_terms(self, views, lang):
        field = self.env["ir.ui.view"]._fields["arch_db"]
        return {
            term
            for view in views.with_context(lang=lang)
            for term in field.get_trans_terms(view.arch_db)
            if re.search(r"\w", term)
        }

    def get_sentences(self, lang, *templates):
        """Return the pieces of English text of these templates, as they are read."""
        views = self.views.filtered(
            lambda view: view.key.removeprefix("clinic_dunning.") in templates
        )
        self.assertEqual(len(views), len(templates))
        terms = self.get_terms(views, "en_US") - SAME[lang]
        texts = {
            " ".join(text.split())
            for term in terms
            for text in html.fromstring(f"<p>{term}</p>").itertext()
        }
        return {text for text in texts if re.search(r"\w", text)}

    def assertTranslated(self, page, lang, *templates):
        """No piece of the English text of the templates is left on the page."""
        text = " ".join(" ".join(html.fromstring(str(page)).itertext()).split())
        left = {
            sentence
            for sentence in self.get_sentences(lang, *templates)
            if re.search(rf"(?<!\w){re.escape(sentence)}(?!\w)", text)
        }
        self.assertFalse(left)

    def render_page(self, template):
        link, _url = self.env["clinic.link"]._issue(self.patient, self.company)
        values = link._get_page_values()
        return self.env["ir.qweb"]._render(
            f"clinic_dunning.{template}",
            values | {"secret": "secret", "csrf_token": "token"},
            lang=values["lang"],
        )

    def render_report(self, report, docs):
        page, _type = self.env["ir.actions.report"]._render_qweb_html(
            f"clinic_dunning.{report}", docs.ids
        )
        return page.decode()

    def test_every_text_of_the_patients_templates_has_a_translation(self):
        source = self.get_terms(self.views, "en_US")
        self.assertGreater(len(source), 30)
        for lang in LANGUAGES:
            with self.speaking(lang):
                same = source & self.get_terms(self.views, lang)
                self.assertFalse(same - SAME[lang])

    def test_pay_page_is_in_the_patients_language(self):
        self.create_invoice(amount=80.0)
        self.create_invoice(amount=50.0, due=days_ago(-20))
        for lang in LANGUAGES:
            with self.speaking(lang):
                self.assertTranslated(self.render_page("pay_page"), lang, "pay_page")

    def test_pay_page_with_nothing_due_is_in_the_patients_language(self):
        for lang in LANGUAGES:
            with self.speaking(lang):
                self.assertTranslated(self.render_page("pay_page"), lang, "pay_page")
        self.create_invoice(amount=50.0, due=days_ago(-20))
        for lang in LANGUAGES:
            with self.speaking(lang):
                self.assertTranslated(self.render_page("pay_page"), lang, "pay_page")

    def test_short_pages_are_in_the_patients_language(self):
        for lang in LANGUAGES:
            with self.speaking(lang):
                for template in ("pay_stopped", "pay_gone", "pay_wait"):
                    self.assertTranslated(self.render_page(template), lang, template)

    def remind_of_a_bill(self, patient):
        self.create_invoice(patient, due=days_ago(40))
        message = self.remind()
        emails = self.drain()
        self.env.invalidate_all()
        return message.attempt_ids, emails

    def test_email_is_in_the_patients_language(self):
        self.create_policy(level(route="email", topic="repeat"))
        for lang in LANGUAGES:
            with self.speaking(lang):
                patient = self.create_patient(f"Luc {lang}", lang=lang)
                _attempts, emails = self.remind_of_a_bill(patient)
                self.assertEqual(len(emails), 1)
                body = emails[0].get_body(("html",)).get_content()
                self.assertTranslated(body, lang, "email_body")

    def test_letter_is_in_the_patients_language(self):
        self.create_policy(level(route="letter", topic="repeat"))
        for lang in LANGUAGES:
            with self.speaking(lang):
                patient = self.create_patient(f"Luc {lang}", lang=lang)
                attempts, _emails = self.remind_of_a_bill(patient)
                attempts.message_id.level_id.legal_step = "formal_notice"
                page = self.render_report("action_report_letter", attempts)
                self.assertIn("FR7630006000011234567890189", page.replace(" ", ""))
                self.assertTranslated(page, lang, "report_letter_document")

    def test_receipt_is_in_the_patients_language(self):
        self.create_invoice(amount=80.0)
        dialog = self.open_dialog(self.case_as(self.desk), "action_record_payment")
        dialog.journal_id = self.cash
        receipt = dialog.save()._record()
        receipt.action_undo()
        for lang in LANGUAGES:
            with self.speaking(lang):
                page = self.render_report("action_report_desk_receipt", receipt)
                self.assertTranslated(page, lang, "report_desk_receipt_document")
