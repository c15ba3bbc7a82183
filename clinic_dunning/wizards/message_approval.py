from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicMessageApproval(models.TransientModel):
    """Say how many messages over which amounts are about to go out, then let them."""

    _name = "clinic.message.approval"
    _description = "Approve Messages"
    _inherit = ["clinic.dialog"]

    message_ids = fields.Many2many("clinic.message", readonly=True)
    summary = fields.Html(compute="_compute_summary", sanitize=False)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        chosen = self.env["clinic.message"].browse(self.env.context.get("active_ids"))
        pending = chosen.filtered(
            lambda message: message.state == "queued" and message.approval == "pending"
        )
        if not pending:
            raise UserError(self.env._("None of these messages waits for approval."))
        values["message_ids"] = [fields.Command.set(pending.ids)]
        return values

    @api.depends("message_ids")
    def _compute_summary(self):
        for approval in self:
            approval.summary = self.env["ir.qweb"]._render(
                "clinic_dunning.message_approval_summary",
                {
                    "rows": approval._get_rows(),
                    "count": len(approval.message_ids),
                    "now": len(approval.message_ids._get_room()),
                },
            )

    def _get_rows(self):
        """Return a dictionary for each level and currency of the messages."""
        groups = self.message_ids.grouped(
            lambda message: (message.level_id, message.company_id, message.currency_id)
        )
        return [
            {
                "level": level.name,
                "company": company.name,
                "count": len(messages),
                "people": len(messages.partner_id),
                "amount": currency.format(sum(messages.mapped("amount"))),
                "channels": level.route_id.name,
            }
            for (level, company, currency), messages in groups.items()
        ]

    def action_approve(self):
        """Let the messages go out."""
        self.message_ids.action_approve()
        return {"type": "ir.actions.act_window_close"}
