"""The booking page where the clinic sends SMS: whose numbers get a code."""

from whatsapp import WhatsappCase

from odoo.exceptions import ValidationError
from odoo.tests import tagged

FRENCH, SWISS, AMERICAN = "06 12 34 56 78", "+41 79 123 45 67", "+1 202 555 0143"
DEAR = "+33 899 10 20 30"


@tagged("post_install", "-at_install")
class TestBookPhone(WhatsappCase):
    def parse(self, number):
        return self.company._parse_clinic_contact(number)

    def test_codes_go_to_mobile_numbers_of_the_chosen_countries_only(self):
        self.assertEqual(self.parse(FRENCH)[:2], ("sms", "+33612345678"))
        for number in (SWISS, AMERICAN):
            with self.assertRaisesRegex(ValidationError, "number of this country"):
                self.parse(number)
        with self.assertRaisesRegex(ValidationError, "or a mobile number"):
            self.parse(DEAR)
        self.company.clinic_booking_country_ids = self.env.ref("base.ch")
        self.assertEqual(self.parse(SWISS).country, "CH")
        with self.assertRaises(ValidationError):
            self.parse(FRENCH)
