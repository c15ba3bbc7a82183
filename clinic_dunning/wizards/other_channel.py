from odoo import Command, api, fields, models


class ClinicOtherChannel(models.TransientModel):
    """Choose by which other channel a message goes to the same person."""

    _name = "clinic.other.channel"
    _description = "Send by Another Channel"
    _inherit = ["clinic.dialog"]

    message_id = fields.Many2one("clinic.message", required=True, readonly=True)
    partner_id = fields.Many2one(related="message_id.partner_id")
    trail = fields.Char(related="message_id.trail")
    line_ids = fields.One2many(
        "clinic.other.channel.line",
        "dialog_id",
        string="Other Channels",
        compute="_compute_line_ids",
        store=True,
    )

    @api.depends("message_id")
    def _compute_line_ids(self):
        for dialog in self:
            channels = dialog.message_id._get_other_channels()
            dialog.line_ids = [Command.clear()] + [
                Command.create(
                    {"channel": channel, "address": address, "obstacle": obstacle}
                )
                for channel, address, obstacle in channels
            ]
