from odoo import api, fields, models
from odoo.exceptions import ValidationError

FORMAL_NOTICE = "formal_notice"


class ClinicMessageTopic(models.Model):
    """What a message is about; addons and levels refer to it by `code`."""

    _name = "clinic.message.topic"
    _description = "Message topic"
    _order = "purpose, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, help="How other parts of the system call this topic."
    )
    purpose = fields.Selection(
        [("billing", "Billing"), ("appointment", "Appointments"), ("care", "Care")],
        required=True,
        default="billing",
        help="The consent a person gives or withdraws covers one purpose.",
    )
    template_ids = fields.One2many("clinic.message.template", "topic_id")

    _code_unique = models.Constraint("UNIQUE(code)", "Another topic has this code.")

    @api.constrains("code")
    def _check_code(self):
        for topic in self:
            if not (
                topic.code.isascii()
                and topic.code.isidentifier()
                and topic.code.islower()
            ):
                raise ValidationError(
                    self.env._(
                        "A code holds lower-case letters, digits and underscores."
                    )
                )

    @api.model
    def _get_by_code(self, code):
        """Return the topic called `code` (str), an empty recordset if there is none."""
        return self.search([("code", "=", code)], limit=1)

    def _is_formal_notice(self):
        """Return True for the one topic whose wording may speak of law."""
        return self.code == FORMAL_NOTICE
