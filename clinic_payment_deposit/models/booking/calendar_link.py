from odoo import fields, models


class CalendarEvent(models.Model):
    """From a neutral entry of the calendar to the appointment behind it."""

    _inherit = "calendar.event"

    clinic_is_appointment = fields.Boolean(
        string="Appointment of a Patient", compute="_compute_clinic_is_appointment"
    )

    def _compute_clinic_is_appointment(self):
        for event in self:
            event.clinic_is_appointment = bool(event.sudo().resource_booking_ids)

    def action_open_appointment(self):
        """Open the appointment, where the desk notes who arrived and what is done."""
        self.ensure_one()
        booking = self.env["resource.booking"].browse(
            self.sudo().resource_booking_ids[:1].id
        )
        booking.check_access("read")
        view = self.env.ref("clinic_payment_deposit.resource_booking_view_form_desk")
        return {
            "type": "ir.actions.act_window",
            "res_model": "resource.booking",
            "res_id": booking.id,
            "views": [(view.id, "form")],
        }
