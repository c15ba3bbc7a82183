from odoo import api, models
from odoo.exceptions import AccessError

from .slot_lock import SlotRefused, SlotTaken

# The calendar writes to nobody: patients are told by the outbox, in neutral words.
QUIET = {
    "dont_notify": True,
    "no_mail_to_attendees": True,
    "skip_attendee_notification": True,
    "skip_contact_description": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_create_nosubscribe": True,
}
# What the clinic's own methods do was checked already. No browser can send the mark.
_MARK = object()
BY_US = QUIET | {"clinic_by_us": _MARK}
SLOT_FIELDS = {"start", "duration", "combination_id", "type_id", "active", "meeting_id"}

# What the desk notes by its buttons: money follows it.
NOTED_FIELDS = {"clinic_attendance", "clinic_noted_on", "clinic_settled"}


def is_by_us(env):
    """Return whether one of the clinic's own methods is at work."""
    return env.context.get("clinic_by_us") is _MARK


class ResourceBooking(models.Model):
    """No path past the lock and the deposit, whoever writes and however."""

    _inherit = "resource.booking"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_noted(vals)
        bookings = super(ResourceBooking, self.with_context(**QUIET)).create(vals_list)
        bookings = bookings.with_env(self.env)
        bookings._secure_slots()
        return bookings

    def write(self, vals):
        self._check_not_noted(vals)
        result = super(ResourceBooking, self.with_context(**QUIET)).write(vals)
        if SLOT_FIELDS & vals.keys():
            self._secure_slots()
        return result

    def _check_not_noted(self, vals):
        """Let nobody write past the buttons what became of a visit.

        :raise AccessError: for whoever does
        """
        is_free = self.env.su or is_by_us(self.env)
        if not is_free and NOTED_FIELDS & vals.keys():
            raise AccessError(
                self.env._("What became of a visit is noted by its buttons only.")
            )

    def _secure_slots(self):
        """Lock what these bookings take and refuse an overlap.

        After the change is soon enough: who did not see another's booking fails here.
        """
        if is_by_us(self.env):
            return
        bookings = self.sudo().filtered(lambda booking: booking._is_live())
        bookings.combination_id.resource_ids._lock_slots()
        for booking in bookings:
            booking._check_overlap()

    def _check_overlap(self):
        """Refuse a slot in which one of its resources has another appointment."""
        busy = self.combination_id.resource_ids._get_busy(self.start, self.stop, self)
        if any(busy.values()):
            raise SlotTaken(
                self.env._("This time is taken already. Please choose another one.")
            )

    def _check_scheduling(self):
        """What we book was found on offer; a leave that came later refuses no money."""
        if is_by_us(self.env):
            return
        return super()._check_scheduling()

    @api.depends("clinic_held_until")
    def _compute_state(self):
        result = super()._compute_state()
        for booking in self:
            if booking.state == "confirmed" and booking._must_wait():
                booking.state = "scheduled"
        return result

    def action_confirm(self):
        """Refuse to confirm what still waits for its deposit."""
        for booking in self.sudo():
            if booking._must_wait():
                raise SlotRefused(
                    self.env._(
                        "This appointment is confirmed by its deposit, which has not "
                        "come yet."
                    )
                )
        return super(ResourceBooking, self.with_context(**BY_US)).action_confirm()

    def action_cancel(self):
        """Cancel for the clinic: what was paid is given back, the slot is free."""
        if is_by_us(self.env):
            return super().action_cancel()
        self._check_desk()
        for booking in self:
            booking._cancel("clinic")
        return None

    def _prepare_meeting_vals(self):
        """Say nothing of the patient or the visit in the calendar."""
        vals = super()._prepare_meeting_vals()
        vals.pop("description", None)
        return vals | self._prepare_neutral_vals()

    def _prepare_neutral_vals(self):
        return {
            "name": self._get_event_name(),
            "alarm_ids": [(6, 0, self._get_silent_alarms().ids)],
            "privacy": "private",
        }

    def _get_event_name(self):
        company = self.sudo().clinic_company_id
        lang = company.partner_id.lang or self.env.lang
        return self.with_context(lang=lang).env._("Appointment")

    def _get_silent_alarms(self):
        """Return the type's alarms but for emails: patients get the clinic's."""
        return self.sudo().type_id.alarm_ids.filtered(
            lambda alarm: alarm.alarm_type == "notification"
        )
