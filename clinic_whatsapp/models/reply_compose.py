import hashlib
import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.clinic_dunning.models.outreach.discretion import (
    LETTER_CODES,
    find_codes,
    find_words,
    flatten,
)
from odoo.addons.clinic_dunning.models.outreach.registry import (
    TemplateError,
    clean_value,
)
from odoo.addons.clinic_dunning.models.outreach.render import Letter

from .session import SESSION


class ClinicFollowupCase(models.Model):
    """What a person wrote is answered from the case, in free words."""

    _inherit = "clinic.followup.case"

    reply_ids = fields.One2many("clinic.reply", "case_id", readonly=True)
    reply_count = fields.Integer(compute="_compute_reply_count")
    session_text = fields.Char(
        string="Free Answer", compute="_compute_session_text", help="Until when."
    )

    @api.depends("reply_ids")
    def _compute_reply_count(self):
        counts = dict(
            self.env["clinic.reply"]._read_group(
                [("case_id", "in", self.ids)], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.reply_count = counts.get(case, 0)

    @api.depends("reply_ids")
    def _compute_session_text(self):
        for case in self:
            last = case._get_last_reply("whatsapp")
            until = last.date and last.date + SESSION
            case.session_text = (
                self.env._(
                    "WhatsApp takes free answers until %s.",
                    format_datetime(self.env, until, dt_format="short"),
                )
                if until and until > fields.Datetime.now()
                else False
            )

    def _get_last_reply(self, channel):
        """Return the last thing this person wrote on that channel, or none."""
        return self.env["clinic.reply"].search(
            [("case_id", "=", self.id), ("channel", "=", channel)], limit=1
        )

    def action_answer(self):
        """Open the dialog that answers in free words."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_reply_answer_action"
        )
        last = self.reply_ids.sorted("id")[-1:]
        return {
            **action,
            "context": {
                "default_case_id": self.id,
                "default_channel": last.channel or "whatsapp",
            },
        }

    def _answer(self, channel, text):
        """Queue an answer of staff to what this person wrote; return the message.

        :raise UserError: in words, when the person can't be written to freely
        """
        self.ensure_one()
        self.check_access("write")
        case_sudo = self.sudo()
        reply_sudo = case_sudo._get_last_reply(channel)
        case_sudo._check_can_answer(reply_sudo, channel)
        self.env["clinic.message"]._check_free_text(text)
        message_sudo = (
            self.env["clinic.message"]
            .sudo()
            ._queue(
                "answer",
                self.partner_id,
                self.company_id,
                f"answer:{uuid.uuid4()}",
                free_text=text,
                **reply_sudo._prepare_answer_vals(),
            )
        )
        if obstacle := message_sudo._get_obstacle(channel):
            raise UserError(obstacle)
        case_sudo._note_answered(self.env.user)
        self.env["clinic.stop.event"]._trigger_sweep()
        return message_sudo.with_env(self.env)

    def _check_can_answer(self, reply, channel):
        if not reply:
            raise UserError(
                self.env._(
                    "This person has not written on that channel: only an approved "
                    "message can be sent, or call."
                )
            )
        if reply.action == "stop":
            raise UserError(self.env._("This person asked not to be written to."))
        if channel == "whatsapp" and reply.date + SESSION <= fields.Datetime.now():
            raise UserError(
                self.env._(
                    "WhatsApp takes free answers for 24 hours after a person wrote. "
                    "That time is over: send an approved message, or call."
                )
            )

    def _note_answered(self, user):
        self.reply_ids.filtered(lambda reply: reply.state == "open").write(
            {
                "state": "answered",
                "settled_by": user.id,
                "settled_at": fields.Datetime.now(),
            }
        )
        kind = self.env.ref("clinic_dunning.activity_reply")
        self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        ).action_feedback()

    def _hand_over(self, kept):
        self.sudo().reply_ids.case_id = kept
        return super()._hand_over(kept)


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    free_text = fields.Text(readonly=True, help="What staff wrote, word for word.")

    @api.model
    def _check_free_text(self, text):
        """Refuse what does not leave the clinic.

        :raise UserError: with each reason
        """
        if not clean_value(text):
            raise UserError(self.env._("Write an answer first."))
        if reasons := self._find_indiscretions(text):
            raise UserError(self.env["clinic.message.template"]._explain(reasons))

    @api.model
    def _find_indiscretions(self, text):
        words = self.env["clinic.discretion.word"]._get_words()
        labels = self.env["clinic.service.label"]._get_approved()
        codes = find_codes(flatten(text), LETTER_CODES)
        return codes + find_words(text, words, labels)


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _needs_link(self):
        """An answer has a link where its words name one."""
        message = self.message_id
        if message.free_text:
            return False
        if message.answer_to_id:
            template, _language, _fell_back = self._pick_template()
            return "{link}" in template.body
        return super()._needs_link()

    def _render_one(self, verdict, url):
        """An answer in free words goes as it is."""
        if self.message_id.free_text:
            return self._render_free_text()
        return super()._render_one(verdict, url)

    def _render_free_text(self):
        message = self.message_id
        text = message.free_text
        if reasons := message._find_indiscretions(text):
            raise TemplateError(reasons)
        self.body_hash = hashlib.sha256(text.encode()).hexdigest()
        message.values = {"text": text, "subject": ""}
        return Letter("", text, text, "", message.partner_id.lang or "en_US")
