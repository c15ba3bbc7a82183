from odoo import fields, models

from odoo.addons.clinic_dunning.models.outreach import registry

from ..tools import content


class ClinicMessageTemplate(models.Model):
    """What WhatsApp says of a wording; without its approval it is not sent."""

    _inherit = "clinic.message.template"

    content_sid = fields.Char(
        string="Content SID", readonly=True, copy=False, help="At Twilio."
    )
    approval_status = fields.Selection(
        [
            ("unsubmitted", "Not submitted"),
            ("received", "Received"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("paused", "Paused"),
            ("disabled", "Disabled"),
        ],
        string="WhatsApp Approval",
        default="unsubmitted",
        required=True,
        readonly=True,
        copy=False,
    )
    approval_category = fields.Char(readonly=True, copy=False)
    approval_reason = fields.Char(readonly=True, copy=False)

    def _get_approved_content(self, account):
        """Return the SID under which an account may send this wording, or ''.

        :param account: `clinic.twilio.account` record
        """
        self.ensure_one()
        return self.content_sid if self.approval_status == "approved" else ""

    def _get_content_variables(self, values):
        """Return the JSON of numbered variables that the wording is sent with.

        :param dict values: text by variable name, as a message keeps it, with the link
        :raise registry.TemplateError: for a variable without text
        """
        self.ensure_one()
        labels = self.env["clinic.service.label"]
        values = registry.clean_values(
            self.body,
            values
            | {"service": labels._translate_label(values["service"], self.language)},
        )
        if not values.get("first_name"):
            values["first_name"] = registry.neutral_first_name(self.language)
        try:
            return content.to_content_variables(self.body, values)
        except KeyError as error:
            reason = registry.Reason("missing", error.args[0])
            raise registry.TemplateError([reason]) from None

    def _stop_sending(self, reason):
        """The provider refuses it: nobody gets it until somebody has looked."""
        self.sudo().write({"approval_status": "paused", "approval_reason": reason})

    def _needs_placement(self):
        return super()._needs_placement() or self.channel == "whatsapp"
