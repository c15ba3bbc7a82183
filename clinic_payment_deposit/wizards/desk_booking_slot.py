import pytz

from odoo import api, fields, models

from ..tools.moment import tell_moment


class ClinicDeskBookingSlot(models.TransientModel):
    """One free time in the dialog of the desk."""

    _name = "clinic.desk.booking.slot"
    _description = "Free Time"
    _inherit = ["clinic.dialog"]
    _order = "start"

    desk_id = fields.Many2one("clinic.desk.booking", ondelete="cascade", required=True)
    start = fields.Datetime(required=True, readonly=True)
    moment = fields.Char(string="Time", compute="_compute_moment")

    @api.depends("start")
    @api.depends_context("lang")
    def _compute_moment(self):
        for slot in self:
            zone = pytz.timezone(slot.desk_id.company_id._get_clinic_tz())
            slot.moment = tell_moment(slot.start, zone, self.env.lang or "en_US")

    def action_book(self):
        """Book this time and open the appointment."""
        self.ensure_one()
        booking = self.desk_id._book(self.start)
        return {
            "type": "ir.actions.act_window",
            "res_model": "resource.booking",
            "res_id": booking.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
