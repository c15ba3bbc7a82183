from contextlib import suppress
from datetime import timedelta
from functools import partial

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from .guard import BY_US
from .slot_lock import SlotRefused, SlotTaken

# Minutes for which a freed slot is held again for money that came late.
RETAKE_MINUTES = 15


class ResourceBooking(models.Model):
    """Slots are held, confirmed, moved and given back here, and nowhere else."""

    _inherit = "resource.booking"

    @api.model
    def _hold_slot(
        self, booking_type, start, partner, combination=None, minutes=None, **vals
    ):
        """Book a slot that is on offer, for the first who asks.

        :param booking_type: the `resource.booking.type`
        :param datetime start: naive UTC
        :param partner: who asks; the patient too unless `clinic_patient_id` is given
        :param combination: the one wanted; else the first that is free
        :param int minutes: how long the slot is held; None: until it is confirmed,
            which happens at once where no deposit is missing
        :param vals: further fields; with `clinic_source` "desk" no notice is asked
        :return: the booking (sudo)
        :raise SlotTaken: when somebody was faster
        :raise SlotRefused: when that moment is not offered
        """
        by_desk = vals.setdefault("clinic_source", "page") == "desk"
        combination = booking_type._find_combination(
            start, combination, by_desk, hours=vals.get("duration")
        )
        with self.env.cr.savepoint():
            combination.sudo().resource_ids._lock_slots()
            booking = self._by_us().create(
                {
                    "type_id": booking_type.id,
                    "partner_ids": [Command.set(partner.ids)],
                    "combination_id": combination.id,
                    "combination_auto_assign": False,
                    "user_id": combination.sudo().resource_ids.user_id[:1].id,
                    "start": start,
                    "clinic_held_until": minutes
                    and fields.Datetime.now() + timedelta(minutes=minutes),
                    **vals,
                }
            )
        booking._withdraw_acceptance()
        if not booking._must_wait():
            booking._confirm_paid()
        return booking.with_env(self.sudo().env)

    def _by_us(self):
        """Return these bookings with the right to do what was checked already.

        Nobody is written to by the calendar: the outbox does that, in neutral words.
        """
        return self.sudo().with_context(**BY_US)

    def _confirm_paid(self):
        """Confirm what was held, once nothing is missing any more; tell the patient.

        :return: the bookings that are confirmed
        """
        bookings = self._by_us().filtered(lambda booking: booking._is_live())
        bookings.filtered("clinic_held_until").clinic_held_until = False
        ready = bookings.filtered(lambda booking: not booking._is_deposit_missing())
        ready.filtered(lambda booking: booking.state != "confirmed").action_confirm()
        for booking in ready:
            booking._tell_confirmed()
        return ready.with_env(self.sudo().env)

    def _move_to(self, start, combination=None, by_desk=False):
        """Move the appointment to another slot on offer; give it one if it has none.

        A patient may do so until the deadline, which is counted from the old slot.

        :param datetime start: naive UTC
        :param combination: the one wanted; else the same, else one that is free
        :param bool by_desk: whether the clinic does it: no deadline, no notice
        :raise SlotTaken: when somebody was faster
        :raise SlotRefused: when it is too late, or that moment is not offered
        """
        self.ensure_one()
        booking = self._by_us()
        is_new = booking.state != "confirmed"
        if not by_desk:
            booking._check_may_change()
        found = booking._find_new_combination(start, combination, by_desk)
        with self.env.cr.savepoint():
            resources = (booking.combination_id | found).resource_ids
            resources._lock_slots()
            booking.write(
                {
                    "combination_auto_assign": False,
                    "combination_id": found.id,
                    "start": start,
                    "user_id": found.sudo().resource_ids.user_id[:1].id,
                }
            )
        if is_new:
            booking._ask_deposit(by_desk)
        booking._withdraw_acceptance()
        if not booking._must_wait():
            booking._confirm_paid()

    def _find_new_combination(self, start, combination, by_desk):
        """Return the combination asked for; else the same as before, else any."""
        find = partial(
            self.type_id._find_combination,
            start,
            by_desk=by_desk,
            but=self,
            hours=self.duration,
        )
        known = self.type_id._get_clinic_combinations(self.combination_id)
        if not combination and self.combination_id and known:
            with suppress(SlotTaken):
                return find(known)
        return find(combination)

    def _cancel(self, by):
        """Cancel the appointment: its deposit is settled, the slot is free again.

        :param str by: "patient" or "clinic"
        :raise SlotRefused: when it is over or was cancelled already
        """
        self.ensure_one()
        booking = self._by_us()
        booking._check_not_over()
        if by == "patient" and booking._is_late():
            booking.clinic_attendance = "late_cancel"
        names = dict(booking._fields["clinic_end_reason"].selection)
        booking.clinic_deposit_ids._cancel(by, names[by])
        if booking.active:
            booking._give_back(by)

    def _give_back(self, reason):
        """Free the slot. The booking stays, and so does its money.

        :param str reason: a value of `clinic_end_reason`
        """
        for booking in self._by_us().filtered("active"):
            booking.action_unschedule()
            booking.write(
                {
                    "active": False,
                    "access_token": False,
                    "clinic_held_until": False,
                    "clinic_end_reason": reason,
                }
            )

    def _take_again(self):
        """Hold the slot again that was given back for want of money that came late.

        :return: True if it is held again, or still; False if it is gone, is over, or
            was cancelled by somebody
        """
        self.ensure_one()
        booking = self._by_us()
        if booking._is_live():
            return True
        now = fields.Datetime.now()
        is_lost = booking.clinic_end_reason != "expired" or not booking.clinic_start
        if is_lost or booking.clinic_start <= now:
            return False
        try:
            with self.env.cr.savepoint():
                booking._retake(now + timedelta(minutes=RETAKE_MINUTES))
        except (SlotTaken, SlotRefused, ValidationError):
            return False
        return True

    def _retake(self, until):
        kind, start = self.type_id, self.clinic_start
        self.combination_id.resource_ids._lock_slots()
        if not kind._get_free_slots([start], self.combination_id, self, self.duration):
            raise SlotTaken(self.env._("This slot was given to somebody else."))
        self.write(
            {
                "active": True,
                "start": start,
                "clinic_held_until": until,
                "clinic_end_reason": False,
            }
        )
        self._withdraw_acceptance()

    def _withdraw_acceptance(self):
        """A slot that waits for money is accepted by nobody, not even by its owner.

        The calendar accepts for whoever makes an event.
        """
        for booking in self.filtered(lambda b: b._is_live() and b._must_wait()):
            booking.meeting_id.attendee_ids.filtered(
                lambda attendee, people=booking.partner_ids: attendee.partner_id
                in people
                and attendee.state == "accepted"
            ).state = "needsAction"
