from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from .guard import BY_US, QUIET, is_by_us
from .slot_lock import SlotRefused, SlotTaken

SPAN_FIELDS = {"start", "stop", "duration", "allday", "start_date", "stop_date"}
PEOPLE_FIELDS = {"partner_ids", "attendee_ids", "user_id", "show_as", "active"}


class CalendarEvent(models.Model):
    """What staff put into the calendar takes no patient's slot."""

    _inherit = "calendar.event"

    @api.model_create_multi
    def create(self, vals_list):
        books = self.env.context.get("default_resource_booking_ids")
        if books or any("resource_booking_ids" in vals for vals in vals_list):
            self = self.with_context(**QUIET)
        events = super().create(vals_list)
        events._secure_slots()
        events._be_neutral()
        return events

    def write(self, vals):
        if SPAN_FIELDS & vals.keys() or vals.get("active") is False:
            self._check_may_be_moved(vals)
        appointments = self.sudo().filtered("resource_booking_ids")
        quiet = self.with_context(**QUIET) if appointments else self
        before = {event: event.start for event in appointments}
        result = super(CalendarEvent, quiet).write(vals)
        if (SPAN_FIELDS | PEOPLE_FIELDS) & vals.keys():
            self._secure_slots()
        if not is_by_us(self.env):
            moved = appointments.filtered(lambda event: event.start != before[event])
            moved.resource_booking_ids._tell_moved()
        return result

    def unlink(self):
        """The appointment and its money stay; the front desk is told."""
        bookings = self.sudo().resource_booking_ids
        result = super().unlink()
        if not is_by_us(self.env):
            bookings._note_no_date()
        return result

    def _be_neutral(self):
        """Name no patient and no visit, whatever was typed into the calendar."""
        if is_by_us(self.env):
            return
        for event in self.sudo().filtered("resource_booking_ids"):
            booking = event.resource_booking_ids[:1]
            event.with_context(**BY_US).write(
                booking._prepare_neutral_vals() | {"description": False}
            )

    def _validate_booking_modifications(self):
        if is_by_us(self.env):
            return None
        return super()._validate_booking_modifications()

    def _check_may_be_moved(self, vals):
        """Check the deadline on the slot as it stands, not on where it goes."""
        if is_by_us(self.env):
            return
        bookings = self.sudo().resource_booking_ids.filtered("active")
        if bookings and vals.get("active") is False:
            raise SlotRefused(
                self.env._("This is an appointment: cancel it instead of archiving it.")
            )
        if not self.env.user.has_group("clinic_dunning.group_front_desk"):
            self._validate_booking_modifications()

    # -- slots ------------------------------------------------------------------

    def _secure_slots(self):
        """Lock the people and rooms of these events; refuse a patient's slot.

        :raise SlotTaken: when an appointment is held or confirmed at that time
        """
        if is_by_us(self.env):
            return
        now = fields.Datetime.now()
        events = self.sudo().filtered(lambda event: event.active and event.stop > now)
        people = events._get_booked_people()
        bookings = events.resource_booking_ids.filtered(lambda b: b._is_live())
        (people | bookings.combination_id.resource_ids)._lock_slots()
        for booking in bookings:
            booking._check_overlap()
        for event in events:
            event._check_no_appointment(people)

    def _get_booked_people(self):
        """Return the bookable resources of everybody who takes part."""
        partners = self.partner_ids
        if not partners:
            return self.env["resource.resource"]
        return self.env["resource.resource"].search(
            [
                ("resource_type", "=", "user"),
                ("user_id.partner_id", "in", partners.ids),
            ]
        )

    def _check_no_appointment(self, people):
        for person in people.filtered(self._occupies):
            start, stop = self._get_span(pytz.timezone(person.tz or "UTC"))
            clash = self.env["resource.booking"].search(
                [
                    ("state", "in", ("scheduled", "confirmed")),
                    ("combination_id.resource_ids", "in", person.ids),
                    ("start", "<", stop),
                    ("stop", ">", start),
                    ("meeting_id", "!=", self.id),
                ],
                limit=1,
            )
            if clash:
                raise SlotTaken(self._get_clash_text(person, clash))

    def _get_clash_text(self, person, booking):
        return self.env._(
            "%(person)s has an appointment at that time: %(when)s. Move it first, or "
            "ask a manager to free the slot.",
            person=person.name,
            when=booking._get_appointment_text(),
        )

    def _occupies(self, person):
        """Return whether this event takes the time of that person."""
        partner = person.user_id.partner_id
        if self.user_id == person.user_id and self.show_as == "busy":
            return partner in self.partner_ids
        return any(
            attendee.partner_id == partner and attendee.state != "declined"
            for attendee in self.attendee_ids
        )

    def _get_span(self, zone):
        """Return (start, stop) in naive UTC; a whole day is one of that zone."""
        if not self.allday:
            return self.start, self.stop
        days = (self.start_date, self.stop_date + timedelta(days=1))
        return tuple(
            zone.localize(datetime.combine(day, time.min))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
            for day in days
        )
