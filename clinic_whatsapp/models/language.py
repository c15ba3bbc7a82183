from odoo import models

# An SMS in Devanagari costs twice as much as the same in Latin letters.
LATIN = {"hi": "hi_Latn"}


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _pick_in(self, languages, channel):
        """An SMS goes out in Latin letters, where the language has such texts."""
        if channel == "sms":
            languages = [
                form
                for language in languages
                for form in (LATIN.get(language, language), language)
            ]
        return super()._pick_in(list(dict.fromkeys(languages)), channel)
