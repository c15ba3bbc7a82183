from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestServiceLabel(TransactionCase):
    def test_label_is_known_in_any_language(self):
        translate = self.env["clinic.service.label"]._translate_label
        self.assertEqual(translate("Consultation fee", "fr"), "Frais de consultation")
        self.assertEqual(
            translate("frais de consultation", "en_US"), "Consultation fee"
        )
        self.assertEqual(translate("परामर्श शुल्क", "hi_Latn"), "Paramarsh shulk")
        self.assertEqual(
            translate("Consultation fee", "fr_BE"), "Frais de consultation"
        )

    def test_unknown_text_and_language_stay(self):
        translate = self.env["clinic.service.label"]._translate_label
        self.assertEqual(translate("Something else", "fr"), "Something else")
        self.assertEqual(translate("Care fee", "de"), "Care fee")
        self.assertFalse(translate(False, "fr"))

    def test_renamed_label_is_known_at_once(self):
        labels = self.env["clinic.service.label"]
        label = labels.create({"name": "Visit fee", "name_fr": "Frais"})
        self.assertEqual(labels._translate_label("Visit fee", "fr"), "Frais")
        label.name_fr = "Frais de visite"
        self.assertEqual(labels._translate_label("Visit fee", "fr"), "Frais de visite")

    def test_translation_of_the_name_is_known(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        labels = self.env["clinic.service.label"]
        label = labels.create({"name": "Visit fee"})
        self.assertEqual(labels._translate_label("Visit fee", "fr"), "Visit fee")
        label.update_field_translations("name", {"fr_FR": "Visite"})
        self.assertEqual(labels._translate_label("Visit fee", "fr"), "Visite")
