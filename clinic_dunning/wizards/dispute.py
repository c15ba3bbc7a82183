from odoo import Command, api, fields, models


class ClinicDispute(models.TransientModel):
    """Note that invoices are disputed: nobody is reminded of them any more."""

    _name = "clinic.dispute"
    _description = "Dispute of Invoices"
    _inherit = ["clinic.dialog"]

    case_id = fields.Many2one("clinic.followup.case", readonly=True)
    reason = fields.Text(
        required=True, help="In neutral words: never anything about health."
    )
    line_ids = fields.One2many("clinic.dispute.line", "dispute_id", string="Invoices")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        case = self.env["clinic.followup.case"].browse(values.get("case_id"))
        chosen = self.env["account.move"].browse(
            self.env.context.get("default_move_ids", [])
        )
        lines = self.env["clinic.dispute.line"]
        chosen = lines._keep_disputable(chosen)
        lines = lines._prepare_lines(chosen or case.sudo().invoice_ids, chosen)
        values["line_ids"] = [Command.create(vals) for vals in lines]
        return values

    def action_apply(self):
        """Open the dispute of the chosen invoices."""
        self.ensure_one()
        self.line_ids._dispute(self.reason, self.case_id)
        return {"type": "ir.actions.act_window_close"}
