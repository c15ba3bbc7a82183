from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.controllers import page as pages
from odoo.addons.clinic_dunning.tests.common import create_clinic

from ..controllers import booking_page
from .book_common import SLOT, BookPageCase


@tagged("post_install", "-at_install")
class TestBookPage(BookPageCase):
    """Strangers make appointments, and learn nothing of others."""

    # -- the way -----------------------------------------------------------------------

    def test_stranger_becomes_a_patient_with_an_appointment(self):
        self.assertIn("Knee check", self.read_page("/clinic/book"))
        self.assertIn("9:00 AM", self.read_page(f"{self.path}?tz=Europe/Paris"))
        path = self.wish(birth_date="1990-04-02")
        wish = self.get_wish(path)
        self.assertFalse(wish.visitor_id.active)
        self.assertFalse(wish.booking_id)
        self.assertIn("six figures", self.read_page(path))
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

    # -- bad input ---------------------------------------------------------------------

    def test_impossible_times_are_refused_kindly_and_nothing_is_kept(self):
        stranger = self.combine(self.create_resource("Room"))
        before = self.count()
        for start, who in (
            (fields.Datetime.now() - timedelta(days=7), ""),
            (self.monday + timedelta(minutes=7), ""),
            (self.monday.replace(year=2031), ""),
            (self.monday, stranger.id),
            (self.monday, "x"),
        ):
            answer = self.ask(start, who)
            self.assertEqual(answer.status_code, 422, (start, who))
            self.assertRegex(
                self.get_text(answer),
                "This time is not free any more|Please choose one of those who receive",
            )
        answer = self.post(
            f"{self.path}/you",
            f"{self.path}/you?{urlencode(self.get_wish_query())}",
            start="tomorrow",
        )
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.count(), before)

    def test_impossible_people_are_refused_kindly_and_nothing_is_kept(self):
        before = self.count()
        for vals, words in (
            ({"contact": "+41 44 668 18 00"}, "email address"),
            ({"contact": "zoe"}, "email address"),
            ({"contact": ""}, "email address"),
            ({"first_name": "Win at evil.example"}, "letters only"),
            ({"first_name": ""}, "letters only"),
            ({"last_name": "x" * 80}, "letters only"),
            ({"birth_date": "tomorrow"}, "birth date"),
            ({"birth_date": "2190-01-01"}, "birth date"),
            ({"consent": ""}, "Please agree"),
        ):
            answer = self.ask(**vals)
            self.assertEqual(answer.status_code, 422, vals)
            self.assertIn(words, self.get_text(answer))
        self.assertEqual(self.count(), before)

    def test_names_of_real_people_are_taken(self):
        for first, last in (
            ("Jean-Pierre", "d'Alembert"),
            ("J. R.", "O’Neil"),
            ("अनीता", "कुलकर्णी"),
            ("Zoë", "von der Leyen"),
        ):
            self.assertTrue(self.Request._is_name(first), first)
            self.assertTrue(self.Request._is_name(last), last)
        for name in ("a.b", "http://x", "<b>", "007", "Ana, pay here"):
            self.assertFalse(self.Request._is_name(name), name)

    def test_unverified_address_holds_nothing(self):
        self.demand()
        path = self.wish()
        for step in ("accept", "pay", "back", "slot", "manage"):
            self.post(f"{path}/{step}", path, accepted="1")
        answer = self.accept(path)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Please enter the code first.", self.get_text(answer))
        self.assertFalse(self.Booking.search([("type_id", "=", self.kind.id)]))

    def test_policy_has_to_be_accepted(self):
        self.demand()
        path = self.wish()
        self.prove(path)
        answer = self.post(f"{path}/accept", path)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Please accept our terms first.", self.get_text(answer))
        self.assertFalse(self.get_wish(path).booking_id)

    def test_fifth_wrong_code_ends_the_wish(self):
        path = self.wish()
        code = self.read_code()
        wrong = "000000" if code != "000000" else "000001"
        for _time in range(4):
            answer = self.post(f"{path}/code", path, code=wrong)
            self.assertIn("That did not work.", self.get_text(answer))
        self.post(f"{path}/code", path, code=wrong)
        self.assertEqual(self.url_open(path).status_code, 404)

    def test_slot_that_went_meanwhile_is_told_and_another_can_be_had(self):
        path = self.wish(who=self.doctor_combination.id)
        self.prove(path)
        self.confirm(start=self.monday, combination=self.doctor_combination)
        before = self.count()
        answer = self.accept(path)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("This time is not free any more.", self.get_text(answer))
        self.assertEqual(self.count(), before)
        later = self.monday + timedelta(hours=1)
        self.post(
            f"{path}/slot",
            path,
            **self.get_wish_query(later, self.doctor_combination.id),
        )
        self.accept(path)
        self.assertEqual(self.get_wish(path).booking_id.start, later)

    # -- who it is ---------------------------------------------------------------------

    def test_patient_is_known_by_address_and_birth_date_never_by_name(self):
        self.patient.write({"name": "Zoe Blanc", "email": "zoe@example.com"})
        for born, known in (("1980-05-12", True), ("1980-05-13", False), ("", False)):
            path = self.wish(birth_date=born, first_name="Zoe", last_name="Blanc")
            self.prove(path)
            person = self.get_wish(path)._get_person()
            self.assertEqual(person == self.patient, known, born)

    def test_twins_are_taken_for_somebody_new(self):
        self.patient.email = "zoe@example.com"
        self._make_patient(
            "Tom Martin", email="zoe@example.com", clinic_birth_date="1980-05-12"
        )
        path = self.wish(birth_date="1980-05-12")
        self.prove(path)
        self.assertFalse(self.get_wish(path).partner_id)

    def test_known_patient_keeps_own_data(self):
        self.patient.email = "zoe@example.com"
        booking = self.book(birth_date="1980-05-12", first_name="Hacker")
        self.assertEqual(booking.partner_id, self.patient)
        self.assertEqual(self.patient.name, "Catherine Martin")

    def test_page_is_the_same_for_patients_and_strangers(self):
        self.patient.email = "zoe@example.com"
        texts = []
        for born in ("1980-05-12", "1980-05-13"):
            path = self.wish(birth_date=born)
            before = self.read_page(path)
            self.prove(path)
            texts.append((before, self.read_page(path)))
        self.assertEqual(*texts)

    # -- limits ------------------------------------------------------------------------

    def test_one_address_has_one_slot_on_hold(self):
        self.demand()
        first = self.wish()
        self.prove(first)
        self.accept(first)
        path = self.wish(start=self.monday + timedelta(hours=1))
        self.prove(path)
        answer = self.accept(path)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("You have another time on hold", self.get_text(answer))
        self.assertFalse(self.get_wish(path).booking_id)
        self.post(f"{path}/back", path, other="1")
        self.assertFalse(self.get_wish(first).booking_id.active)
        self.assertEqual(self.accept(path).status_code, 303)
        self.assertTrue(self.get_wish(path).booking_id.active)

    def test_one_address_does_not_take_the_whole_calendar(self):
        for hour in range(5):
            path = self.wish(start=self.monday + timedelta(hours=hour))
            self.prove(path)
            self.accept(path)
        path = self.get_wish(path)
        wish = self.Request._ask_as(
            path.partner_id,
            {
                "type_id": self.kind,
                "combination_id": self.doctor_combination,
                "start": self.monday + timedelta(hours=6),
                "tz": "Europe/Paris",
                "lang": "en_US",
            },
            "127.0.0.1",
        )
        answer = self.accept(f"/clinic/book/go/{wish}")
        self.assertIn("You have several appointments already.", self.get_text(answer))

    def test_codes_of_one_address_and_of_one_day_are_counted(self):
        for _time in range(5):
            self.assertEqual(self.ask().status_code, 303)
        self.assertIn("Too many tries.", self.get_text(self.ask()))
        self.assertEqual(self.ask(contact="ann@example.com").status_code, 303)
        self.company.clinic_booking_code_cap = 1
        before = self.count()
        answer = self.ask(contact="ben@example.com")
        self.assertIn("any more codes today", self.get_text(answer))
        self.assertEqual(self.count(), before)

    def test_addresses_are_counted_on_every_page(self):
        path = self.wish()
        with (
            patch.object(booking_page, "VIEWS_PER_MINUTE", 0),
            patch.object(pages, "NETWORK_FACTOR", 1),
        ):
            for address in ("/clinic/book", self.path, path, f"{path}/calendar"):
                self.assertEqual(self.url_open(address).status_code, 429, address)

    # -- strangers ---------------------------------------------------------------------

    def test_unknown_secrets_and_those_of_other_pages_open_nothing(self):
        path = self.wish()
        _link, pay = self._make_link(self.patient)
        manage = self.open_manage(self.confirm(start=self.monday))
        for secret in ("x" * 22, pay.rpartition("/")[2], manage.rpartition("/")[2]):
            for rest in ("", "/slots", "/calendar"):
                answer = self.url_open(f"/clinic/book/go/{secret}{rest}")
                self.assertEqual(answer.status_code, 404)
            for step in ("code", "again", "slot", "accept", "pay", "back", "manage"):
                answer = self.post(f"/clinic/book/go/{secret}/{step}", path)
                self.assertEqual(answer.status_code, 404, step)
        secret = path.rpartition("/")[2]
        self.assertEqual(self.url_open(f"/p/{secret}").status_code, 404)
        self.assertEqual(self.url_open(f"/b/{secret}").status_code, 404)
        answer = self.post(f"{path}/get_secret", path)
        self.assertEqual(answer.status_code, 404)

    def test_forms_of_foreign_pages_are_refused(self):
        path = self.wish()
        for address in (f"{self.path}/you", f"{path}/code", f"{path}/accept"):
            with mute_logger("odoo.http"):
                answer = self.url_open(address, data={"a": "b"})
            self.assertEqual(answer.status_code, 400)

    def test_what_is_not_offered_is_not_found(self):
        hidden = self.create_type(self.doctor_combination, clinic_online=False)
        for number in (hidden.id, 999999):
            self.assertEqual(self.url_open(f"/clinic/book/{number}").status_code, 404)
        self.company.clinic_booking_open = False
        self.assertEqual(self.url_open(self.path).status_code, 404)

    def test_several_clinics_are_offered(self):
        other = create_clinic(self.env, "Clinic Durand", clinic_booking_open=True)
        self.create_type(self.doctor_combination, company_id=other.id)
        text = self.read_page("/clinic/book")
        self.assertIn("Clinic Durand", text)
        self.assertIn("Clinic Martin", text)
        self.assertIn(
            "Knee check", self.read_page(f"/clinic/book?clinic={self.company.id}")
        )

    def test_logged_in_clerk_is_a_visitor_like_others(self):
        self.create_user("clerk", "clinic_dunning.group_front_desk")
        self.authenticate("clerk", "clerk")
        booking = self.book()
        self.assertNotEqual(booking.partner_id.name, "clerk")
        self.assertEqual(booking.create_uid, self.env.ref("base.public_user"))

    # -- housekeeping ------------------------------------------------------------------

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
