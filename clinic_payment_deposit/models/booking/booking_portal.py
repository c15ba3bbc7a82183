from datetime import datetime

import pytz

from odoo import fields, models

from .booking_type import to_utc


class ResourceBooking(models.Model):
    """What the portal of OCA shows and asks: the slots on offer, and nothing else."""

    _inherit = "resource.booking"

    def _get_available_slots(self, start_dt, end_dt):
        """Return {day: [moment with its zone]} of the slots on offer."""
        zone = pytz.timezone(self._get_clinic_tz())
        slots = self.type_id._get_offered(
            to_utc(start_dt),
            to_utc(end_dt),
            combination=not self.combination_auto_assign and self.combination_id,
            but=self,
            hours=self.duration,
        )
        days = {}
        for slot in slots:
            moment = pytz.utc.localize(slot.start).astimezone(zone)
            days.setdefault(moment.date(), []).append(moment)
        return days

    def _get_calendar_context(self, year=None, month=None, now=None):
        """Show the present month for one that is none, or that nobody can book."""
        today = now or fields.Datetime.now()
        if not self._is_month_shown(year, month, today):
            year = month = None
        return super()._get_calendar_context(year, month, now)

    def _is_month_shown(self, year, month, today):
        try:
            begin = datetime(year, month, 1)
        except (TypeError, ValueError):
            return False
        _first, last = self.sudo().type_id._get_bookable_span()
        return begin <= last and (year, month) >= (today.year, today.month)

    def _check_portal_slot(self, start):
        """Refuse a slot that this patient can't move to.

        :raise SlotTaken: when somebody was faster
        :raise SlotRefused: when it is too late, or that moment is not offered
        """
        self._check_may_change()
        self._find_new_combination(start, None, by_desk=False)

    def _get_cancel_url(self):
        """Return where the patient sees first what cancelling costs, or ''."""
        return ""

    def _get_next_url(self):
        """Return where the patient goes after choosing a slot."""
        return self.get_portal_url()
