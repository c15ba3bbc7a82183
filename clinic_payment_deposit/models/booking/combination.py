from odoo import Command, fields, models


class ResourceBookingCombination(models.Model):
    """Whoever joins a combination takes over its appointments, or can't join it."""

    _inherit = "resource.booking.combination"

    def write(self, vals):
        result = super().write(vals)
        if "resource_ids" in vals:
            bookings = self._get_coming_bookings()
            bookings._secure_slots()
            bookings._by_us()._sync_meeting()
        return result

    def _get_calendar_of(self, resource):
        """Return the calendar by which a resource works here, none for always."""
        return self.forced_calendar_id or resource.calendar_id

    def _get_coming_bookings(self):
        """Return the held and confirmed appointments of these combinations (sudo)."""
        now = fields.Datetime.now()
        return self.sudo().booking_ids.filtered(
            lambda booking: booking._is_live() and booking.stop > now
        )


class ResourceBooking(models.Model):
    _inherit = "resource.booking"

    def _prepare_meeting_vals(self):
        """Leave the calendar of a practitioner who does not receive any more."""
        vals = super()._prepare_meeting_vals()
        guests = self.meeting_id.partner_ids - self.partner_ids
        receiving = self.combination_id.resource_ids.user_id.partner_id
        strangers = guests.filtered("user_ids.resource_ids") - receiving
        leaving = [Command.unlink(partner.id) for partner in strangers]
        return vals | {"partner_ids": vals["partner_ids"] + leaving}
