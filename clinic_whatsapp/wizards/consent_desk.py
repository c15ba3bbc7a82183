from odoo import api, fields, models

PURPOSES = ("billing", "appointment", "care")


class ClinicConsentDesk(models.TransientModel):
    """What a person at the desk says about being written to; kept as proofs."""

    _name = "clinic.consent.desk"
    _description = "Consent at the Desk"
    _inherit = ["clinic.dialog"]

    partner_id = fields.Many2one(
        "res.partner", string="Person", required=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    channel = fields.Selection(
        [("whatsapp", "WhatsApp"), ("sms", "SMS"), ("email", "Email")],
        required=True,
        default="whatsapp",
    )
    billing = fields.Boolean(
        string="Bills", compute="_compute_answers", store=True, readonly=False
    )
    appointment = fields.Boolean(
        string="Appointments", compute="_compute_answers", store=True, readonly=False
    )
    care = fields.Boolean(
        string="Documents and Care",
        compute="_compute_answers",
        store=True,
        readonly=False,
    )
    text_version = fields.Char(
        string="How",
        required=True,
        default=lambda self: self.env._("Said at the desk"),
        help="What was said or signed, such as the version of the form.",
    )

    @api.depends("partner_id", "company_id", "channel")
    def _compute_answers(self):
        """Show what counts now."""
        for dialog in self:
            for purpose in PURPOSES:
                dialog[purpose] = dialog._is_allowed(purpose)

    def _is_allowed(self, purpose):
        probe = self.env["clinic.message"].sudo()
        probe = probe.new(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "purpose": purpose,
            }
        )
        return not probe._get_refusals(self.channel)[probe]

    def action_save(self):
        """Keep a proof of each answer that is another one than before."""
        self.ensure_one()
        changed = [
            purpose
            for purpose in PURPOSES
            if self[purpose] != self._is_allowed(purpose)
        ]
        self.env["clinic.consent"].create(
            [self._prepare_consent_vals(purpose) for purpose in changed]
        )
        return {"type": "ir.actions.act_window_close"}

    def _prepare_consent_vals(self, purpose):
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "purpose": purpose,
            "channel": self.channel,
            "granted": self[purpose],
            "source": "desk",
            "text_version": self.text_version,
        }
