from odoo import fields, models

SHOWN = 100


class ClinicFollowupCase(models.Model):
    """What was said by both sides, in order."""

    _inherit = "clinic.followup.case"

    conversation_html = fields.Html(
        string="Conversation", compute="_compute_conversation_html", sanitize=False
    )

    def _compute_conversation_html(self):
        for case in self:
            case.conversation_html = self.env["ir.qweb"]._render(
                "clinic_whatsapp.conversation", {"lines": case._get_conversation()}
            )

    def _get_conversation(self):
        """Return the last lines, oldest first: side, moment, text, what became of it.

        Links are masked, what was set aside is not told.
        """
        lines = self._get_written_lines() + self._get_sent_lines()
        return sorted(lines, key=lambda line: line["date"])[-SHOWN:]

    def _get_written_lines(self):
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        return [
            {
                "mine": False,
                "date": reply.date,
                "text": reply.preview,
                "note": channels[reply.channel],
                "aside": reply.state in ("aside", "passed"),
            }
            for reply in self.reply_ids
        ]

    def _get_sent_lines(self):
        return [
            {
                "mine": True,
                "date": message.delivered_at
                or message.attempt_ids[:1].sent_at
                or message.create_date,
                "text": message.free_text or message._get_preview(),
                "note": message.trail or message._get_state_text(),
                "aside": False,
            }
            for message in self.message_out_ids
            if message.state not in ("skipped", "canceled")
        ]


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_state_text(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]
