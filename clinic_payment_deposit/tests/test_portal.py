from datetime import timedelta

from lxml import html

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .booking_common import MONDAY_NINE, BookingCase


@tagged("post_install", "-at_install")
class TestBookingPortal(BookingCase, HttpCase):
    """The clock stands; the portal of OCA changes appointments by our rules."""

    def setUp(self):
        super().setUp()
        self.booking = self.confirm(combination=self.doctor_combination)
        self.later = MONDAY_NINE + timedelta(hours=1)
        self.env["res.lang"]._activate_lang("en_US")
        self.env["ir.default"].set("res.partner", "lang", "en_US")
        self.env.ref("base.public_user").lang = "en_US"
        self.env.flush_all()

    def get(self, what="", **params):
        suffix = what and f"/{what}"
        return self.url_open(self.booking.get_portal_url(suffix=suffix), params=params)

    def post(self, what, **data):
        page = html.fromstring(self.get().text)
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        answer = self.url_open(
            self.booking.get_portal_url(suffix=f"/{what}"),
            data={"csrf_token": token, **data},
        )
        self.env.invalidate_all()
        return answer

    def test_links_change_nothing_and_forms_do(self):
        self.assertIn("Yes, cancel it", self.get("cancel").text)
        self.assertIn(
            "Yes, take it", self.get("confirm", when=f"{self.later}+00:00").text
        )
        self.env.invalidate_all()
        self.assertEqual(self.booking.start, MONDAY_NINE)
        self.post("confirm", when=f"{self.later}+00:00")
        self.assertEqual(self.booking.start, self.later)
        self.assertEqual(self.booking.state, "confirmed")
        self.post("cancel")
        self.assertEqual(self.booking.state, "canceled")
        self.assertEqual(self.booking.clinic_end_reason, "patient")

    @mute_logger("odoo.http")
    def test_form_without_token_is_refused(self):
        for what in ("cancel", "confirm"):
            answer = self.url_open(
                self.booking.get_portal_url(suffix=f"/{what}"),
                data={"when": f"{self.later}+00:00"},
            )
            self.assertEqual(answer.status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(self.booking.start, MONDAY_NINE)

    def test_bad_moments_are_answered_in_words(self):
        self.hold(self.later, combination=self.doctor_combination)
        self.hold(self.later)
        for when in (
            "",
            "tomorrow",
            "2031-03-17T09:00:00+01:00",
            "2026-03-09T09:00:00+01:00",
            "2026-03-16T09:07:00+01:00",
            "9999999-01-01",
            f"{self.later}+00:00",
        ):
            answer = self.post("confirm", when=when)
            self.assertEqual(answer.status_code, 200, when)
            self.assertRegex(answer.text, "not offered|too late|was just taken", when)
            self.assertEqual(self.booking.start, MONDAY_NINE)
            self.assertEqual(self.booking.state, "confirmed")

    def test_months_that_nobody_can_book_show_the_present_one(self):
        for year, month in ((2031, 3), (2026, 13), (99999, 1), (2020, 1)):
            answer = self.get(f"schedule/{year}/{month}")
            self.assertEqual(answer.status_code, 200)
            self.assertIn("March 2026", answer.text)

    def test_too_late_is_said_before_anything_is_done(self):
        self.go_to("2026-03-15 12:00:00")
        for answer in (self.get("cancel"), self.post("cancel")):
            self.assertIn("too late to change", answer.text)
        self.assertEqual(self.booking.state, "confirmed")

    def test_pages_tell_the_date_with_its_zone(self):
        self.assertRegex(self.get().text, r"16 \w+ 09:00 \(CET\)")

    def test_stranger_gets_nothing(self):
        for what in ("cancel", "confirm"):
            answer = self.url_open(f"/my/bookings/{self.booking.id}/{what}")
            self.assertNotIn("Yes", answer.text)
        self.assertEqual(self.booking.state, "confirmed")

    @mute_logger("odoo.http")
    def test_invitation_of_an_unpaid_slot_is_refused_in_words(self):
        held = self.hold(self.later)
        attendee = held.meeting_id.attendee_ids.filtered(
            lambda one: one.partner_id == self.patient
        )
        self.env.flush_all()
        answer = self.url_open(
            f"/calendar/meeting/accept?token={attendee.access_token}"
            f"&id={held.meeting_id.id}"
        )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("confirmed by its deposit", answer.text)
        self.env.invalidate_all()
        self.assertEqual(held.state, "scheduled")
