from odoo import fields, models


class ClinicReplyAnswer(models.TransientModel):
    _name = "clinic.reply.answer"
    _description = "Answer to a Patient"
    _inherit = ["clinic.dialog"]

    case_id = fields.Many2one("clinic.followup.case", required=True, readonly=True)
    channel = fields.Selection(
        [("whatsapp", "WhatsApp"), ("sms", "SMS")], required=True, default="whatsapp"
    )
    session_text = fields.Char(related="case_id.session_text")
    conversation_html = fields.Html(related="case_id.conversation_html")
    text = fields.Text(string="Answer", required=True)

    def action_send(self):
        """Queue the answer: it leaves within a minute."""
        self.ensure_one()
        self.case_id._answer(self.channel, self.text)
        return {"type": "ir.actions.act_window_close"}
