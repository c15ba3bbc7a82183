import uuid

from odoo import api, fields, models

from . import registry


class ClinicMessage(models.Model):
    """A wording sent to oneself: the real way out, example values, no patient."""

    _inherit = "clinic.message"

    is_test = fields.Boolean(
        readonly=True, help="Sent by staff to themselves; no figure counts it."
    )
    test_template_id = fields.Many2one(
        "clinic.message.template", ondelete="set null", readonly=True
    )

    @api.model
    def _prepare_test_vals(self, template, channel):
        """Return the values of a message with that wording to the user."""
        return {
            "partner_id": self.env.user.partner_id.id,
            "company_id": self.env.company.id,
            "topic_id": template.topic_id.id,
            "only_channel": channel,
            "is_test": True,
            "test_template_id": template.id,
            "dedupe_key": f"test:{uuid.uuid4()}",
        }

    @api.depends("is_test")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for message in self.filtered("is_test"):
            message.display_name = self.env._("Test: %s", message.display_name)
        return result

    def _get_refusals(self, channel):
        """Staff need no consent of their own; an address and an account they do."""
        tests = self.filtered("is_test")
        refusals = super(ClinicMessage, self - tests)._get_refusals(channel)
        return refusals | dict.fromkeys(tests, "")

    def _is_awaited(self):
        return self.is_test or super()._is_awaited()

    def _pick_template(self, channel):
        template = self.test_template_id
        if not template:
            return super()._pick_template(channel)
        return template, template.language, False

    def _prepare_values(self, verdict, lang):
        if not self.is_test:
            return super()._prepare_values(verdict, lang)
        clinic = self.company_id.with_context(lang=lang)._get_clinic_message_name()
        return self._get_test_values() | {"clinic": clinic}

    def _get_test_values(self):
        language = self.test_template_id.language or registry.DEFAULT_LANGUAGE
        examples = dict(registry.EXAMPLE_VALUES[language])
        # The link is a real one: it opens the user's own page.
        del examples["link"]
        return examples

    def _get_secrets(self):
        if not self.is_test:
            return super()._get_secrets()
        return {}
