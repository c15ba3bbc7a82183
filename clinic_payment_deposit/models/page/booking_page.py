from urllib.parse import urlsplit

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.calendar_file import make_calendar_file


class ResourceBooking(models.Model):
    """What the patient does with an appointment on its own page."""

    _inherit = "resource.booking"

    def _may_change(self):
        """Return whether the patient may still move it."""
        try:
            self._check_may_change()
        except UserError:
            return False
        return True

    def _preview_cancel(self):
        """Return the `Refund` that cancelling now gives, None without a deposit."""
        deposit = self.clinic_deposit_id
        return deposit._preview_cancel(fields.Datetime.now()) if deposit else None

    def _get_calendar_file(self, lang):
        """Return the appointment as an .ics file (bytes): when and where only."""
        company = self.type_id.company_id.with_context(lang=lang)
        address = company.partner_id._display_address(without_company=True)
        return make_calendar_file(
            f"appointment-{self.id}@{self._get_clinic_host()}",
            self.start,
            self.stop,
            self.env._("Appointment: %s", company._get_clinic_message_name()),
            ", ".join(filter(None, map(str.strip, address.splitlines()))),
            stamp=self.write_date,
        )

    def _get_clinic_host(self):
        """Return the name of the clinic's server, which makes identifiers unique."""
        base = self.type_id.company_id._get_clinic_link_base_url()
        return urlsplit(base).hostname or "clinic"


class ResourceBookingType(models.Model):
    _inherit = "resource.booking.type"

    def _get_combination(self, number):
        """Return who was chosen by the value of a form's field; none: whoever is free.

        :raise UserError: in words, for somebody who does not receive for this visit
        """
        combinations = self.combination_rel_ids.combination_id
        chosen = combinations.filtered(
            lambda combination: str(combination.id) == str(number or "")
        )
        if number and not chosen:
            raise UserError(self.env._("Please choose one of those who receive."))
        return chosen


class ResourceBookingCombination(models.Model):
    _inherit = "resource.booking.combination"

    def _get_people_name(self):
        """Return the names of who receives, without the rooms and devices."""
        people = self.resource_ids.filtered(lambda one: one.resource_type == "user")
        return ", ".join(people.mapped("name")) or self.name
