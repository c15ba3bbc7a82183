from datetime import timedelta
from urllib.parse import urlencode

from odoo import Command, fields
from odoo.tests import tagged

from .book_common import SLOT, BookPageCase


@tagged("post_install", "-at_install")
class TestBookPage(BookPageCase):
    """Strangers make appointments."""

    def test_stranger_becomes_a_patient_with_an_appointment(self):
        self.assertIn("Knee check", self.read_page("/clinic/book"))
        self.assertIn("9:00 AM", self.read_page(f"{self.path}?tz=Europe/Paris"))
        path = self.wish(birth_date="1990-04-02")
        wish = self.get_wish(path)
        self.assertFalse(wish.visitor_id.active)
        self.assertFalse(wish.booking_id)
        text = self.read_page(path)
        self.assertIn("six figures", text)
        self.assertEqual(text.count("zoe@example.com"), 1, "not the clinic's address")
        self.prove(path)
        self.assertIn("Nothing is paid now.", self.read_page(path))
        self.accept(path)
        self.assertIn("Your appointment is made.", self.read_page(path))
        self.assertRecordValues(
            wish.booking_id,
            [
                {
                    "state": "confirmed",
                    "start": self.monday,
                    "partner_id": wish.visitor_id.id,
                    "clinic_source": "page",
                }
            ],
        )
        self.assertRecordValues(
            wish.visitor_id,
            [
                {
                    "name": "Zoe Blanc",
                    "active": True,
                    "email": "zoe@example.com",
                    "clinic_birth_date": fields.Date.to_date("1990-04-02"),
                    "company_id": self.company.id,
                }
            ],
        )
        proof = self.env["clinic.consent"].search(
            [("partner_id", "=", wish.visitor_id.id)]
        )
        self.assertRecordValues(
            proof,
            [{"purpose": "appointment", "channel": "email", "granted": True}],
        )
        topics = self.env["clinic.message"].search(
            [("partner_id", "=", wish.visitor_id.id)]
        )
        self.assertEqual(
            set(topics.topic_id.mapped("code")), {"code", "appointment_confirmed"}
        )

    def test_deposit_is_shown_accepted_held_and_paid_elsewhere(self):
        self.demand(30.0)
        path = self.wish()
        self.prove(path)
        text = self.read_page(path)
        self.assertIn("30.00", text)
        self.assertIn("You can cancel free of charge until", text)
        self.assertIn("Given back in time.", text)
        answer = self.accept(path, amount="0.01", price="1")
        self.assertIn("/d/", answer.headers["Location"])
        booking = self.get_wish(path).booking_id
        self.assertEqual(booking.state, "scheduled")
        self.assertTrue(booking.clinic_held_until)
        self.assertEqual(booking.clinic_deposit_id.amount, 30.0)
        self.assertIn("minutes left", self.read_page(path))
        answer = self.post(f"{path}/pay", path)
        self.assertIn("/d/", answer.headers["Location"])

    def test_calendar_file_tells_when_and_where_only(self):
        path = self.wish()
        self.assertEqual(self.url_open(f"{path}/calendar").status_code, 404)
        self.prove(path)
        self.accept(path)
        answer = self.url_open(f"{path}/calendar")
        text = answer.text
        self.assertIn("text/calendar", answer.headers["Content-Type"])
        self.assertIn(f"DTSTART:{self.monday:%Y%m%dT%H%M%SZ}", text)
        self.assertIn("SUMMARY:Appointment: Clinic Martin", text)
        for word in ("Knee", "Zoe", "Lea", "zoe@"):
            self.assertNotIn(word, text)

    def test_practitioner_is_the_one_that_was_chosen(self):
        booking = self.book(who=self.second_combination.id)
        self.assertEqual(booking.combination_id, self.second_combination)

    def test_times_are_told_in_the_zone_that_was_chosen(self):
        text = self.read_page(f"{self.path}?tz=Asia/Kolkata")
        self.assertIn("Times in the zone Asia/Kolkata", text)
        self.assertRegex(text, r"1:30|13:30")
        query = urlencode(self.get_wish_query(tz="Asia/Kolkata"))
        text = self.read_page(f"{self.path}/you?{query}")
        self.assertIn("(IST)", text)
        self.assertRegex(text, r"At the clinic: Monday .* 9:00")
        text = self.read_page(f"{self.path}?tz=Mars/Olympus")
        self.assertIn("Times in the zone Europe/Paris (where the clinic is)", text)

    def test_page_speaks_the_visitors_language(self):
        for code in ("fr_FR", "hi_IN"):
            self.env["res.lang"]._activate_lang(code)
        page = self.url_open(f"{self.path}?lang=fr")
        self.assertIn('<html lang="fr"', page.text)
        self.assertIn("lundi", page.text)
        self.assertIn("lang=hi", page.text)

    def test_only_the_first_page_is_for_search_engines_and_titles_are_neutral(self):
        first = self.url_open("/clinic/book")
        self.assertEqual(first.status_code, 200)
        self.assertNotIn("X-Robots-Tag", first.headers)
        self.assertNotIn("noindex", first.text)
        for path in (self.path, self.wish()):
            page = self.url_open(path)
            self.assertIn("noindex", page.headers["X-Robots-Tag"])
            self.assertIn("<title>Appointment</title>", page.text)
            self.assertEqual(page.headers["Cache-Control"], "no-store")
            self.assertNotRegex(page.text, r'(src|href)="(https?:)?//(?!127|localhost)')
            self.assertLess(len(page.content), 50_000)

    def test_reading_writes_nothing(self):
        self.demand()
        path = self.wish()
        self.prove(path)
        query = urlencode(self.get_wish_query())
        before = self.count()
        for address in (
            "/clinic/book",
            self.path,
            f"{self.path}/you?{query}",
            path,
            f"{path}/slots",
        ):
            self.assertEqual(self.url_open(address).status_code, 200)
        self.assertEqual(self.count(), before)

    def test_who_never_books_is_forgotten(self):
        path = self.wish()
        wish = self.get_wish(path)
        visitor = wish.visitor_id
        booked = self.book(contact="ben@example.com")
        self.env.cr.execute(
            "UPDATE clinic_booking_request SET create_date = now() - interval '3 days'"
        )
        self.env.invalidate_all()
        self.Request._gc_requests()
        self.assertFalse((wish | wish).exists())
        self.assertFalse(visitor.exists())
        self.assertTrue(booked.partner_id.exists())

    def count_queries(self):
        before = self.cr.sql_log_count
        self.read_page(self.path)
        return self.cr.sql_log_count - before

    def test_slots_are_read_with_as_few_queries_for_many_as_for_one(self):
        self.read_page(self.path)
        few = self.count_queries()
        for hour in range(7):
            self.confirm(start=self.monday + timedelta(hours=hour))
        self.read_page(self.path)
        self.assertLessEqual(self.count_queries(), few + 2)
        self.assertLess(few, 60)

    def test_free_times_come_in_pages(self):
        page = self.url_open(f"{self.path}?tz=Europe/Paris").text
        self.assertGreater(len(SLOT.findall(page)), 16)
        self.assertIn("Later days", page)
        self.assertEqual(self.url_open(f"{self.path}?from=x").status_code, 200)
        self.kind.combination_rel_ids = [Command.clear()]
        self.assertIn("Nothing is free", self.read_page(self.path))
