from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import is_html_empty

from ...tools.contact import parse_contact


class ResCompany(models.Model):
    """What the clinic offers strangers: its page, how far ahead, to which numbers."""

    _inherit = "res.company"

    clinic_booking_open = fields.Boolean(
        string="Booking Page",
        help="Patients make appointments themselves on /clinic/book.",
    )
    clinic_booking_text = fields.Html(
        string="Text on the Booking Page",
        translate=True,
        sanitize_attributes=True,
        help="Who is received, how to come, what to bring: read by everybody.",
    )
    clinic_booking_country_ids = fields.Many2many(
        "res.country",
        "clinic_booking_country_rel",
        string="Countries of Telephone Numbers",
        help="A code goes to numbers of these countries only. Empty: the clinic's own.",
    )
    clinic_booking_code_cap = fields.Integer(
        string="Codes a Day",
        default=100,
        help="So many codes go out by each channel on one day at most: strangers may "
        "not spend the clinic's money. 0: nobody can book on the page.",
    )

    def _get_clinic_booking_countries(self):
        """Return the ISO codes of the countries whose numbers get a code."""
        countries = self.clinic_booking_country_ids or self.country_id
        return set(countries.mapped("code"))

    def _get_clinic_booking_text(self):
        """Return the text of the page, '' where nothing shows."""
        text = self.clinic_booking_text
        return "" if is_html_empty(text) else text

    def _parse_clinic_contact(self, text):
        """Return the `Contact` that somebody typed.

        :raise ValidationError: in words, for what no code can be sent to
        """
        contact = parse_contact(text, self.country_id.code)
        channels = self._get_clinic_code_channels()
        if not contact or contact.channel not in channels:
            raise ValidationError(
                self.env._("Please give an email address, or a mobile number.")
                if "sms" in channels
                else self.env._("Please give an email address.")
            )
        if contact.country:
            self._check_clinic_country(contact)
        return contact

    def _check_clinic_country(self, contact):
        if contact.country not in self._get_clinic_booking_countries():
            raise ValidationError(
                self.env._(
                    "We can't send a code to a number of this country. Please give an "
                    "email address, or call us."
                )
            )
