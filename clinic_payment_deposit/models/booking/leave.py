from odoo import api, fields, models

SPAN = {"date_from", "date_to", "resource_id", "calendar_id", "company_id"}


class ResourceCalendarLeaves(models.Model):
    """Somebody is away when patients come: the front desk is asked to call them."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._note_appointments()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        if SPAN & vals.keys():
            self._note_appointments()
        return result

    def _note_appointments(self):
        """Ask the desk to move or cancel what was booked in these times."""
        for leave in self.sudo():
            leave._get_appointments()._note_absence()

    def _get_appointments(self):
        """Return the held and confirmed appointments that this leave touches (sudo)."""
        bookings = self.env["resource.booking"].search(
            [
                ("state", "in", ("scheduled", "confirmed")),
                ("start", "<", self.date_to),
                ("stop", ">", max(self.date_from, fields.Datetime.now())),
            ]
        )
        return bookings.filtered(self._concerns)

    def _concerns(self, booking):
        """Return whether this leave closes the times in which a booking was made."""
        combination = booking.combination_id
        resources = combination.resource_ids
        if self.resource_id:
            return self.resource_id in resources
        calendars = combination.forced_calendar_id or resources.calendar_id
        calendars |= booking.type_id.resource_calendar_id
        if self.calendar_id:
            return self.calendar_id in calendars
        return self.company_id == booking.clinic_company_id
