from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError

from .request_book import UPCOMING

LONGEST = 90  # days for which somebody waits


class ClinicBookingRequest(models.Model):
    """A visitor for whom no time is free puts himself on the waiting list."""

    _inherit = "clinic.booking.request"

    def _parse_wait_until(self, kind, text):
        """Return the last day on which somebody would come.

        :raise UserError: in words, for what is no day of the next months
        """
        first, last = self._get_wait_span(kind)
        day = self.env["clinic.link"]._parse_date(text or "")
        if not day or not first <= day <= last:
            raise UserError(
                self.env._("Please say until which day you would come at short notice.")
            )
        return day

    def _get_wait_span(self, kind):
        """Return the first and the last day until which one can wait."""
        today = kind.company_id._get_clinic_today()
        return today, today + timedelta(days=min(kind.clinic_horizon, LONGEST))

    def _join(self):
        """Put the proved visitor on the list, once for each kind of visit.

        :raise UserError: in words, for whoever waits for everything
        """
        self.ensure_one()
        if not self.verified_at or self.waiting_id:
            return
        self._lock_address()
        entry = self._get_entries().filtered(lambda one: one.type_id == self.type_id)
        if entry:
            entry[:1].write(self._prepare_entry_vals(entry.partner_id[:1]))
        else:
            self._check_few_entries()
            person = self._take_in()
            self._note_consent(person)
            entry = entry.create(self._prepare_entry_vals(person))
        entry[:1]._skip_free()
        self.write({"waiting_id": entry[:1].id, "partner_id": entry.partner_id[:1].id})

    def _get_entries(self):
        """Return what this address waits for already."""
        requests = self.search(
            [("address_hash", "=", self.address_hash), ("waiting_id", "!=", False)]
        )
        return requests.waiting_id.filtered(
            lambda entry: entry.state in ("waiting", "offered")
        )

    def _check_few_entries(self):
        if len(self._get_entries()) >= UPCOMING:
            raise UserError(
                self.env._("You wait for several appointments already. Please call us.")
            )

    def _prepare_entry_vals(self, person):
        return {
            "partner_id": person.id,
            "type_id": self.type_id.id,
            "combination_id": self.combination_id.id,
            "date_from": self.company_id._get_clinic_today(),
            "date_to": self.wait_until,
        }
