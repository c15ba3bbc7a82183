from odoo import fields, models

CHANNELS = ("whatsapp", "sms")


class ClinicContactRouteLine(models.Model):
    _inherit = "clinic.contact.route.line"

    channel = fields.Selection(
        selection_add=[("whatsapp", "WhatsApp"), ("sms", "SMS")],
        ondelete=dict.fromkeys(CHANNELS, lambda lines: lines._fall_back_on_email()),
    )

    def _fall_back_on_email(self):
        """The addon goes: whom it would have reached gets an email."""
        self.write({"channel": "email"})
