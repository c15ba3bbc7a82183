from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def mark_outgoing(self):
        """Leave the outbox's emails to the outbox: it re-checks before it sends."""
        ours = (
            self.env["clinic.message.attempt"]
            .sudo()
            .search([("mail_mail_id", "in", self.ids)])
        )
        return super(MailMail, self - ours.mail_mail_id).mark_outgoing()
