from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DunningCase, create_clinic, days_ago, level

SMTP_450 = "SMTPRecipientsRefused: {'a': (450, b'4.2.1 Try again later')}"
SMTP_550 = "SMTPRecipientsRefused: {'a': (550, b'5.1.1 No such mailbox')}"


@tagged("post_install", "-at_install")
class TestOutboxSend(DunningCase):
    """What becomes of a message that is sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.route = cls.create_route("email", "letter", "phone")
        cls.policy = cls.create_policy(level("First", 7))
        cls.policy.level_ids.route_id = cls.route
        cls.invoice = cls.create_invoice()

    def states(self, message):
        message.invalidate_recordset()
        attempts = message.attempt_ids.sorted("id")
        return message.state, [(a.channel, a.state, a.error_code) for a in attempts]

    def test_email_is_delivered_with_the_proof_of_acceptance(self):
        message = self.remind()
        emails = self.drain()
        self.assertEqual(
            [email["To"] for email in emails], ['"Ana Diaz" <ana.diaz@example.com>']
        )
        self.assertRecordValues(
            message, [{"state": "delivered", "proof": "accepted", "reason": False}]
        )
        self.assertEqual(message.entry_ids.state, "done")
        self.assertEqual(self.drain(), [])

    def test_first_request_and_chatter_follow_the_delivery(self):
        self.remind()
        self.drain()
        self.assertEqual(
            str(self.invoice.clinic_first_request_at), "2026-03-10 10:00:00"
        )
        self.assertIn("Reminder “First” by Email", self.invoice.message_ids[0].body)
        self.assertIn("Reminder “First” by Email", self.case_of().message_ids[0].body)

    def test_definitive_refusal_goes_on_to_the_next_channel(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault=SMTP_550, times=2)
        self.assertEqual(
            self.states(message),
            (
                "in_progress",
                [("email", "failed", "refused"), ("letter", "accepted", False)],
            ),
        )

    def test_passing_refusal_is_tried_again_later(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault=SMTP_450, times=2)
        self.assertEqual(self.states(message)[0], "queued")
        self.assertEqual(len(message.attempt_ids), 1)
        self.assertEqual(str(message.not_before), "2026-03-10 10:05:00")
        self.go_to("2026-03-10 10:05:00")
        self.assertEqual(len(self.drain()), 1)
        self.assertEqual(self.states(message)[0], "delivered")

    def test_refused_for_the_moment_again_and_again_takes_the_next_channel(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            for day in range(11, 18):
                self.go_to(f"2026-03-{day} 10:00:00")
                self.drain(fault=SMTP_450)
        self.assertEqual(
            [(a.channel, a.state) for a in message.attempt_ids.sorted("id")],
            [("email", "failed")] * 6 + [("letter", "accepted")],
        )

    def test_lost_answer_is_a_question_for_a_person(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault="lost", times=2)
        self.assertEqual(
            self.states(message), ("review", [("email", "unknown", False)])
        )
        self.assertTrue(message.is_problem)
        self.assertEqual(self.drain(), [])

    def test_person_sends_it_again_or_knows_that_it_arrived(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault="lost")
        message.action_resend()
        self.assertEqual(len(self.drain()), 1)
        self.assertEqual(self.states(message)[0], "delivered")

    def test_person_knows_that_it_arrived(self):
        message = self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault="lost")
        message.action_arrived()
        self.assertRecordValues(message, [{"state": "delivered", "is_problem": False}])

    def test_preferred_channel_goes_first(self):
        self.patient.clinic_preferred_channel = "letter"
        message = self.remind()
        self.drain()
        self.assertEqual(self.states(message)[1], [("letter", "accepted", False)])

    def test_parallel_channels_are_messages_of_their_own(self):
        self.policy.level_ids.route_id = self.create_route(
            "email", "letter:always", "phone"
        )
        messages = self.remind()
        self.assertEqual(len(messages), 2)
        self.drain()
        self.assertEqual(
            messages.attempt_ids.sorted("id").mapped("channel"), ["email", "letter"]
        )
        self.assertEqual(self.invoice.clinic_entry_ids.message_id, messages[0])

    def test_person_without_any_channel_is_told_on_the_case(self):
        self.patient.write({"email": False, "phone": False, "street": False})
        message = self.remind()
        self.drain()
        self.assertEqual(self.states(message), ("failed", []))
        case = self.case_of()
        for reason in ("no valid email", "no complete postal", "no phone number"):
            self.assertIn(reason, case.problem_text)
        self.assertIn("could not be delivered", case.message_ids[0].body)

    def test_phone_that_can_not_be_read(self):
        self.policy.level_ids.route_id = self.create_route("phone")
        self.patient.phone = "call my sister"
        message = self.remind()
        self.drain()
        self.assertEqual(self.states(message)[0], "failed")
        self.assertIn("can't be read", self.case_of().problem_text)

    def test_missing_wording_falls_back_on_another_language_and_says_so(self):
        self.patient.lang = "fr_BE"
        self.env["clinic.message.template"].search(
            [("topic_id.code", "=", "after7"), ("language", "=", "fr")]
        ).active = False
        message = self.remind()
        emails = self.drain()
        self.assertEqual(len(emails), 1)
        self.assertEqual(message.attempt_ids.language_note, "en")
        self.assertEqual(message.attempt_ids.template_id.language, "en")

    def test_topic_without_any_wording_goes_to_review(self):
        self.env["clinic.message.template"].search(
            [("topic_id.code", "=", "after7")]
        ).active = False
        message = self.remind()
        self.drain()
        self.assertEqual(self.states(message)[0], "review")
        self.assertIn("no wording", message.reason)

    def test_wording_that_went_bad_is_held_back_and_the_others_go_on(self):
        good = self.create_invoice(self.create_patient())
        bad = self.env["clinic.message.template"].search(
            [("topic_id.code", "=", "after7"), ("language", "=", "fr")]
        )
        self.env.cr.execute(
            "UPDATE clinic_message_template SET body = 'Bonjour {nobody}.' WHERE id "
            "IN %s",
            [bad._ids],
        )
        bad.invalidate_recordset()
        self.patient.lang = "fr_BE"
        messages = self.remind()
        self.assertEqual(len(self.drain()), 1)
        states = {message.partner_id: message.state for message in messages}
        self.assertEqual(states, {self.patient: "review", good.partner_id: "delivered"})
        self.assertIn("nobody", messages.filtered(lambda m: m.state == "review").reason)

    @mute_logger("odoo.addons.clinic_dunning.models.outreach.render")
    def test_text_that_breaks_the_program_is_held_back_and_the_others_go_on(self):
        self.create_invoice(self.create_patient())
        messages = self.remind()
        broken = type(messages)._prepare_values

        def break_one(message, *args):
            if message.partner_id == self.patient:
                raise ZeroDivisionError("by zero")
            return broken(message, *args)

        with patch.object(type(messages), "_prepare_values", break_one):
            self.assertEqual(len(self.drain()), 1)
        self.assertEqual(sorted(messages.mapped("state")), ["delivered", "review"])

    def test_weekly_cap_holds_over_companies_also_within_one_run(self):
        self.policy.weekly_cap = 1
        other = create_clinic(self.env, "Clinic Roy")
        self.create_policy(level("First", 7), company=other, weekly_cap=1)
        self.create_invoice(company=other)
        self.decide()
        self.decide(other)
        messages = self.compose()
        self.assertEqual(len(messages), 2)
        self.assertEqual(len(self.drain()), 1)
        self.assertEqual(sorted(messages.mapped("state")), ["delivered", "queued"])
        waiting = messages.filtered(lambda m: m.state == "queued")
        self.assertEqual(str(waiting.not_before), "2026-03-17 10:00:00")
        self.go_to("2026-03-17 10:00:01")
        self.assertEqual(len(self.drain()), 1)

    def test_cap_counts_addresses_not_people(self):
        self.policy.weekly_cap = 1
        twin = self.create_patient("Twin", email="ANA.DIAZ@example.com")
        self.create_invoice(twin)
        self.remind()
        self.assertEqual(len(self.drain()), 1)

    def test_letters_and_calls_are_not_capped(self):
        self.policy.weekly_cap = 1
        self.policy.level_ids.route_id = self.create_route("letter")
        self.create_invoice(due=days_ago(9), currency_id=self.env.ref("base.USD").id)
        messages = self.remind()
        self.drain()
        self.assertEqual(messages.attempt_ids.mapped("state"), ["accepted", "accepted"])

    def test_bounce_is_noted_and_the_address_is_not_used_again(self):
        message = self.remind()
        self.drain()
        self.case_of()._message_receive_bounce("ana.diaz@example.com", self.patient)
        self.assertEqual(
            self.states(message), ("delivered", [("email", "failed", "bounced")])
        )
        self.assertTrue(message.is_problem)
        self.assertIn("came back", self.case_of().message_ids[0].body)
        self.create_invoice()
        again = self.remind()
        self.drain()
        self.assertEqual(self.states(again)[1], [("letter", "accepted", False)])

    def test_what_is_being_sent_can_not_be_cancelled(self):
        message = self.remind()
        self.env["clinic.message"]._sweep()
        self.env.flush_all()
        self.assertTrue(self.env["clinic.message"]._claim(5))
        message.action_cancel()
        self.assertEqual(message.state, "in_progress")

    def test_sender_is_the_clinics_neutral_name(self):
        self.company.clinic_message_name = "Clinic Martin"
        self.company.name = "Psychiatry Centre"
        self.env["mail.alias.domain"].create(
            {"name": "clinic.example.com", "company_ids": self.company.ids}
        )
        self.remind()
        (email,) = self.drain()
        self.assertEqual(email["From"], "Clinic Martin <desk@clinic.example.com>")
        self.assertEqual(
            email["Reply-To"], "Clinic Martin <catchall@clinic.example.com>"
        )
        self.assertNotIn("Psychiatry", email.as_string())

    def test_parallel_message_goes_with_its_withdrawn_reminder(self):
        self.policy.level_ids.route_id = self.create_route(
            "email:always", "letter:always"
        )
        messages = self.remind()
        messages.filtered(lambda message: message.leg == 0).action_cancel()
        self.assertEqual(self.drain(), [])
        self.assertEqual(set(messages.mapped("state")), {"canceled"})

    def test_what_a_parallel_letter_told_is_not_told_again(self):
        self.policy.level_ids.route_id = self.create_route(
            "email:always", "letter:always"
        )
        lead, letter = self.remind().sorted("leg")
        lead.not_before = datetime.now() + timedelta(days=1)
        self.drain()
        letter.attempt_ids.printed_at = datetime.now()
        letter.attempt_ids.action_mark_posted()
        lead.action_cancel()
        self.assertEqual(lead.state, "canceled")
        self.assertFalse(self.decide())

    def test_first_of_several_addresses_is_the_one_that_was_checked(self):
        self.patient.email = "ana@example.com, ben@example.com"
        self.env["mail.blacklist"]._add("ben@example.com")
        self.remind()
        self.assertEqual(
            [email["To"] for email in self.drain()], ['"Ana Diaz" <ana@example.com>']
        )

    def test_language_that_is_no_longer_installed(self):
        self.patient.active = False
        belgian = self.env["res.lang"]._activate_lang("fr_BE")
        self.patient.lang = "fr_BE"
        message = self.remind()
        belgian.active = False
        self.assertEqual(len(self.drain()), 1)
        self.assertIn("Bonjour", message.preview)
