from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_date

from ..outreach.recheck import Verdict

PAUSED_WAIT = timedelta(hours=6)


class ClinicMessage(models.Model):
    """What announces an instalment, or asks for it, is true when it leaves."""

    _inherit = "clinic.message"

    def _get_plan_line(self):
        """Return the instalment that the message is about, or none (sudo)."""
        lines = self.env["clinic.payment.plan.line"].sudo()
        if self.res_model != lines._name:
            return lines
        return lines.browse(self.res_id).exists()

    def _is_about_plan(self):
        return self.res_model == "clinic.payment.plan.line"

    def _get_stop_reason(self):
        """A plan goes on while reminders are paused: it ends by its own rules."""
        if not self._is_about_plan():
            return super()._get_stop_reason()
        if self._get_plan_line().plan_id.state != "active":
            return self.env._("The plan has ended.")
        return ""

    def _recheck_amount(self, open_items, paying):
        """Ask for what is left of the instalment, never for more than was said."""
        if not self._is_about_plan():
            return super()._recheck_amount(open_items, paying)
        line = self._get_plan_line()
        left = min(line._get_left(), line.amount)
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return Verdict("skip", self.env._("Nothing is due any more."))
        if self._get_plan_line().plan_id._is_paused():
            until = fields.Datetime.now() + PAUSED_WAIT
            return Verdict("later", self.env._("The follow-up was paused."), until)
        return Verdict("send", amount=left)

    def _prepare_values(self, verdict, lang):
        values = super()._prepare_values(verdict, lang)
        if self._is_about_plan():
            day = self._get_plan_line().date
            values["due_date"] = format_date(self.env, day, lang_code=lang)
        return values
