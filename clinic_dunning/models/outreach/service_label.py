from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .discretion import fold
from .registry import DEFAULT_LANGUAGE, LANGUAGES

_NAME_FIELDS = {"fr": "name_fr", "hi": "name_hi", "hi_Latn": "name_hi_latn"}


class ClinicServiceLabel(models.Model):
    """A neutral name for what an invoice is about, in each language of messages."""

    _name = "clinic.service.label"
    _description = "Neutral service label"
    _inherit = ["clinic.cached"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    # A message's language needs no installed interface language (hi_Latn never is one).
    name_fr = fields.Char("In French messages")
    name_hi = fields.Char("In Hindi messages")
    name_hi_latn = fields.Char("In messages in Hindi, Latin letters")
    approved = fields.Boolean(
        help="An approved label leaves as it is, whatever the list of words says.",
    )

    @api.model
    def _translate_label(self, text, lang):
        """Return the label that `text` names in any language, in `lang`; else `text`.

        `lang` is a message language (`hi_Latn`) or a language code of Odoo (`fr_FR`).
        """
        language = lang if lang in dict(LANGUAGES) else (lang or "").split("_")[0]
        known = fold(text or "")
        for names in self._get_names():
            if known in names["known"]:
                return names.get(language) or names[DEFAULT_LANGUAGE]
        return text

    @api.model
    def _check_label(self, text):
        """Refuse words that would reveal something about health; approved labels pass.

        :raise ValidationError: with each reason
        """
        templates = self.env["clinic.message.template"]
        if reasons := templates._find_reasons("service", text):
            raise ValidationError(reasons)

    @api.model
    @tools.ormcache()
    def _get_approved(self):
        """Return the names of the approved labels in all languages, as a tuple."""
        return tuple(
            dict.fromkeys(
                name
                for names in self._get_names()
                if names["approved"]
                for name in names["all"]
            )
        )

    @api.model
    @tools.ormcache()
    def _get_default_name(self):
        """Return the English name of what stands where items have several labels."""
        care = self.env.ref(
            "clinic_dunning.service_label_care", raise_if_not_found=False
        )
        return care.sudo().with_context(lang="en_US").name if care else ""

    @api.model
    @tools.ormcache()
    def _get_names(self):
        """Return for each label its names by language, and folded to compare."""
        return tuple(label._prepare_names() for label in self.sudo().search([]))

    def _prepare_names(self):
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        names = {code: self.with_context(lang=code).name for code in installed}
        words = {
            language: self[field]
            for language, field in _NAME_FIELDS.items()
            if self[field]
        }
        translated = {code.split("_")[0]: name for code, name in names.items()}
        everything = [
            *names.values(),
            *words.values(),
            self.with_context(lang="en_US").name,
        ]
        return {
            **translated,
            **words,
            DEFAULT_LANGUAGE: self.with_context(lang="en_US").name,
            "approved": self.approved,
            "all": tuple(dict.fromkeys(everything)),
            "known": frozenset(map(fold, everything)),
        }
