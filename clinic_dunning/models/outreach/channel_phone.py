from markupsafe import Markup

from odoo import fields, models
from odoo.tools import html_escape

from .registry import TemplateError

MAX_CALLS = 3


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_phone(self):
        """Return the number in E.164, the clinic's country first, or False."""
        partner = self.partner_id
        return partner._get_clinic_phone(partner.phone, self.company_id)

    def _get_obstacles_phone(self):
        """Return {message: why its person can't be called, or ""}."""
        numbers = {message: message._get_address_phone() for message in self}
        blacklist_sudo = self.env["phone.blacklist"].sudo()
        known = [("number", "in", list(filter(None, numbers.values())))]
        refusing = set(blacklist_sudo.search(known).mapped("number"))
        return {
            message: message._get_phone_obstacle(number)
            or (
                self.env._("the number asked not to be called")
                if number in refusing
                else ""
            )
            for message, number in numbers.items()
        }

    def _get_phone_obstacle(self, number):
        """Return what is wrong with the phone number on file, or ''.

        :param number: as it was read, in E.164; nothing where it can't be read
        """
        if not self.partner_id.phone:
            return self.env._("no phone number")
        if self.partner_id._is_clinic_phone_wrong(self.company_id):
            return self.env._("the phone number is somebody else's")
        return "" if number else self.env._("the phone number can't be read")


class ClinicMessageAttempt(models.Model):
    """A call is an activity on the case; its outcome ends the attempt."""

    _inherit = "clinic.message.attempt"

    activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)
    calls = fields.Integer(readonly=True)

    def _prepare_phone(self, verdicts):
        """Plan the calls, with their scripts."""
        for attempt in self:
            attempt._plan_call(attempt._get_script(verdicts))
        return dict.fromkeys(self.ids)

    def _plan_call(self, script):
        """Plan the call for whoever is responsible for the case."""
        # No email to the caller: it would name the patient, and a failing mail server
        # would stop the batch.
        case = self.message_id.case_id.with_context(mail_activity_quick_update=True)
        activity = case.activity_schedule(
            "clinic_dunning.activity_call",
            date_deadline=case.company_id._get_clinic_today(),
            summary=self.env._("Call back"),
            note=html_escape(script).replace("\n", Markup("<br/>")),
            user_id=case._get_clerk().id,
        )
        self.activity_id = activity

    def _needs_link(self):
        """Nobody reads a link aloud."""
        return self.channel != "phone" and super()._needs_link()

    def _get_script(self, verdicts):
        """Return the call script in the recipient's language, or nothing."""
        try:
            return self._render(verdicts)[self].body
        except TemplateError:
            return ""

    def _send_by_phone(self, _parcels):
        """The calls now wait for the front desk."""
        self._accept()

    def _find_proof_phone(self):
        """Activity and result are written together: leased means not planned."""
        return "" if self.activity_id else "absent"

    def _get_waiting_text_phone(self):
        return self.env._("to call")

    def _withdraw_phone(self):
        self.sudo().activity_id.unlink()

    def _note_call(self, reached, error=""):
        """Take the outcome of a call.

        :param bool reached: whether the person was spoken to
        :param str error: why no further call makes sense, or '' to call again
        """
        self.ensure_one()
        self.calls += 1
        if reached:
            self._move_to("delivered", delivered_at=fields.Datetime.now())
            self.message_id._deliver("delivered")
        elif error or self.calls >= MAX_CALLS:
            self._withdraw_phone()
            self._refuse("not_reached", error or self.env._("Nobody answered."))
