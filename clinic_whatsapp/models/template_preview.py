from odoo import api, fields, models

from odoo.addons.clinic_dunning.models.outreach import registry

from ..tools import content, segments


class ClinicMessageTemplate(models.Model):
    """How a wording looks on a phone, and what an SMS of it costs."""

    _inherit = "clinic.message.template"

    currency_id = fields.Many2one(
        "res.currency", compute="_compute_phone", export_string_translation=False
    )
    whatsapp_preview = fields.Html(
        string="On WhatsApp", compute="_compute_phone", sanitize=False
    )
    sms_preview = fields.Html(
        string="As an SMS", compute="_compute_phone", sanitize=False
    )
    sms_alphabet = fields.Char(
        string="Alphabet",
        compute="_compute_phone",
        help="GSM-7: 160 letters in a segment. UCS-2, for other scripts: 70.",
    )
    sms_units = fields.Integer(string="Letters", compute="_compute_phone")
    sms_segments = fields.Integer(string="Segments", compute="_compute_phone")
    sms_cost = fields.Monetary(
        string="Cost of One", compute="_compute_phone", help="An estimate."
    )

    @api.depends(
        "body",
        "channel",
        "language",
        "topic_id",
        "button_link",
        "button_pay",
        "button_paid",
        "button_plan",
        "button_call",
        "button_confirm",
        "button_cancel",
    )
    @api.depends_context("company", "lang")
    def _compute_phone(self):
        company = self.env.company
        account = self.env["clinic.twilio.account"]._get_for(company, "sms")
        for template in self:
            text = template._get_sample_text()
            sms = segments.to_sms_text(text)
            count = segments.count_segments(sms)
            template.currency_id = company.currency_id
            template.whatsapp_preview = text and template._draw_bubble(
                text, template._get_preview_buttons()
            )
            template.sms_preview = text and template._draw_bubble(sms)
            template.sms_alphabet = text and count.alphabet
            template.sms_units = count.units if text else 0
            template.sms_segments = count.segments if text else 0
            template.sms_cost = template.sms_segments * account.sms_price

    def _get_sample_text(self):
        """Return the text with ordinary values, or '' when it can't be sent."""
        if not self.body or self._find_problems():
            return ""
        try:
            return self._render(registry.EXAMPLE_VALUES[self.language])["body"]
        except registry.TemplateError:
            return ""

    def _get_preview_buttons(self):
        return content.get_buttons(
            self.language,
            self.topic_id.purpose or "billing",
            "https://pay.example" if self._has_link_button() else "",
            self._get_reply_keys(),
        )

    @api.model
    def _draw_bubble(self, text, buttons=content.NO_BUTTONS):
        return self.env["ir.qweb"]._render(
            "clinic_whatsapp.phone_bubble",
            {"lines": text.split("\n"), "buttons": buttons},
        )
