from odoo import api, fields, models


class ClinicReplyPass(models.TransientModel):
    _name = "clinic.reply.pass"
    _description = "Pass a Reply on"
    _inherit = ["clinic.dialog"]

    reply_id = fields.Many2one("clinic.reply", required=True, readonly=True)
    partner_id = fields.Many2one(related="reply_id.partner_id")
    number = fields.Char(related="reply_id.number")
    media = fields.Integer(related="reply_id.media")
    body_shown = fields.Text(string="What Was Written", compute="_compute_body_shown")
    passed_to = fields.Char(string="Who has it now?", required=True)

    @api.depends("reply_id")
    def _compute_body_shown(self):
        """Show it to whoever opened the dialog; that is noted."""
        for dialog in self:
            dialog.body_shown = dialog.reply_id._read_kept() if dialog.reply_id else ""

    def action_pass_on(self):
        """Remove what was written: the practitioner has it."""
        self.ensure_one()
        self.reply_id._pass_on(self.passed_to)
        return {"type": "ir.actions.act_window_close"}
