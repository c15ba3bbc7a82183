from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import days_ago, level
from .desk import DeskCase

SMTP_550 = "SMTPRecipientsRefused: {'ana@x': (550, b'5.1.1 no such user')}"


@tagged("post_install", "-at_install")
class TestOtherChannel(DeskCase):
    """A person sends the same message by another channel."""

    def setUp(self):
        super().setUp()
        self.invoice = self.create_invoice(amount=80.0)
        self.policy = self.create_policy(level(), level("Later", 90))
        self.message = self.remind().with_user(self.officer)

    def open_choice(self, message=None):
        action = (message or self.message).action_other_channel()
        model = self.env[action["res_model"]].with_user(self.officer)
        with Form(model.browse(action["res_id"])) as dialog:
            return dialog.record

    def send_by(self, channel, message=None):
        """Press Send beside that channel and return what is sent."""
        lines = self.open_choice(message).line_ids
        line = lines.filtered(lambda line: line.channel == channel)
        self.assertFalse(line.obstacle)
        action = line.action_send()
        return self.env[action["res_model"]].browse(action["res_id"])

    def fail_email(self):
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault=SMTP_550)
        self.env.invalidate_all()
        self.assertEqual(self.message.state, "failed")

    def test_choice_tells_addresses_and_why_not(self):
        self.patient.write({"street": False})
        found = {
            line.channel: (bool(line.address), bool(line.obstacle))
            for line in self.open_choice().line_ids
        }
        self.assertEqual(found["letter"], (False, True))
        self.assertEqual(found["phone"], (True, False))
        self.assertNotIn("email", found, "it is by email that it goes out now")

    def test_failed_message_goes_out_as_a_letter(self):
        self.fail_email()
        other = self.send_by("letter")
        self.assertFalse(self.message.is_problem)
        self.drain()
        self.env.invalidate_all()
        self.assertRecordValues(
            other, [{"state": "in_progress", "amount": 80.0, "channel": "letter"}]
        )
        other.attempt_ids.with_user(self.officer).action_print_letters()
        other.attempt_ids.with_user(self.officer).action_mark_posted()
        self.assertEqual(other.state, "delivered")
        self.assertFalse(self.decide(), "the level was spent once")

    def test_corrected_address_may_be_tried_again(self):
        self.fail_email()
        self.patient.email = "ana@new.example.com"
        other = self.send_by("email")
        self.assertEqual(len(self.drain()), 1)
        self.env.invalidate_all()
        self.assertEqual(other.state, "delivered")

    def test_who_has_paid_meanwhile_gets_none(self):
        self.fail_email()
        other = self.send_by("phone")
        self.pay(self.invoice)
        self.drain()
        self.env.invalidate_all()
        self.assertIn(other.state, ("skipped", "canceled"))
        self.assertFalse(self.case_of().activity_ids)

    def test_what_waits_does_not_leave_by_the_former_channel(self):
        other = self.send_by("phone")
        self.assertEqual(self.message.state, "canceled")
        self.assertEqual(self.drain(), [])
        self.env.invalidate_all()
        self.assertEqual(other.channel, "phone")
        self.assertEqual(len(self.case_of().activity_ids), 1)

    def test_letter_that_waits_is_withdrawn(self):
        self.drain()
        self.env.invalidate_all()
        letter = self.send_by("letter")
        self.drain()
        self.env.invalidate_all()
        call = self.send_by("phone", letter.with_user(self.officer))
        self.assertEqual(letter.state, "canceled")
        self.assertEqual(letter.attempt_ids.state, "failed")
        self.assertEqual(call.lead_id, self.message)

    def test_cancelled_letter_is_not_printed_and_cancelled_call_not_made(self):
        for route in ("letter", "call"):
            with self.subTest(route=route):
                person = self.create_patient(f"Person {route}")
                self.create_invoice(person)
                self.policy.level_ids[0].route_id = self.env.ref(
                    f"clinic_dunning.route_{route}"
                )
                message = self.remind().with_user(self.officer)
                message = message.filtered(lambda m, who=person: m.partner_id == who)
                self.drain()
                self.env.invalidate_all()
                self.assertEqual(message.attempt_ids.state, "accepted")
                message.action_cancel()
                self.assertEqual(message.attempt_ids.state, "failed")
                self.assertFalse(self.case_of(person).activity_ids)
                with self.assertRaisesRegex(UserError, "No letter"):
                    message.attempt_ids.action_print_letters()

    def test_same_channel_twice_is_refused(self):
        dialog = self.open_choice()
        line = dialog.line_ids.filtered(lambda line: line.channel == "phone")
        line.action_send()
        with self.assertRaisesRegex(UserError, "already"):
            line.action_send()

    def test_refusal_and_weekly_cap_hold(self):
        self.policy.weekly_cap = 1
        self.drain()
        self.env.invalidate_all()
        letter = self.send_by("letter")
        back = self.open_choice(letter.with_user(self.officer))
        self.assertIn(
            "already",
            back.line_ids.filtered(lambda line: line.channel == "email").obstacle,
        )
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "channel": "phone", "granted": False}
        )
        phone = self.open_choice().line_ids.filtered(lambda c: c.channel == "phone")
        self.assertIn("Asked", phone.obstacle)
        with self.assertRaisesRegex(UserError, "Asked"):
            phone.action_send()

    def test_formal_notice_has_no_other_wording_than_a_letter(self):
        notice = level(
            "Notice",
            topic="formal_notice",
            route="letter",
            legal_step="formal_notice",
        )
        other = self.create_patient()
        self.create_invoice(other, due=days_ago(40))
        other.clinic_followup_policy_id = self.create_policy(notice)
        messages = self.remind().filtered(lambda m: m.partner_id == other)
        message = messages.with_user(self.officer)
        obstacles = {
            line.channel: line.obstacle for line in self.open_choice(message).line_ids
        }
        self.assertIn("no wording", obstacles["email"])

    def test_front_desk_may_not_choose_but_notes_a_wrong_number(self):
        message = self.message.with_user(self.desk)
        with self.assertRaises(AccessError):
            message.action_other_channel()
        dialog = self.open_dialog(message, "action_wrong_number")
        dialog.note = "A shop answers"
        dialog.save().action_save()
        self.assertTrue(self.message.sudo()._get_obstacle("phone"))

    def test_filters_of_the_screen(self):
        view = self.env["clinic.message"].get_view(view_type="search")["arch"]
        for name in ("problems", "unknown", "failed", "scheduled", "sent"):
            self.assertIn(f'name="{name}"', view)
