import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import phone

# Texts to these need a prior yes, by whatever channel (US: TCPA, 47 CFR 64.1200), and
# nothing goes there by WhatsApp unless the clinic says so.
ASK_FIRST = {"US"}
# Operators let only registered wordings through (India: TCCCPR 2018).
REGISTERED = {"IN"}
# The Message resource has no field for these: Twilio's Sender ID team notes them with
# the sender, and operators compare each text with what is registered.
DLT_ID = re.compile(r"\d{12,19}")


class ClinicTwilioAccount(models.Model):
    _inherit = "clinic.twilio.account"

    whatsapp_us = fields.Boolean(
        string="WhatsApp to the United States",
        help="Off: numbers there get an SMS if the person agreed to it, else the next "
        "channel of the route.",
    )
    dlt_entity_id = fields.Char(
        string="DLT Entity ID",
        help="Of the clinic, as registered with an Indian operator. Then an SMS to "
        "India goes out only in a wording that has its DLT template ID. Twilio takes "
        "no ID with a message: give it both IDs when the sender is registered there.",
    )

    @api.constrains("dlt_entity_id")
    def _check_dlt_entity_id(self):
        for account in self:
            account.env["clinic.message.template"]._check_dlt_id(account.dlt_entity_id)


class ClinicMessageTemplate(models.Model):
    _inherit = "clinic.message.template"

    dlt_template_id = fields.Char(
        string="DLT Template ID",
        copy=False,
        help="Of this wording, word for word as registered with an Indian operator, "
        "who drops any other text. It is not sent along: Twilio knows it by the "
        "sender's registration. A changed text loses it until it is registered again.",
    )

    @api.constrains("dlt_template_id")
    def _check_dlt_template_id(self):
        for template in self:
            template._check_dlt_id(template.dlt_template_id)

    @api.model
    def _check_dlt_id(self, value):
        """Refuse what no Indian operator gives out.

        :raise ValidationError: for anything but 12 to 19 digits
        """
        if value and not DLT_ID.fullmatch(value):
            raise ValidationError(
                self.env._("“%s” is no DLT ID: it has 12 to 19 digits.", value)
            )

    def write(self, vals):
        """What is registered is the text: another one has no ID yet."""
        if "body" in vals and "dlt_template_id" not in vals:
            reworded = self.filtered(
                lambda t: t.dlt_template_id and t.body != vals["body"]
            )
            reworded.dlt_template_id = False
        return super().write(vals)


class ClinicMessage(models.Model):
    """What the country of a number asks for; who wrote first is answered anyway."""

    _inherit = "clinic.message"

    def _get_refusals(self, channel):
        refusals = super()._get_refusals(channel)
        if channel != "sms":
            return refusals
        asked = self.filtered(
            lambda message: not refusals[message]
            and phone.get_country(message._get_texting_number()) in ASK_FIRST
        )
        proofs = self.env["clinic.consent"]._get_latest_proofs(
            {(m.partner_id, m.company_id, m.purpose) for m in asked}, channel
        )
        missing = self.env._("No consent on file.")
        return refusals | {
            message: missing
            for message in asked
            if (message.partner_id, message.company_id, message.purpose) not in proofs
        }

    def _get_number_obstacle(self, channel, number):
        obstacle = super()._get_number_obstacle(channel, number)
        if obstacle:
            return obstacle
        country = phone.get_country(number)
        account = self._get_twilio_account(channel).sudo()
        if channel == "whatsapp" and country in ASK_FIRST and not account.whatsapp_us:
            return self.env._("WhatsApp is off for numbers in the United States")
        if channel == "sms" and country in REGISTERED and account.dlt_entity_id:
            template, _language, _fell_back = self._pick_template(channel)
            if template and not template.dlt_template_id:
                return self.env._("the wording has no DLT template ID")
        return ""
