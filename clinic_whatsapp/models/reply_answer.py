from datetime import timedelta

from odoo import fields, models

from .session import SESSION

# So long whoever wrote expects an answer, also at night.
AWAKE = timedelta(hours=1)


class ClinicReply(models.Model):
    """Automatic answers, through the outbox like everything else."""

    _inherit = "clinic.reply"

    def _answer(self, topic_code, every="%Y-%m-%d", **vals):
        """Queue an automatic answer to the number that wrote; at most one a day.

        :param str every: the part of the moment within which one answer is enough
        :param vals: further fields of the message
        :return: True, nobody need answer any more
        """
        person = self.partner_id or self.env.ref(
            "clinic_whatsapp.partner_unknown_sender"
        )
        hashed = self.env["clinic.contact.address"]._hash(self.number)
        moment = fields.Datetime.now().strftime(every)
        self.env["clinic.message"]._queue(
            topic_code,
            person,
            self.company_id,
            f"reply:{topic_code}:{self.channel}:{hashed[:32]}:{moment}",
            **self._prepare_answer_vals(),
            **vals,
        )
        self.env["clinic.stop.event"]._trigger_sweep()
        return True

    def _prepare_answer_vals(self):
        return {
            "answer_to_id": self.id,
            "case_id": self.case_id.id,
            "only_channel": self.channel,
            "approval": "approved",
            "expires_at": self.date + SESSION - timedelta(minutes=5),
        }


class ClinicMessage(models.Model):
    """An answer goes to whoever wrote, by the same way, at once.

    It needs no consent but what was written; a later STOP ends it.
    """

    _inherit = "clinic.message"

    answer_to_id = fields.Many2one(
        "clinic.reply", ondelete="set null", index="btree_not_null", readonly=True
    )

    def _get_texting_number(self):
        return self.answer_to_id.number or super()._get_texting_number()

    def _get_twilio_account(self, channel):
        account = super()._get_twilio_account(channel)
        return self.answer_to_id.sudo().account_id or account

    def _get_stop_reason(self):
        return "" if self.answer_to_id else super()._get_stop_reason()

    def _get_next_opening(self, channel):
        return False if self._is_spoken() else super()._get_next_opening(channel)

    def _is_spoken(self):
        """Return whether it answers somebody who is still there, at any hour."""
        began = self.free_text and self.create_date or self.answer_to_id.date
        return began and fields.Datetime.now() < began + AWAKE

    def _get_weekly_cap(self):
        return 0 if self.answer_to_id else super()._get_weekly_cap()

    def _get_refusals(self, channel):
        answers = self.filtered("answer_to_id")
        refusals = super(ClinicMessage, self - answers)._get_refusals(channel)
        return refusals | {m: m._get_later_refusal(channel) for m in answers}

    def _get_later_refusal(self, channel):
        """Return that the person wrote STOP after what is answered, or ''."""
        if self._confirms_stop():
            return ""
        later = (
            self.env["clinic.consent"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "in", [False, self.company_id.id]),
                    ("purpose", "=", self.purpose),
                    ("channel", "in", [False, channel]),
                    ("granted", "=", False),
                    ("date", ">", self.answer_to_id.date),
                ],
                limit=1,
            )
        )
        return self.env._("Asked meanwhile not to be written to.") if later else ""

    def _confirms_stop(self):
        return self.answer_to_id.action == "stop"

    def _get_obstacles_texting(self, channel):
        """Whoever wrote is answered: that number works, and asked for it."""
        answers = self.filtered("answer_to_id")
        obstacles = super(ClinicMessage, self - answers)._get_obstacles_texting(channel)
        return obstacles | {
            m: m._get_account_obstacle(channel) or m._get_holder_obstacle()
            for m in answers
        }

    def _get_holder_obstacle(self):
        """Return that the number is not the person's any more, or ''."""
        reply = self.answer_to_id
        if reply.partner_id and self.partner_id not in reply._find_people(reply.number):
            return self.env._("the phone number is somebody else's")
        return ""

    def _get_account_obstacle(self, channel):
        if not self._get_twilio_account(channel)._can_send(channel):
            return self.env._("no account to send through")
        return ""
