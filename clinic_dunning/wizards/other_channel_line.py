from odoo import fields, models


class ClinicOtherChannelLine(models.TransientModel):
    """One channel: the address on file, or why it can't be used."""

    _name = "clinic.other.channel.line"
    _description = "Other Channel of a Message"
    _inherit = ["clinic.dialog"]

    dialog_id = fields.Many2one("clinic.other.channel", ondelete="cascade")
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        required=True,
    )
    address = fields.Char(readonly=True)
    obstacle = fields.Char(readonly=True)

    def action_send(self):
        """Send the message by this channel and open what is sent."""
        self.ensure_one()
        message = self.dialog_id.message_id._send_by_other(self.channel)
        return {
            "type": "ir.actions.act_window",
            "res_model": message._name,
            "res_id": message.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
