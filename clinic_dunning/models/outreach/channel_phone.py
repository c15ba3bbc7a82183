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
        for country in (self.company_id.country_id, partner.country_id):
            number = partner._phone_format(
                number=partner.phone, country=country, force_format="E164"
            )
            if number:
                return number
        return False

    def _get_obstacle_phone(self):
        """Return why this person can't be called, or ''."""
        if not self.partner_id.phone:
            return self.env._("no phone number")
        if self.partner_id.phone == self.partner_id.sudo().clinic_wrong_phone:
            return self.env._("the phone number is somebody else's")
        number = self._get_address_phone()
        if not number:
            return self.env._("the phone number can't be read")
        if (
            self.env["phone.blacklist"]
            .sudo()
            .search_count([("number", "=", number)], limit=1)
        ):
            return self.env._("the number asked not to be called")
        return ""


class ClinicMessageAttempt(models.Model):
    """A call is an activity on the case; its outcome ends the attempt."""

    _inherit = "clinic.message.attempt"

    activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)
    calls = fields.Integer(readonly=True)

    def _prepare_phone(self, verdict):
        """Plan the call, with its script, for whoever is responsible for the case."""
        # No email to the caller: it would name the patient, and a failing mail server
        # would stop the batch.
        case = self.message_id.case_id.with_context(mail_activity_quick_update=True)
        activity = case.activity_schedule(
            "clinic_dunning.activity_call",
            date_deadline=case.company_id._get_clinic_today(),
            summary=self.env._("Call back"),
            note=html_escape(self._get_script(verdict)).replace("\n", Markup("<br/>")),
            user_id=case._get_clerk().id,
        )
        self.activity_id = activity

    def _get_script(self, verdict):
        """Return the call script in the recipient's language, or nothing."""
        try:
            return self._render(verdict, with_link=False).body
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
