from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.clinic_dunning.models.outreach.discretion import (
    LETTER_CODES,
    find_codes,
    find_words,
    flatten,
)

from ..tools import inbound
from .reply_word import ACTIONS

WRITTEN_BY_PEOPLE = {"partner_id"}
# They speak of the number, not of what was sent to it.
ALWAYS_MEANT = ("stop", "start", "help")


class ClinicReply(models.Model):
    """What a person wrote to the clinic, and what came of it.

    What looks medical, and files, are set aside: never in a chatter, a list or a log,
    read once by whoever passes it on.
    """

    _name = "clinic.reply"
    _description = "Reply of a Patient"
    _order = "id desc"
    _rec_name = "preview"

    account_id = fields.Many2one(
        "clinic.twilio.account", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Person", index=True, ondelete="cascade", readonly=True
    )
    case_id = fields.Many2one(
        "clinic.followup.case",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
    )
    attempt_id = fields.Many2one(
        "clinic.message.attempt",
        string="Answers",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="What was last written to that number, or what the person chose to "
        "answer.",
    )
    channel = fields.Selection(
        [("whatsapp", "WhatsApp"), ("sms", "SMS")], required=True, readonly=True
    )
    number = fields.Char(required=True, index=True, readonly=True)
    provider_ref = fields.Char(readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    body = fields.Text(readonly=True, help="Empty where it was set aside.")
    body_kept = fields.Text(
        readonly=True,
        groups="base.group_system",
        help="What was set aside; wiped when it is passed on.",
    )
    media = fields.Integer(string="Files", readonly=True, help="None is fetched.")
    action = fields.Selection(ACTIONS, string="Means", readonly=True)
    state = fields.Selection(
        [
            ("done", "Acted upon"),
            ("open", "Needs a reply"),
            ("answered", "Answered"),
            ("aside", "Set aside"),
            ("passed", "Passed on"),
        ],
        required=True,
        default="open",
        index=True,
        readonly=True,
    )
    preview = fields.Char(compute="_compute_preview")
    passed_to = fields.Char(readonly=True)
    settled_by = fields.Many2one("res.users", readonly=True)
    settled_at = fields.Datetime(readonly=True)

    _provider_ref = models.Constraint(
        "UNIQUE (account_id, provider_ref)", "This reply is known."
    )

    @api.depends("body", "state", "media")
    def _compute_preview(self):
        for reply in self:
            reply.preview = reply._get_preview()

    def _get_preview(self):
        if self.state == "aside":
            return self.env._("Set aside: to be passed on")
        if self.state == "passed":
            return self.env._("Passed on and removed")
        return self.body or self.env._("(empty)")

    def write(self, vals):
        """Nobody writes what a person wrote.

        :raise AccessError: for users
        """
        if not self.env.su:
            raise AccessError(
                self.env._("Nobody writes this: it follows what happens.")
            )
        return super().write(vals)

    # -- from the inbox --------------------------------------------------------

    @api.model
    def _take(self, event):
        """Keep what an event brought, act upon it, and return the reply."""
        posted = inbound.read(event.form)
        answered = self._find_answered(event, posted)
        action, purpose = self._read_action(posted)
        if not self._is_meant(action, purpose, posted, answered):
            action = ""
        reply = self.create(self._prepare_reply_vals(event, posted, action, answered))
        if posted.channel == "whatsapp":
            self.env["clinic.whatsapp.session"]._note_inbound(
                event.account_id, posted.number, event.received_at
            )
        reply._act(purpose)
        return reply

    @api.model
    def _read_action(self, posted):
        """Return (action, purpose) of what was posted: button, words, provider.

        The provider takes nothing for a number after its own STOP. Its START may have
        been a yes to a question: it counts where the number had written STOP.
        """
        actions = dict(ACTIONS)
        blocked = posted.opt_out == "start" and self._is_blocked(posted.number)
        if posted.opt_out == "stop" or blocked:
            return posted.opt_out, ""
        words = self.env["clinic.reply.word"]
        for text in (posted.payload, posted.body):
            action, purpose = words._read(text)
            if action or text.lower() in actions:
                return action or text.lower(), purpose
        return ("help", "") if posted.opt_out == "help" else ("", "")

    @api.model
    def _is_blocked(self, number):
        numbers_sudo = self.env["phone.blacklist"].sudo()
        return bool(numbers_sudo.search_count([("number", "=", number)], limit=1))

    @api.model
    def _is_meant(self, action, purpose, posted, answered):
        """Return whether that word may act by itself: else a person reads it.

        A bare "ok" acts where the last message asked about such a thing; nothing does
        where an unknown message is answered.
        """
        if action in ALWAYS_MEANT:
            return True
        if posted.answered and not answered:
            return False
        return not purpose or answered.message_id.purpose == purpose

    @api.model
    def _prepare_reply_vals(self, event, posted, action, answered):
        person, company = self._find_sender(event.account_id, posted.number, answered)
        cases = self.env["clinic.followup.case"]
        return {
            "account_id": event.account_id.id,
            "company_id": company.id,
            "partner_id": person.id,
            "case_id": bool(person) and cases._get_or_create(person, company).id,
            "attempt_id": answered.id,
            "channel": posted.channel,
            "number": posted.number,
            "provider_ref": event.sid,
            "date": event.received_at,
            "action": action,
            "media": posted.media,
            **self._prepare_body_vals(posted, action),
        }

    @api.model
    def _prepare_body_vals(self, posted, action):
        """Keep apart what nobody at the desk should read by the way.

        STOP is obeyed whatever came along.
        """
        if action == "stop" or (action and not posted.media):
            return {"body": posted.body, "state": "done"}
        if posted.media or self._looks_medical(posted.body):
            return {"body_kept": posted.body, "state": "aside", "action": False}
        return {"body": posted.body, "state": "open"}

    @api.model
    def _looks_medical(self, text):
        words = self.env["clinic.discretion.word"]._get_words()
        labels = self.env["clinic.service.label"]._get_approved()
        return bool(
            find_words(text, words, labels) or find_codes(flatten(text), LETTER_CODES)
        )

    # -- who it is -------------------------------------------------------------

    @api.model
    def _find_people(self, number):
        """Return all who have that number (E.164) today, written to or not."""
        people = self.env["res.partner"].sudo().with_context(active_test=False)
        found = people.search([("phone_sanitized", "=", number)])
        return (
            found.filtered(
                lambda person: person._is_reached_at(
                    number, person._get_asking_clinic()
                )
            )
            | self._find_attempts(number).partner_id
        )

    @api.model
    def _find_attempts(self, number):
        """Return what was sent to that number, newest first.

        Only to whom it belongs today: whoever has an old number is somebody else.
        """
        hashed = self.env["clinic.contact.address"]._hash(number)
        unknown = self.env.ref("clinic_whatsapp.partner_unknown_sender")
        attempts = self.env["clinic.message.attempt"].search(
            [
                ("address_hash", "=", hashed),
                ("channel", "in", ("whatsapp", "sms")),
                ("message_id.partner_id", "!=", unknown.id),
            ],
            order="id desc",
        )
        return attempts.filtered(
            lambda attempt: attempt.partner_id.sudo()._is_reached_at(
                number, attempt.company_id
            )
        )

    @api.model
    def _find_answered(self, event, posted):
        """Return which attempt of that account is answered: the one that was chosen.

        Else the last one that went to the number.
        """
        addressed = event._get_addressed_accounts()
        attempts = self._find_attempts(posted.number).filtered(
            lambda attempt: attempt.twilio_account_id in addressed
        )
        if posted.answered:
            return attempts.filtered(lambda a: a.provider_ref == posted.answered)
        return attempts.filtered(lambda attempt: attempt.state != "failed")[:1]

    @api.model
    def _find_sender(self, account, number, answered):
        """Return (person, company): to whom that was written which is answered.

        Else who has the number, first who is followed up there and answers for himself;
        nobody for a stranger.
        """
        if answered:
            return answered.partner_id, answered.company_id
        people = self._find_people(number).filtered(
            lambda person: person.active
            and person.company_id in (person.company_id.browse(), account.company_id)
        )
        company = account.company_id
        return people.sorted(
            lambda person: (
                company not in person.clinic_case_ids.company_id,
                bool(person.clinic_guarantor_id),
                person.id,
            )
        )[:1], company


class ClinicTwilioEvent(models.Model):
    _inherit = "clinic.twilio.event"

    def _apply_inbound(self):
        """Keep and act upon each reply, once.

        What is known as a reply was posted again after the inbox had forgotten it.
        """
        replies = self.env["clinic.reply"]
        known = replies.search([("provider_ref", "in", self.mapped("sid"))])
        news = self.filtered(
            lambda event: event.sid not in known.mapped("provider_ref")
        )
        for event in news.sorted("id"):
            replies._take(event)
        self._note_applied()
