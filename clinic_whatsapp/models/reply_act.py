from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import plaintext2html

from .outcome import PURPOSES
from .route_line import CHANNELS

# The provider answers these itself, and takes nothing for that number afterwards.
STOPPED_BY_PROVIDER = {
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "arret",
}


class ClinicReply(models.Model):
    """Each word acts: `_reply_<action>` returns whether nobody need answer any more."""

    _inherit = "clinic.reply"

    def _act(self, purpose):
        if self.state == "aside":
            self._set_aside()
        elif self.action == "stop":
            self._reply_stop(purpose)
        elif not self.partner_id:
            self._answer_stranger()
        else:
            self._act_for_person(purpose)

    def _act_for_person(self, purpose):
        self._log_in_chatter()
        if self.action == "start":
            self._reply_start(purpose)
        elif not self.action:
            self._ask_for_answer(self.env._("Wrote to us"))
        elif not getattr(self, f"_reply_{self.action}")():
            self._ask_for_answer(self._get_action_text())

    def _get_action_text(self):
        actions = dict(self._fields["action"]._description_selection(self.env))
        return actions.get(self.action, "")

    def _log_in_chatter(self):
        self.case_id._message_log(
            body=self.body or self._get_action_text() or self.preview,
            author_id=self.partner_id.id,
        )

    # -- leave me alone --------------------------------------------------------

    def _reply_stop(self, purpose):
        """Write nothing more to this number, or nothing about one purpose."""
        self._note_choice(False, self._get_consent_keys(purpose), CHANNELS)
        if not purpose:
            self.env["phone.blacklist"].sudo()._add([self.number])
        if self.case_id:
            self._log_in_chatter()
        stopped = (self.body or "").strip().lower() in STOPPED_BY_PROVIDER
        if self.partner_id and (self.channel == "whatsapp" or not stopped):
            self._answer("optout")

    def _reply_start(self, purpose):
        """Undo what was refused by message, by the channel that this came on.

        What was refused elsewhere, or never allowed, is for a person to talk about.
        """
        keys = self.env["clinic.consent"]._find_refused_by_message(
            self._get_consent_keys(purpose), self.channel
        )
        self._note_choice(True, keys, [self.channel])
        if keys or self._is_stopped():
            self.env["phone.blacklist"].sudo()._remove([self.number])
            self._answer("reply_start")
        else:
            self._ask_for_answer(self._get_action_text())

    def _is_stopped(self):
        """Return whether it was a STOP that blocked this number."""
        stops = [("number", "=", self.number), ("action", "=", "stop")]
        return self._is_blocked(self.number) and bool(self.search(stops, limit=1))

    def _get_consent_keys(self, purpose):
        """Return (person, company, purpose) of all who have this number.

        With all who use the account.
        """
        family = self.account_id.company_id | self.company_id
        companies = self.env["res.company"].search([("id", "child_of", family.ids)])
        return [
            (person, company, each)
            for person in self._find_people(self.number)
            for company in companies
            for each in ([purpose] if purpose else PURPOSES)
        ]

    def _note_choice(self, granted, keys, channels):
        """Keep the proof of a yes or a no."""
        self.env["clinic.consent"].create(
            [
                {
                    "partner_id": person.id,
                    "company_id": company.id,
                    "purpose": purpose,
                    "channel": channel,
                    "granted": granted,
                    "source": "message",
                    "text_version": (self.body or self.action)[:40],
                    "user_id": False,
                    "date": self.date,
                }
                for person, company, purpose in keys
                for channel in channels
            ]
        )

    # -- words -----------------------------------------------------------------

    def _reply_help(self):
        """Say who writes and which words work."""
        return self._answer("reply_help")

    def _reply_pay(self):
        """Send a fresh link, or say that nothing is open."""
        statement = self._get_link()._get_statement()
        currency = self.env["res.currency"].browse(statement.currency_ids[:1])
        if not currency:
            return self._answer("reply_settled")
        amount = statement.get_amount(currency, statement.get_asked(currency))
        return self._answer(
            "statement", every="%Y-%m-%d %H", currency_id=currency.id, amount=amount
        )

    def _reply_plan(self):
        """The link's page offers instalments; somebody sees that it was asked."""
        self._ask_for_answer(self._get_action_text())
        return self._reply_pay()

    def _reply_paid(self):
        """As on the page: pause while the payment arrives, a person is asked then."""
        holds = self.case_id.hold_ids.filtered("is_active")
        if "says_paid" in holds.mapped("reason"):
            return self._answer("reply_noted")
        try:
            self._get_link()._check_claims_left()
        except ValidationError:
            # Said before, and nothing came: somebody looks for it.
            self._ask_for_answer(self.env._("Says again that it is paid"))
            return True
        self.case_id.action_says_paid()
        return self._answer("reply_noted")

    def _reply_call(self):
        """Have somebody call."""
        self._plan("clinic_dunning.activity_call", self._get_action_text())
        return self._answer("reply_noted")

    def _reply_book(self):
        """Send the way to book, where appointments are made here."""
        return self._answer_about_appointment("book")

    def _reply_confirm(self):
        """Note that the person comes to the next appointment."""
        return self._answer_about_appointment("confirm")

    def _reply_cancel(self):
        """Send the way to change or cancel the next appointment."""
        return self._answer_about_appointment("cancel")

    def _answer_about_appointment(self, word):
        """Return whether the addon of appointments knew an answer."""
        answer = self.partner_id.sudo()._clinic_reply_appointment(
            word, self.company_id, self.attempt_id.message_id
        )
        return bool(answer) and self._answer(every="%Y-%m-%d %H", **answer)

    def _get_link(self):
        return self.case_id.sudo()._get_virtual_link()

    # -- for a person ----------------------------------------------------------

    def _ask_for_answer(self, summary):
        """Give it to whoever is responsible, once as long as nobody has answered."""
        self.state = "open"
        self._plan("clinic_dunning.activity_reply", summary)
        if self.action:
            self._answer("reply_noted")

    def _plan(self, kind, summary):
        case = self.case_id.with_context(mail_activity_quick_update=True)
        kind = self.env.ref(kind)
        if kind not in case.activity_ids.activity_type_id:
            case.activity_schedule(
                activity_type_id=kind.id,
                date_deadline=case.company_id._get_clinic_today(),
                summary=summary,
                note=plaintext2html(self.body or ""),
                user_id=case._get_clerk().id,
            )

    def _set_aside(self):
        """Tell the person where such things go, and whoever is responsible."""
        if self.case_id:
            self._plan(
                "clinic_dunning.activity_reply", self.env._("A reply was set aside")
            )
        self._answer("reply_aside")

    def _answer_stranger(self):
        """Say once a day that the number is not known here; staff see it in a list."""
        self.state = "open"
        self._answer("reply_help" if self.action == "help" else "reply_unknown")
