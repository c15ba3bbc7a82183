from datetime import datetime

import pytz

from odoo.tests import BaseCase, tagged

from ..tools.calendar_file import make_calendar_file
from ..tools.contact import Contact, parse_contact
from ..tools.moment import tell_moment


@tagged("post_install", "-at_install")
class TestTools(BaseCase):
    def test_contacts_are_read_as_people_write_them(self):
        for text, contact in {
            " Zoe@Example.com ": Contact("email", "zoe@example.com"),
            "06 12 34 56 78": Contact("sms", "+33612345678", "FR"),
            "0033 6 12 34 56 78": Contact("sms", "+33612345678", "FR"),
            "+91 98765 43210": Contact("sms", "+919876543210", "IN"),
            "01 42 68 53 00": None,  # a landline
            "08 99 12 34 56": None,  # a number that earns money
            "+0612345678": None,
            "zoe@": None,
            "a@b.example, c@d.example": None,
            "": None,
        }.items():
            self.assertEqual(parse_contact(text, "FR"), contact, text)

    def test_calendar_file_is_folded_and_escaped(self):
        body = make_calendar_file(
            "appointment-1@clinic",
            datetime(2026, 3, 16, 8),
            datetime(2026, 3, 16, 8, 30),
            "Rendez-vous : Cabinet, des Tilleuls; é" * 4,
            "1 rue Haute\nParis",
        )
        self.assertTrue(all(len(line) <= 75 for line in body.split(b"\r\n")))
        text = body.replace(b"\r\n ", b"").decode()
        self.assertIn("Cabinet\\, des Tilleuls\\; é", text)
        self.assertIn("LOCATION:1 rue Haute\\nParis", text)
        self.assertTrue(text.endswith("END:VCALENDAR\r\n"))

    def test_moments_have_the_hour_of_their_zone_on_days_of_change(self):
        paris = pytz.timezone("Europe/Paris")
        for moment, text in (
            (datetime(2026, 3, 28, 8), "Saturday 28 March, 9:00 AM (CET)"),
            (datetime(2026, 3, 30, 8), "Monday 30 March, 10:00 AM (CEST)"),
        ):
            told = tell_moment(moment, paris, "en_US").replace("\u202f", " ")
            self.assertEqual(told, text)
        kolkata = pytz.timezone("Asia/Dubai")
        self.assertIn("(Asia/Dubai)", tell_moment(moment, kolkata, "fr_FR"))
