import logging
import re
import smtplib
from typing import NamedTuple

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.tools import email_normalize, formataddr

_logger = logging.getLogger(__name__)

GONE = ("mail_email_invalid", "mail_email_missing", "mail_bounce")
# Only a refused recipient is a wrong address; a refused sender or text is our own.
REFUSED_FOR_GOOD = re.compile(r"SMTPRecipientsRefused\b.*\b55\d\b", re.DOTALL)
NO_CONNECTION = "mail_smtp"


class Answer(NamedTuple):
    """What the mail server said: `state` of the `mail.mail`, or "lost"."""

    state: str
    failure: str = ""
    reason: str = ""


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_email(self):
        return email_normalize(self.partner_id.email or "", strict=False)

    def _get_obstacles_email(self):
        """Return {message: why its person can't be written to by email, or ""}."""
        addresses = {message: message._get_address_email() for message in self}
        missing = self.env._("no valid email address")
        known = {
            **self._get_bounced_addresses(addresses.values()),
            **self._get_refusing_addresses(addresses.values()),
        }
        return {
            message: known.get(address, "") if address else missing
            for message, address in addresses.items()
        }

    @api.model
    def _get_refusing_addresses(self, addresses):
        """Return {address: reason} of those that asked not to be written to."""
        blacklist_sudo = self.env["mail.blacklist"].sudo()
        listed = blacklist_sudo.search([("email", "in", list(filter(None, addresses)))])
        reason = self.env._("the address asked not to be written to")
        return dict.fromkeys(listed.mapped("email"), reason)

    @api.model
    def _get_bounced_addresses(self, addresses):
        """Return {address: reason} of those from which the last email came back."""
        hashed = self.env["clinic.contact.address"]._hash_all(addresses)
        self.env["clinic.message.attempt"].flush_model(
            ["address_hash", "channel", "state", "retryable", "error_code"]
        )
        self.env.cr.execute(
            """SELECT DISTINCT ON (address_hash) address_hash, error_code
                 FROM clinic_message_attempt
                WHERE address_hash = ANY (%s) AND channel = 'email'
                  AND state IN ('accepted', 'failed', 'delivered', 'read')
                  AND retryable IS NOT TRUE
                ORDER BY address_hash, id DESC""",
            [list(hashed)],
        )
        reason = self.env._("the address does not exist any more")
        return {
            hashed[key]: reason
            for key, error in self.env.cr.fetchall()
            if error == "bounced"
        }


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    mail_mail_id = fields.Many2one(
        "mail.mail", ondelete="set null", readonly=True, groups="base.group_system"
    )

    def _prepare_email(self, verdicts):
        """Write the emails; they wait as cancelled: no other queue may send them."""
        mails_sudo = (
            self.env["mail.mail"]
            .sudo()
            .create(
                [
                    attempt._prepare_mail_vals(letter)
                    for attempt, letter in self._render(verdicts).items()
                ]
            )
        )
        for attempt_sudo, mail_sudo in zip(self.sudo(), mails_sudo, strict=True):
            attempt_sudo.mail_mail_id = mail_sudo
        return dict.fromkeys(self.ids)

    def _prepare_mail_vals(self, letter):
        message = self.message_id
        sender, reply_to = self._get_email_senders(letter.lang)
        return {
            "subject": letter.subject,
            "body_html": self._get_email_html(letter),
            "body": self._get_text_html(letter.masked),
            "email_from": sender,
            "reply_to": reply_to,
            "email_to": formataddr(
                (message.partner_id.name or "", message._get_address_email())
            ),
            "author_id": message.company_id.partner_id.id,
            "model": message.case_id and message.case_id._name,
            "res_id": message.case_id.id,
            "auto_delete": False,
            "state": "cancel",
            "headers": repr({"Auto-Submitted": "auto-generated"}),
        }

    def _get_email_senders(self, lang):
        """Return who writes and who is answered, both by the clinic's neutral name.

        Odoo would write the company's own name, which may reveal a specialty.
        """
        message = self.message_id
        company = message.company_id
        clinic = company.with_context(lang=lang)._get_clinic_message_name()
        sender = company.email_formatted or self.env.user.email_formatted
        answers = message.case_id._notify_get_reply_to(default=sender)
        addresses = sender, answers.get(message.case_id.id) or sender
        return [
            formataddr((clinic, email_normalize(address, strict=False)))
            for address in addresses
        ]

    def _get_email_html(self, letter):
        company = self.message_id.company_id
        return self.env["ir.qweb"]._render(
            "clinic_dunning.email_body",
            {
                "company": company,
                "clinic": company.with_context(
                    lang=letter.lang
                )._get_clinic_message_name(),
                "body": self._get_text_html(letter.body, letter.url),
                "url": letter.url,
                "has_button": self.message_id.purpose == "billing",
            },
            lang=letter.lang,
        )

    def _get_text_html(self, text, url=None):
        """Return plain text as HTML; the link becomes one that can be clicked."""
        html = escape(text)
        if url:
            html = Markup(
                html.replace(escape(url), Markup('<a href="%s">%s</a>') % (url, url))
            )
        return Markup("<p>%s</p>") % Markup("<br/>".join(html.splitlines()))

    def _send_by_email(self, _parcels):
        """Hand each email to the mail server, the steps committed one by one.

        That it is about to leave is on record before, so that of a killed sender only
        one email is in doubt. What the mail server said is kept with the email, which
        nobody else writes, before the message moves on.
        """
        outbox = self.env["clinic.message"]
        is_open = True
        for attempt in self.sudo():
            if outbox._insist(attempt._begin_to_send, is_open):
                answer = attempt._hand_over()
                outbox._insist(attempt._take_email_result, answer)
                # Nobody answers: the rest of the slice need not wait for it too.
                is_open = attempt.error_code != NO_CONNECTION

    def _move_to(self, state, **vals):
        """An email that left, or will not, keeps no secret."""
        moved = super()._move_to(state, **vals)
        for mail in moved.sudo().mail_mail_id:
            mail.body_html = mail.body
        return moved

    def _begin_to_send(self, is_open=True):
        """Note that the email is about to leave, unless something came in between.

        :param bool is_open: whether the mail server answered the email before
        """
        if not is_open:
            self._refuse(NO_CONNECTION, self._get_connection_error(), retryable=True)
        elif not self._is_held():
            self._refuse("late", self.env._("Its turn came too late."), retryable=True)
        elif self._has_open_stop():
            self._refuse(
                "stopped", self.env._("Something changed meanwhile."), retryable=True
            )
        else:
            self.sent_at = fields.Datetime.now()
            return self
        return self.browse()

    def _has_open_stop(self):
        """Return whether somebody's reason to stop came after the re-check."""
        domain = [
            ("applied_at", "=", False),
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "in", [False, self.company_id.id]),
        ]
        return bool(self.env["clinic.stop.event"].search_count(domain, limit=1))

    def _get_connection_error(self):
        return self.env._("The mail server could not be reached.")

    def _hand_over(self):
        """Give the email to the mail server and return its `Answer`."""
        mail = self.mail_mail_id
        try:
            mail.state = "outgoing"
            mail.send()
        except smtplib.SMTPServerDisconnected as error:
            self.env.cr.rollback()
            self.env.invalidate_all()
            return Answer("lost", reason=str(error))
        return self._read_answer()

    def _read_answer(self):
        mail = self.mail_mail_id
        return Answer(
            mail.state, mail.failure_type or NO_CONNECTION, mail.failure_reason or ""
        )

    def _take_email_result(self, answer=None):
        """Move the message on as the mail server said.

        The answer is given once more where it could not be kept with the email: another
        drainer has touched that meanwhile.
        """
        answer = answer or self._read_answer()
        mail = self.mail_mail_id
        mail.state = "sent" if answer.state == "sent" else "cancel"
        if answer.state == "lost":
            self._lose_sight(answer.reason)
            self.message_id._ask_a_person()
        elif answer.state == "sent":
            self._accept(provider_ref=mail.message_id)
            self.message_id._deliver("accepted")
        elif answer.state == "outgoing":
            # The mail server takes nothing now (tests, a personal server's limit).
            error = self.env._("The mail server is not sending.")
            self._refuse("not_taken", error, retryable=True)
        else:
            self._take_email_failure(answer)

    def _take_email_failure(self, answer):
        for_good = answer.failure in GONE or REFUSED_FOR_GOOD.search(answer.reason)
        if for_good:
            error = self.env._("The mail server refused the address.")
        elif answer.failure == NO_CONNECTION:
            error = self._get_connection_error()
        else:
            error = self.env._("The mail server did not take the email.")
        self._refuse(
            "refused" if for_good else answer.failure, error, retryable=not for_good
        )

    def _find_proof_email(self):
        """Whether it left is on record but for the moment of handing it over."""
        if not self.sent_at:
            return "absent"
        return "sent" if self.sudo().mail_mail_id.state == "sent" else ""

    def _take_bounce(self):
        """An email came back: a person sees it, later steps avoid the address."""
        bounced = self._move_to(
            "failed", error_code="bounced", error=self.env._("The email came back.")
        )
        for attempt in bounced:
            attempt.message_id.write(
                {"is_problem": True, "reason": self.env._("The email came back.")}
            )
            attempt.message_id.case_id._message_log(
                body=self.env._("An email came back: ask for another address.")
            )


class ClinicFollowupCase(models.Model):
    _inherit = "clinic.followup.case"

    def _message_receive_bounce(self, email, partner):
        """Map a returned email on the attempt that sent it."""
        result = super()._message_receive_bounce(email, partner)
        address_hash = self.env["clinic.contact.address"]._hash(
            email_normalize(email or "", strict=False)
        )
        self.env["clinic.message.attempt"].sudo().search(
            [
                ("case_id", "in", self.ids),
                ("channel", "=", "email"),
                ("state", "in", ("accepted", "sent")),
                ("address_hash", "=", address_hash),
            ],
            limit=1,
            order="id desc",
        )._take_bounce()
        return result
