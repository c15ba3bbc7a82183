import logging
from datetime import timedelta

from odoo import api, fields, models

from ..tools import content
from ..tools.client import TwilioError
from .content import LANGUAGES

_logger = logging.getLogger(__name__)

# What is decided is asked for each few hours, what waits each quarter of an hour.
WAITING = ("received", "pending")
SOON, LATER = timedelta(minutes=15), timedelta(hours=6)
CATEGORY = "UTILITY"
BAD = ("rejected", "paused", "disabled", "stopped")


class ClinicWhatsappContent(models.Model):
    """Handing in, asking what became of it, and telling the managers."""

    _inherit = "clinic.whatsapp.content"

    @api.model
    def _cron_follow(self):
        """Scheduled action: hand in what waits, ask WhatsApp about the others.

        Commits after each: what Twilio has is never handed in twice. A copy hands in
        nothing: it would be the clinic's own account.
        """
        if self.env["clinic.home"]._stop_here():
            return
        due = self.sudo().search(
            [("next_check_at", "<=", fields.Datetime.now())], order="next_check_at, id"
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for version in due:
            if version._needs_content() and version._try(version._create_content):
                self.env["ir.cron"]._commit_progress()
            if not version._needs_content():
                version._follow()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _follow(self):
        """Take the next step of what Twilio has already."""
        self._try(self._hand_in if self.status == "unsubmitted" else self._poll)

    def _try(self, step):
        """Take a step; return whether it worked. A failed call is made again later."""
        try:
            step()
        except TwilioError as error:
            self._take_error(error)
            return False
        return True

    # -- handing in ------------------------------------------------------------

    def _needs_content(self):
        return self.status == "unsubmitted" and not self.content_sid

    def _create_content(self):
        """Create the content at Twilio.

        :raise TwilioError: whatever goes wrong
        """
        self.content_sid = self.account_id._get_client().create_content(
            name=self.name,
            language=LANGUAGES.get(self.language, self.language),
            types=content.to_content_types(self.body, self._get_buttons()),
            variables=self._get_samples(),
        )

    def _hand_in(self):
        """Ask for WhatsApp's approval.

        :raise TwilioError: whatever goes wrong
        """
        status = self.account_id._get_client().submit_content(
            self.content_sid, name=self.name, category=CATEGORY
        )
        self.category = CATEGORY
        self._take_status(status or "received")

    def _take_error(self, error):
        """Nothing is lost: the next try comes, or a manager reads why there is none."""
        text = self.env["clinic.message.attempt"]._get_failure_text(error.code)
        _logger.info("WhatsApp wording %s: %s", self.id, error.code)
        self.reason = text
        if error.retryable or error.ambiguous or self.status != "unsubmitted":
            self.next_check_at = fields.Datetime.now() + SOON
        else:
            self._take_status("rejected", text)
            self.next_check_at = False

    # -- what WhatsApp says ----------------------------------------------------

    def _poll(self):
        """Ask WhatsApp about status and category.

        :raise TwilioError: whatever goes wrong
        """
        answer = self.account_id._get_client().fetch_approval(self.content_sid)
        self._take_category(answer["category"])
        self._take_status(answer["status"], answer["rejection_reason"])

    def _take_status(self, status, reason=""):
        """Note a status; what can't be sent any more is a task for the managers.

        :param str status: WhatsApp's word, or "stopped", which is ours
        """
        known = dict(self._fields["status"].selection)
        status = status if status in known else "pending"
        wait = SOON if status in WAITING else LATER
        changed = status != self.status
        vals = {
            "status": status,
            "reason": reason or False,
            "next_check_at": status != "stopped" and fields.Datetime.now() + wait,
        }
        if changed or (reason or False) != self.reason:
            self.write(vals)
        else:
            self.next_check_at = vals["next_check_at"]
        if changed and status == "approved":
            self._take_over()
        elif changed and status in BAD:
            self._tell_managers(self._get_bad_text(status))

    def _take_over(self):
        """The versions before this one are not sent any more."""
        older = self.search(
            [
                ("template_id", "=", self.template_id.id),
                ("account_id", "=", self.account_id.id),
                ("version", "<", self.version),
            ]
        )
        older.write({"active": False, "next_check_at": False})
        self.activity_unlink(["clinic_whatsapp.activity_wording"])

    def _take_category(self, category):
        if category and self.category and category != self.category:
            self._tell_managers(
                self.env._(
                    "WhatsApp changed the category from %(old)s to %(new)s: "
                    "the price changes with it.",
                    old=self.category,
                    new=category,
                )
            )
        if category and category != self.category:
            self.category = category

    def _get_bad_text(self, status):
        label = dict(self._fields["status"]._description_selection(self.env))[status]
        return self.env._("%(status)s: nobody gets this wording.", status=label)

    def _tell_managers(self, text):
        """Give each manager of the account's company a task."""
        staff = self.account_id.company_id._get_clinic_staff(
            "clinic_dunning.group_clinic_manager"
        )
        quiet = self.with_context(mail_activity_quick_update=True)
        for manager in staff:
            quiet.activity_schedule(
                "clinic_whatsapp.activity_wording",
                summary=text,
                note=self.reason or "",
                user_id=manager.id,
            )

    # -- by hand ---------------------------------------------------------------

    def _stop_sending(self, reason):
        """The provider refuses it: nobody gets it until somebody has looked."""
        for version in self:
            version._take_status("stopped", reason)

    def action_ask_again(self):
        """Ask WhatsApp now; what was stopped here is sent again if it is approved."""
        self.check_access("write")
        versions_sudo = self.sudo()
        versions_sudo._wait_for_turn()
        for version_sudo in versions_sudo.filtered("content_sid"):
            version_sudo._follow()
