from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..models.booking.slot_lock import SlotTaken
from .booking_common import MONDAY_NINE, BookingCase

MONDAY = date(2026, 3, 16)


class WaitingCase(BookingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.create_type(cls.doctor_combination)
        # One slot a day: nine o'clock.
        cls.calendar.attendance_ids.hour_to = 9.5

    def wait(self, name, **vals):
        return self.env["clinic.waiting.list"].create(
            {
                "partner_id": self.create_patient(name).id,
                "type_id": self.kind.id,
                "date_from": MONDAY,
                "date_to": MONDAY,
                **vals,
            }
        )

    def offer(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.waiting.list"]._cron_offer()
        self.env.invalidate_all()

    def find_offers(self, entry):
        return self.env["clinic.message"].search(
            [
                ("topic_id.code", "=", "waiting_offer"),
                ("partner_id", "=", entry.partner_id.id),
            ]
        )


@tagged("post_install", "-at_install")
class TestWaitingList(WaitingCase):
    def test_freed_slot_is_offered_in_turn(self):
        booking = self.confirm()
        first, second = self.wait("Ben Roux"), self.wait("Cleo Petit")
        self.offer()
        self.assertEqual((first + second).mapped("state"), ["waiting", "waiting"])
        booking._cancel("patient")
        self.offer()
        self.assertEqual((first + second).mapped("state"), ["offered", "waiting"])
        self.assertEqual(first.booking_id.start, MONDAY_NINE)
        self.assertEqual(first.booking_id.state, "scheduled")
        self.assertEqual(len(self.find_offers(first)), 1)
        self.go_to("2026-03-10 11:01:00")
        self.release()
        self.offer()
        self.assertEqual((first + second).mapped("state"), ["waiting", "offered"])
        second._accept()
        self.assertEqual(second.state, "taken")
        self.assertEqual(second.booking_id.state, "confirmed")
        with self.assertRaises(SlotTaken):
            first._accept()

    def test_yes_said_twice_is_one_appointment(self):
        entry = self.wait("Ben Roux")
        self.offer()
        self.assertEqual(entry._accept(), entry._accept())
        self.offer()
        self.assertEqual(entry.state, "taken")

    def test_no_leaves_the_slot_to_the_next_one(self):
        first, second = self.wait("Ben Roux"), self.wait("Cleo Petit")
        self.offer()
        first._decline()
        self.offer()
        self.assertEqual((first + second).mapped("state"), ["waiting", "offered"])

    def test_nobody_is_written_to_at_night_or_after_the_days(self):
        entry = self.wait("Ben Roux")
        self.go_to("2026-03-10 21:00:00")
        self.offer()
        self.assertEqual(entry.state, "waiting")
        self.go_to("2026-03-17 10:00:00")
        self.offer()
        self.assertEqual(entry.state, "expired")

    def test_desk_keeps_the_list_of_its_clinic(self):
        desk = self.create_user("desk", "clinic_dunning.group_front_desk")
        entry = self.wait("Ben Roux").with_user(desk)
        entry.action_offer()
        self.assertEqual(entry.state, "offered")
        entry.action_leave()
        self.assertEqual(entry.state, "left")
        other = self.wait("Cleo Petit", date_to=MONDAY).with_user(desk)
        self.hold()
        with self.assertRaises(UserError):
            other.action_offer()
        company = self.env["res.company"].create({"name": "Clinic Durand"})
        stranger = self.create_user(
            "stranger", "clinic_dunning.group_front_desk", companies=company
        )
        lists = self.env["clinic.waiting.list"].with_user(stranger)
        self.assertFalse(lists.with_context(allowed_company_ids=company.ids).search([]))


@tagged("post_install", "-at_install")
class TestWaitingPage(WaitingCase, HttpCase):
    def test_opening_takes_nothing_and_the_button_does(self):
        self.env["res.lang"]._activate_lang("en_US")
        entry = self.wait("Ben Roux")
        entry._offer()
        link, url = self.env["clinic.link"]._issue(
            entry.partner_id, self.company, purpose="booking", waiting_id=entry.id
        )
        path = f"/w/{url.rpartition('/')[2]}"
        page = self.url_open(path).text
        self.assertIn("Mon 16 Mar 09:00 (CET)", page)
        self.assertIn("until <b>12:00", page)
        self.assertEqual(entry.state, "offered")
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        for _time in range(2):
            answer = self.url_open(f"{path}/accept", data={"csrf_token": token})
            self.assertIn("Your appointment is confirmed", answer.text)
        self.assertEqual(entry.state, "taken")
        link._revoke()
        self.assertEqual(self.url_open(path).status_code, 404)
        self.assertEqual(self.url_open("/w/unknown").status_code, 404)


@tagged("post_install", "-at_install")
class TestReminder(BookingCase):
    def remind(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["resource.booking"]._cron_remind()
        self.env.invalidate_all()

    def find(self, booking):
        return self.env["clinic.message"].search(
            [
                ("res_id", "=", booking.id),
                ("topic_id.code", "=", "appointment_reminder"),
            ]
        )

    def confirm_old(self, **vals):
        booking = self.confirm(**vals)
        self.env.cr.execute(
            "UPDATE resource_booking SET create_date = %s WHERE id = %s",
            ["2026-03-01", booking.id],
        )
        return booking

    def test_confirmed_visit_is_reminded_once(self):
        confirmed, held = self.confirm_old(), self.hold(minutes=60 * 24 * 30)
        self.remind()
        self.assertFalse(self.find(confirmed))
        self.go_to(MONDAY_NINE - timedelta(hours=47))
        self.remind()
        self.remind()
        self.assertEqual(len(self.find(confirmed)), 1)
        self.assertFalse(self.find(held), "what waits for money is not reminded")

    def test_who_booked_just_now_is_not_reminded(self):
        booking = self.confirm()
        self.go_to(MONDAY_NINE - timedelta(hours=47))
        self.env.cr.execute(
            "UPDATE resource_booking SET create_date = %s WHERE id = %s",
            [MONDAY_NINE - timedelta(hours=48), booking.id],
        )
        self.remind()
        self.assertFalse(self.find(booking))

    def test_nothing_is_said_of_a_cancelled_or_moved_visit(self):
        cancelled = self.confirm_old(combination=self.doctor_combination)
        moved = self.confirm_old(combination=self.second_combination)
        self.go_to(MONDAY_NINE - timedelta(hours=47))
        self.remind()
        cancelled._cancel("clinic")
        moved._move_to(MONDAY_NINE + timedelta(days=1))
        self.assertIn("cancelled", self.find(cancelled)._get_stop_reason())
        self.assertIn("moved", self.find(moved)._get_stop_reason())
        self.go_to(MONDAY_NINE - timedelta(hours=20))
        self.remind()
        self.assertEqual(len(self.find(moved)), 2, "the new date has its own")

    def test_visit_after_the_weekend_is_reminded_before_it(self):
        booking = self.confirm_old()
        self.go_to("2026-03-13 09:00:00")
        self.remind()
        self.assertTrue(self.find(booking))

    def test_email_has_a_link_and_asks_for_no_reply(self):
        wednesday = MONDAY_NINE + timedelta(days=2)
        booking = self.confirm_old(start=wednesday)
        self.go_to(wednesday - timedelta(hours=47))
        self.remind()
        (email,) = [
            mail
            for mail in self.drain()
            if "we expect you" in mail.get_body(("plain",)).get_content()
        ]
        text = email.get_body(("plain",)).get_content()
        self.assertIn("Wed 18 Mar 09:00 (CET)", text)
        self.assertIn("/b/", text)
        self.assertNotIn("CONFIRM", text)
        self.assertNotIn("Knee", email.as_string())
        self.assertTrue(booking)

    def test_sms_that_can_not_be_answered_asks_for_no_word(self):
        wednesday = MONDAY_NINE + timedelta(days=2)
        booking = self.confirm_old(start=wednesday)
        self.go_to(wednesday - timedelta(hours=47))
        self.remind()
        message = self.find(booking)
        for phone, channel, asks in (
            ("+33142685300", "sms", True),
            ("+919876543210", "sms", False),
            ("+919876543210", "whatsapp", True),
        ):
            self.patient.phone = phone
            template, language, _fell_back = message._pick_template(channel)
            self.assertEqual(language, "en")
            self.assertEqual("CONFIRM" in template.body, asks, (phone, channel))
            self.assertIn("{link}", template.body)

    def test_only_channels_that_can_be_answered_ask_for_a_word(self):
        topic = self.env.ref("clinic_payment_deposit.topic_appointment_reminder")
        texts = {
            (text.channel, text.language): text.body for text in topic.template_ids
        }
        for (channel, language), body in texts.items():
            asks = "CONFIRM" in body
            self.assertEqual(asks, not channel and language != "hi_Latn", language)
