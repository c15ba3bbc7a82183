import logging

import psycopg2

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class ResourceBooking(models.Model):
    """Held slots that nobody paid for are given back."""

    _inherit = "resource.booking"

    @api.model
    def _cron_release(self):
        """Scheduled action: give back the slots whose time is over, one by one.

        Whoever pays at the same moment writes the same booking: one of both fails, and
        the slot stays for the next run, or the money takes it again.
        """
        bookings = self.search(self._get_release_domain(), order="clinic_held_until")
        self.env["ir.cron"]._commit_progress(remaining=len(bookings))
        for booking in bookings:
            try:
                booking._release()
                self.env["ir.cron"]._commit_progress(1)
            except psycopg2.OperationalError as error:
                self.env.cr.rollback()
                _logger.info("Slot %s is left for the next run: %s", booking.id, error)

    @api.model
    def _get_release_domain(self):
        return [("clinic_held_until", "<=", fields.Datetime.now())]

    def _release(self):
        """Give back a slot unless it is confirmed or being paid; tell the patient."""
        self.ensure_one()
        held = self.sudo().filtered_domain(self._get_release_domain())
        if not held or not held.try_lock_for_update() or held._has_live_payment():
            return
        held._give_back("expired")
        held._tell_expired()
