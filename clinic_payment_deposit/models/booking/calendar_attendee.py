from odoo import api, models

from .slot_lock import SlotRefused


class CalendarAttendee(models.Model):
    """Accepting an invitation confirms no appointment that waits for its deposit."""

    _inherit = "calendar.attendee"

    @api.model_create_multi
    def create(self, vals_list):
        attendees = super().create(vals_list)
        attendees._get_waiting().filtered(
            lambda attendee: attendee.state == "accepted"
        ).state = "needsAction"
        return attendees

    def write(self, vals):
        if vals.get("state") == "accepted" and self._get_waiting():
            raise SlotRefused(
                self.env._(
                    "This appointment is confirmed by its deposit, which has not come "
                    "yet."
                )
            )
        result = super().write(vals)
        if vals.get("state") in ("accepted", "tentative", "needsAction"):
            self.event_id._secure_slots()
        return result

    def _get_waiting(self):
        """Return the attendees of appointments that nothing may confirm yet."""
        return self.filtered(
            lambda attendee: any(
                attendee.partner_id in booking.partner_ids and booking._must_wait()
                for booking in attendee.event_id.sudo().resource_booking_ids
            )
        )
