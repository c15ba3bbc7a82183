from datetime import timedelta

from whatsapp import MOBILE, WhatsappCase

from odoo import fields
from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import level

AFTER_LEASE = ("2026-03-10 10:08:00", "2026-03-10 10:17:00", "2026-03-10 10:30:00")


@tagged("post_install", "-at_install")
class TestWhatsappLookup(WhatsappCase):
    """What nobody has told us is asked for, and what nobody knows is a person's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls.create_policy(level("First", 7))
        policy.level_ids.route_id = cls.create_route("sms", "email")
        cls.create_invoice()

    def send_with(self, **fault):
        self.twilio.add_fault(times=1, **fault)
        message = self.remind()
        self.drain()
        self.assertEqual(message.attempt_ids.state, "unknown")
        self.assertEqual(message.state, "in_progress")
        return message

    def ask(self, *moments):
        """Ask the provider at these moments, and send what is to be sent then."""
        for moment in moments or AFTER_LEASE:
            self.go_to(moment)
            self.look_up()
            self.drain()

    def assertFound(self, **fault):
        message = self.send_with(step="sent", **fault)
        self.ask()
        [sent] = self.twilio.messages
        self.assertRecordValues(
            message.attempt_ids, [{"state": "accepted", "provider_ref": sent.sid}]
        )

    def test_connection_that_broke_is_found_by_the_link(self):
        self.assertFound(hang_up=True)

    def test_error_of_a_message_that_was_taken_is_found_by_the_link(self):
        self.assertFound(status=500)

    def test_page_of_html_is_found_by_the_link(self):
        self.assertFound(status=503, html=True)

    def test_page_of_html_that_says_all_is_well_is_found_by_the_link(self):
        self.assertFound(status=200, html=True)

    def test_nobody_is_asked_before_the_lease_is_over(self):
        message = self.send_with(step="sent", hang_up=True)
        self.assertEqual(
            message.attempt_ids.lookup_at,
            message.attempt_ids.lease_until + timedelta(minutes=2),
        )
        self.look_up()
        self.assertEqual(message.attempt_ids.state, "unknown")

    def test_callback_resolves_what_is_unknown(self):
        message = self.send_with(step="sent", hang_up=True)
        message.attempt_ids._take_status("delivered")
        self.assertEqual(message.state, "delivered")
        self.ask()
        self.assertEqual(len(self.twilio.messages), 1)

    def test_absent_twice_is_sent_once_more(self):
        message = self.send_with(step="accept", hang_up=True)
        self.ask(AFTER_LEASE[0])
        self.assertEqual(message.attempt_ids.state, "unknown")
        self.ask(*AFTER_LEASE[1:])
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertEqual(
            self.states(message),
            (
                "in_progress",
                [("sms", "failed", "proved_absent"), ("sms", "accepted", False)],
            ),
        )

    def test_absent_again_is_left_to_a_person(self):
        message = self.send_with(step="accept", hang_up=True)
        self.twilio.lose_message(times=None)
        self.ask(*AFTER_LEASE, "2026-03-10 11:00:00", "2026-03-10 11:30:00")
        self.assertEqual(self.states(message)[0], "review")
        self.assertTrue(message.is_problem)
        self.assertFalse(self.twilio.messages)

    def test_person_sends_it_again(self):
        self.test_absent_again_is_left_to_a_person()
        self.twilio.heal()
        self.twilio.follows = False
        self.account._get_gate().reset()
        message = self.env["clinic.message"].search([("state", "=", "review")])
        message.action_resend()
        self.drain()
        self.assertEqual(len(self.twilio.messages), 1)

    def test_message_of_another_attempt_is_not_taken_for_this_one(self):
        other = self.create_patient("Ben Roux", phone=MOBILE)
        self.create_invoice(other)
        self.twilio.add_fault(step="accept", hang_up=True, times=1)
        messages = self.remind()
        self.drain()
        self.assertEqual(len(self.twilio.messages), 1)
        self.ask(*AFTER_LEASE[:2])
        lost = messages.attempt_ids.filtered(lambda a: a.state == "failed")
        self.assertEqual(lost.error_code, "proved_absent")

    def test_provider_that_can_not_be_asked_is_asked_again(self):
        message = self.send_with(step="sent", hang_up=True)
        secret, self.emulated.api_secret = self.emulated.api_secret, "changed"
        self.ask(*AFTER_LEASE)
        self.assertEqual(message.attempt_ids.state, "unknown")
        self.emulated.api_secret = secret
        self.ask("2026-03-10 12:00:00")
        self.assertEqual(message.attempt_ids.state, "accepted")

    def test_number_that_changed_meanwhile_is_a_person_s_question(self):
        message = self.send_with(step="sent", status=500)
        self.patient.phone = "+33611111111"
        self.ask()
        self.assertEqual(
            self.states(message), ("review", [("sms", "unknown", "http_500")])
        )
        self.assertEqual(len(self.twilio.messages), 1)

    def test_after_a_day_a_person_decides(self):
        message = self.send_with(step="sent", hang_up=True)
        self.emulated.api_secret = "changed"
        self.ask("2026-03-11 10:30:00")
        self.assertEqual(message.state, "review")

    def test_sender_that_vanished_before_writing_has_not_sent(self):
        message = self.remind()
        self.env["clinic.message"]._sweep()
        self.env.flush_all()
        attempt = self.env["clinic.message"]._claim(5)
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(
            (attempt.state, attempt.error_code), ("failed", "proved_absent")
        )
        self.go_to("2026-03-10 10:12:00")
        self.drain()
        self.assertEqual(len(self.twilio.messages), 1)
        self.assertEqual(message.state, "in_progress")

    # -- receipts that never came ----------------------------------------------

    def test_missing_receipt_is_asked_for(self):
        message = self.remind()
        self.drain()
        self.twilio.messages[0].change("sent")
        self.twilio.messages[0].change("delivered")
        self.ask("2026-03-10 11:01:00")
        self.assertEqual(message.state, "delivered")
        self.assertFalse(message.attempt_ids.price_unit, "a price comes later")

    def test_sms_without_receipt_counts_as_accepted_after_two_days(self):
        message = self.remind()
        self.drain()
        self.twilio.messages[0].change("sent")
        self.ask("2026-03-10 11:01:00", "2026-03-12 10:01:00")
        self.assertEqual(message.state, "in_progress")
        self.ask("2026-03-12 20:00:00")
        self.assertEqual((message.state, message.proof), ("delivered", "accepted"))

    def test_whatsapp_that_never_arrived_takes_the_next_channel(self):
        self.approve()
        levels = self.company.clinic_followup_policy_id.level_ids
        levels.route_id = self.create_route("whatsapp", "email")
        message = self.remind()
        self.drain()
        self.twilio.messages[0].change("sent")
        self.ask("2026-03-10 11:01:00", "2026-03-12 20:00:00", "2026-03-13 10:00:00")
        self.drain()
        self.assertEqual(
            [(a.channel, a.state) for a in message.attempt_ids.sorted("id")],
            [("whatsapp", "failed"), ("email", "accepted")],
        )

    def test_failure_that_was_never_told_is_found(self):
        message = self.remind()
        self.drain()
        self.twilio.messages[0].change("undelivered", 30005)
        self.ask("2026-03-10 11:01:00")
        self.drain()
        self.assertEqual(
            self.states(message)[1],
            [("sms", "failed", "30005"), ("email", "accepted", False)],
        )
        self.assertEqual(fields.Datetime.now().hour, 11)
