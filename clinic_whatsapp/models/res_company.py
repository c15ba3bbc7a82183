from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    clinic_document_announce = fields.Boolean(
        string="Announce Documents at Once",
        default=True,
        help="Off: a person announces each document.",
    )
    clinic_document_pause = fields.Integer(
        string="Minutes before a Notice Leaves",
        default=5,
        help="A wrong patient can be undone meanwhile, and what comes for the same "
        "person goes with the same notice.",
    )
    clinic_document_route_id = fields.Many2one(
        "clinic.contact.route",
        string="Route of Notices",
        help="Empty: WhatsApp, else SMS, else email.",
    )
    clinic_document_birth_date = fields.Boolean(
        string="Birth Date Opens Documents",
        help="Beside a code that is sent another way than the link. A birth date is "
        "known to many.",
    )
    clinic_document_days = fields.Integer(
        string="Days a Document is Kept",
        default=365,
        help="Then the copy here is erased. 0: until somebody does it.",
    )

    _clinic_document_pause = models.Constraint(
        "CHECK (clinic_document_pause >= 0 AND clinic_document_days >= 0)",
        "Minutes and days can't be negative.",
    )

    def _get_clinic_code_channels(self):
        """A code goes by SMS too, where the company has an account that sends any."""
        channels = super()._get_clinic_code_channels()
        account = self.env["clinic.twilio.account"]._get_for(self, "sms")
        return channels + ["sms"] if account else channels
