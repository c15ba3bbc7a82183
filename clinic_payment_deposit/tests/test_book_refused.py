from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.clinic_dunning.controllers import page as pages

from ..controllers import booking_page
from .book_common import BookPageCase


@tagged("post_install", "-at_install")
class TestBookRefused(BookPageCase):
    """What can't be is refused in kind words, and nothing is half done."""

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

    def test_terms_that_changed_meanwhile_are_read_once_more(self):
        policy = self.demand()
        path = self.wish()
        self.prove(path)
        shown = self.url_open(path).text.split('name="shown" value="')[1]
        shown = shown.partition('"')[0]
        policy.amount = 40.0
        answer = self.accept(path, shown=shown)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("What we ask for has changed", self.get_text(answer))
        self.assertIn("40.00", self.get_text(answer))
        self.assertFalse(self.get_wish(path).booking_id)

    def test_programs_that_fill_in_everything_get_no_code(self):
        before = self.count()
        answer = self.ask(nickname="Zoe")
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.count(), before)
        page = self.url_open(f"{self.path}/you?{urlencode(self.get_wish_query())}")
        self.assertNotIn("recaptcha", page.text, "nobody else's script on the page")

    def test_captcha_of_odoo_is_asked_where_it_is_set_up(self):
        before = self.count()
        http = type(self.env["ir.http"])

        def verify(_self, action):
            raise UserError(action)

        with (
            patch.object(http, "_verify_request_recaptcha_token", verify),
            patch.object(
                http,
                "_add_public_key_to_session_info",
                lambda _self, info: info | {"recaptcha_public_key": "key-1"},
                create=True,
            ),
        ):
            query = urlencode(self.get_wish_query())
            page = self.url_open(f"{self.path}/you?{query}").text
            answer = self.ask()
        self.assertIn("api.js?render=key-1", page)
        self.assertIn("clinic_book", self.get_text(answer))
        self.assertEqual(self.count(), before)

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
