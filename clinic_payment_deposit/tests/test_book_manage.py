from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from ..models.page import link as links
from .book_common import BookPageCase


@tagged("post_install", "-at_install")
class TestBookManage(BookPageCase):
    """The page of one appointment, behind its own secret."""

    def setUp(self):
        super().setUp()
        self.booking = self.confirm(
            start=self.monday, combination=self.doctor_combination
        )
        self.manage = self.open_manage(self.booking)

    def query(self, start, **vals):
        return {"start": f"{start:%Y%m%dT%H%M}", "who": "", "tz": "", **vals}

    # -- see ---------------------------------------------------------------------------

    def test_page_tells_the_time_and_nothing_of_the_visit(self):
        page = self.url_open(self.manage)
        text = self.get_text(page)
        self.assertRegex(text, r"Monday .*9:00")
        for word in ("Knee", "Lea", "Catherine", "Martin Catherine"):
            self.assertNotIn(word, text)
        self.assertIn("<title>Appointment</title>", page.text)
        self.assertIn("noindex", page.headers["X-Robots-Tag"])
        calendar = self.url_open(f"{self.manage}/calendar").text
        self.assertIn(f"DTSTART:{self.monday:%Y%m%dT%H%M%SZ}", calendar)
        self.assertNotIn("Knee", calendar)

    def test_reading_writes_nothing(self):
        before = self.count()
        for rest in ("", "/calendar", "/move", "/cancel"):
            self.assertEqual(self.url_open(self.manage + rest).status_code, 200, rest)
        self.assertEqual(self.count(), before)
        self.assertTrue(self.booking.active)

    def test_link_ends_a_day_after_the_visit(self):
        secret = self.manage.rpartition("/")[2]
        find = self.env["clinic.link"]._find_booking_link
        with freeze_time(self.monday + timedelta(hours=23)):
            self.assertTrue(find(secret))
        with freeze_time(self.monday + links.AFTER_VISIT + timedelta(hours=1)):
            self.assertFalse(find(secret))

    def test_unknown_secrets_open_nothing(self):
        _link, pay = self._make_link(self.patient)
        for secret in ("x" * 22, pay.rpartition("/")[2]):
            for rest in ("", "/calendar", "/move", "/cancel"):
                self.assertEqual(self.url_open(f"/b/{secret}{rest}").status_code, 404)
            for step in ("move", "cancel", "pay", "book"):
                answer = self.post(f"/b/{secret}/{step}", f"{self.manage}/cancel")
                self.assertEqual(answer.status_code, 404)
        self.assertTrue(self.booking.active)

    def test_patient_says_to_come_by_a_button_and_a_new_date_asks_again(self):
        self.assertIn("Yes, I am coming", self.read_page(self.manage))
        self.assertFalse(self.booking.clinic_attendance_confirmed_at)
        self.post(f"{self.manage}/confirm", self.manage)
        self.assertTrue(self.booking.clinic_attendance_confirmed_at)
        text = self.read_page(f"{self.manage}?done=confirm")
        self.assertIn("Thank you, we expect you.", text)
        self.assertNotIn("Yes, I am coming", text)
        self.booking._move_to(self.monday + timedelta(hours=2))
        self.assertFalse(self.booking.clinic_attendance_confirmed_at)

    # -- move --------------------------------------------------------------------------

    def test_appointment_is_moved_to_a_free_time(self):
        later = self.monday + timedelta(hours=2)
        text = self.read_page(f"{self.manage}/move?start={later:%Y%m%dT%H%M}")
        self.assertIn("Move your appointment?", text)
        self.assertEqual(self.booking.start, self.monday)
        self.post(f"{self.manage}/move", f"{self.manage}/cancel", **self.query(later))
        self.assertEqual(self.booking.start, later)
        self.assertEqual(self.booking.state, "confirmed")
        self.assertIn("11:00", self.read_page(f"{self.manage}?done=move"))

    def test_impossible_times_leave_it_as_it_was(self):
        stranger = self.combine(self.create_resource("Room"))
        taken = self.monday + timedelta(hours=3)
        for combination in (self.doctor_combination, self.second_combination):
            self.confirm(start=taken, combination=combination)
        for start, vals in (
            (taken, {}),
            (self.monday + timedelta(minutes=7), {}),
            (fields.Datetime.now() - timedelta(days=7), {}),
            (self.monday.replace(year=2031), {}),
            (self.monday + timedelta(hours=1), {"who": stranger.id}),
        ):
            answer = self.post(
                f"{self.manage}/move",
                f"{self.manage}/cancel",
                **self.query(start, **vals),
            )
            self.assertEqual(answer.status_code, 422, start)
            self.assertRegex(self.get_text(answer), "not free any more|Please choose")
        self.assertEqual(self.booking.start, self.monday)
        self.assertEqual(self.booking.state, "confirmed")

    def test_too_late_is_too_late_wherever_it_would_go(self):
        self.kind.modifications_deadline = 24 * 60
        later = self.monday + timedelta(days=50)
        self.assertEqual(self.url_open(f"{self.manage}/move").status_code, 422)
        answer = self.post(
            f"{self.manage}/move", f"{self.manage}/cancel", **self.query(later)
        )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("It is too late", self.get_text(answer))
        self.assertEqual(self.booking.start, self.monday)

    # -- cancel ------------------------------------------------------------------------

    def cancel(self):
        page = self.url_open(f"{self.manage}/cancel")
        shown = page.text.split('name="shown" value="')[1].partition('"')[0]
        return self.post(f"{self.manage}/cancel", f"{self.manage}/cancel", shown=shown)

    def test_cancelled_appointment_frees_its_time(self):
        self.assertIn("Nothing was paid", self.read_page(f"{self.manage}/cancel"))
        self.assertEqual(self.cancel().status_code, 303)
        self.assertFalse(self.booking.active)
        self.assertEqual(self.booking.clinic_end_reason, "patient")
        self.assertIn("This appointment is cancelled.", self.read_page(self.manage))
        self.assertTrue(self.confirm(start=self.monday))
        self.assertEqual(self.url_open(f"{self.manage}/calendar").status_code, 404)

    def test_cancelling_twice_is_cancelling_once(self):
        self.cancel()
        answer = self.post(f"{self.manage}/cancel", self.path_with_form())
        self.assertEqual(answer.status_code, 303)
        self.assertFalse(self.booking.active)

    def path_with_form(self):
        """Return a page that has a form, whatever became of the appointment."""
        return self.wish(start=self.monday + timedelta(days=1))

    def test_get_cancels_nothing(self):
        for rest in ("/cancel?shown=none", "/cancel", "/move?start=20300101T0900"):
            self.url_open(self.manage + rest)
        self.assertTrue(self.booking.active)
        self.assertEqual(self.booking.start, self.monday)

    def test_nothing_is_cancelled_on_other_terms_than_shown(self):
        answer = self.post(
            f"{self.manage}/cancel", f"{self.manage}/cancel", shown="1000.000/0.000"
        )
        self.assertEqual(answer.status_code, 409)
        self.assertIn("What you get back has changed", self.get_text(answer))
        self.assertTrue(self.booking.active)

    # -- events that staff deleted -----------------------------------------------------

    def test_event_that_staff_deleted_is_told_and_nothing_breaks(self):
        self.booking.meeting_id.unlink()
        self.env.flush_all()
        self.assertIn("has no time at the moment", self.read_page(self.manage))
        later = self.monday + timedelta(hours=2)
        page = self.path_with_form()
        for step, data in (("move", self.query(later)), ("cancel", {}), ("pay", {})):
            answer = self.post(f"{self.manage}/{step}", page, **data)
            self.assertIn(answer.status_code, (303, 422), step)
        self.assertEqual(self.booking.state, "pending")
        self.assertFalse(self.booking.start)

    # -- account -----------------------------------------------------------------------

    def log_in(self):
        new_test_user(
            self.env,
            "catherine",
            groups="base.group_portal",
            partner_id=self.patient.id,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("catherine", "catherine")

    def test_account_shows_own_appointments_only(self):
        other = self.confirm(
            start=self.monday + timedelta(hours=4),
            partner=self._make_patient("Ben Roux"),
        )
        self.log_in()
        text = self.read_page("/my/clinic")
        self.assertIn("Your appointments", text)
        self.assertRegex(text, r"Monday .*9:00")
        self.assertNotIn("13:00", text)
        answer = self.post(
            "/my/clinic/appointment", "/my/clinic", booking_id=self.booking.id
        )
        self.assertIn("/b/", answer.headers["Location"])
        answer = self.post("/my/clinic/appointment", "/my/clinic", booking_id=other.id)
        self.assertEqual(answer.status_code, 404)

    # -- invitation --------------------------------------------------------------------

    def invite(self):
        url = self.env["clinic.link"]._issue_invitation(self.patient, self.company)[1]
        return f"/b/{url.rpartition('/')[2]}"

    def test_invited_patient_books_without_code(self):
        self.invited = self.invite()
        answer = self.post(f"{self.invited}/book", self.invited)
        self.assertIn("/clinic/book", answer.headers["Location"])
        start = self.monday + timedelta(hours=5)
        query = self.get_wish_query(start)
        page = f"{self.path}/you?start={query['start']}"
        self.assertIn("there is nothing to fill in", self.read_page(page))
        answer = self.post(f"{self.path}/you", page, invited="1", **query)
        path = answer.headers["Location"].partition("?")[0]
        self.accept(path)
        booking = self.get_wish(path).booking_id
        self.assertEqual(booking.partner_id, self.patient)
        self.assertEqual(booking.state, "confirmed")

    def test_nobody_is_invited_by_saying_so(self):
        query = self.get_wish_query(self.monday + timedelta(hours=5))
        answer = self.post(
            f"{self.path}/you",
            f"{self.path}/you?start={query['start']}",
            invited="1",
            **query,
        )
        self.assertEqual(answer.status_code, 422)
        for rest in ("/calendar", "/move", "/cancel"):
            self.assertIn(
                self.url_open(self.invite() + rest).status_code, (404, 303, 200)
            )

    # -- answers to messages -----------------------------------------------------------

    def reply(self, word):
        return self.patient._clinic_reply_appointment(word, self.company)

    def test_book_is_answered_with_an_invitation(self):
        self.assertEqual(self.reply("book"), {"topic_code": "booking_invitation"})
        self.company.clinic_booking_open = False
        self.assertFalse(self.reply("book"))

    def test_confirm_notes_the_attendance(self):
        answer = self.reply("confirm")
        self.assertEqual(answer["topic_code"], "appointment_noted")
        self.assertTrue(self.booking.clinic_attendance_confirmed_at)

    def test_what_is_answered_is_the_appointment_that_was_asked_about(self):
        later = self.confirm(
            start=self.monday + timedelta(hours=2),
            combination=self.doctor_combination,
        )
        message = self.env["clinic.message"]._queue(
            "appointment_link", self.patient, self.company, "test:asked", source=later
        )
        answer = self.patient._clinic_reply_appointment("cancel", self.company, message)
        self.assertEqual(answer["source"], later)
        self.patient._clinic_reply_appointment("confirm", self.company, message)
        self.assertTrue(later.clinic_attendance_confirmed_at)
        self.assertFalse(self.booking.clinic_attendance_confirmed_at)
        later._give_back("clinic")
        self.assertFalse(
            self.patient._clinic_reply_appointment("confirm", self.company, message)
        )

    def test_cancel_leads_to_the_page_that_shows_the_refund(self):
        answer = self.reply("cancel")
        self.assertEqual(answer["topic_code"], "appointment_link")
        self.assertEqual(answer["source"], self.booking)
        self.assertTrue(self.booking.active)

    def test_without_an_appointment_a_person_answers(self):
        self.booking._give_back("clinic")
        self.assertFalse(self.reply("confirm"))
        self.assertFalse(self.reply("cancel"))

    def test_answers_leave_with_a_link_of_their_own(self):
        for word, path in (("book", "/b/"), ("cancel", "/b/"), ("confirm", "")):
            answer = self.reply(word)
            message = self.env["clinic.message"]._queue(
                answer.pop("topic_code"),
                self.patient,
                self.company,
                f"test:{word}",
                only_channel="email",
                **answer,
            )
            attempt = self.env["clinic.message.attempt"].create(
                {"message_id": message.id, "channel": "email"}
            )
            letter = attempt._render(message._recheck())[attempt]
            self.assertIn(path, letter.body)
            if path:
                self.assertTrue(attempt.link_id)
                self.assertNotIn(letter.url, letter.masked)
        self.booking._give_back("clinic")
        self.assertEqual(message._recheck()[message].outcome, "cancel")
