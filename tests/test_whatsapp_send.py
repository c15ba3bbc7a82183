import json

from whatsapp import CLINIC_SMS, CLINIC_WHATSAPP, MOBILE, WhatsappCase

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import create_clinic, level


@tagged("post_install", "-at_install")
class TestWhatsappSend(WhatsappCase):
    """What leaves for the provider, and what its answer means."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.route("sms", "email")
        cls.invoice = cls.create_invoice()

    @classmethod
    def route(cls, *channels):
        cls.policy.level_ids.route_id = cls.create_route(*channels)

    def refused_with(self, code, *channels):
        """Send a message that the provider refuses with a code."""
        self.route(*channels or ("sms", "email"))
        self.twilio.refuse(code)
        message = self.remind()
        self.drain()
        return message

    # -- what leaves -----------------------------------------------------------

    def test_sms_leaves_once_and_waits_for_its_receipt(self):
        message = self.remind()
        self.drain(times=2)
        [sent] = self.twilio.messages
        self.assertEqual((sent.to, sent.sender), (MOBILE, CLINIC_SMS))
        self.assertIn("/p/", sent.body)
        attempt = message.attempt_ids
        self.assertEqual(
            sent.status_callback,
            f"https://clinic.example.com/clinic/twilio/status/{attempt.uuid}",
        )
        self.assertEqual(
            self.states(message), ("in_progress", [("sms", "accepted", False)])
        )
        self.assertRecordValues(
            attempt,
            [
                {
                    "provider_ref": sent.sid,
                    "segments": sent.segments,
                    "cost": 0.05 * sent.segments,
                    "twilio_account_id": self.account.id,
                }
            ],
        )

    def test_sms_is_written_in_letters_that_every_phone_knows(self):
        self.patient.name = "Žoë Łuczak"
        self.remind()
        self.drain()
        [sent] = self.twilio.messages
        self.assertIn("Zoe", sent.body)
        self.assertNotIn("\u00a0", sent.body)
        self.assertLessEqual(sent.segments, 2)

    def test_receipts_end_the_message_with_their_proof(self):
        message = self.remind()
        self.drain()
        attempt = message.attempt_ids
        attempt._take_status("sent")
        attempt._take_status("delivered", price=0.0075, price_unit="USD", segments=1)
        self.assertEqual(
            self.states(message), ("delivered", [("sms", "delivered", False)])
        )
        self.assertEqual(message.proof, "delivered")
        self.assertEqual((attempt.price, attempt.price_unit), (0.0075, "USD"))
        attempt._take_status("read")
        attempt._take_status("failed", "30008")
        self.assertEqual((message.proof, attempt.state), ("read", "read"))

    def test_receipt_that_overtakes_another_counts(self):
        message = self.remind()
        self.drain()
        for status in ("read", "sent", "delivered", "queued"):
            message.attempt_ids._take_status(status)
        self.assertEqual(self.states(message), ("delivered", [("sms", "read", False)]))
        self.assertTrue(message.attempt_ids.delivered_at)

    def test_whatsapp_goes_as_an_approved_template_only(self):
        self.route("whatsapp", "sms")
        message = self.remind()
        self.drain()
        self.assertEqual(
            self.states(message), ("in_progress", [("sms", "accepted", False)])
        )
        self.assertIn("not approved", message._get_obstacle("whatsapp"))

    def test_approved_template_goes_with_its_variables(self):
        self.route("whatsapp", "sms")
        template = self.approve()
        message = self.remind()
        self.drain()
        [sent] = self.twilio.messages
        self.assertEqual(
            (sent.to, sent.sender),
            (f"whatsapp:{MOBILE}", f"whatsapp:{CLINIC_WHATSAPP}"),
        )
        self.assertEqual(sent.content_sid, template._get_approved_content(self.account))
        self.assertNotIn("", json.loads(sent.content_variables).values())
        self.assertIn("Ana", sent.body)
        self.assertIn("/p/", sent.body)
        self.assertEqual(message.attempt_ids.template_id, template)

    def test_name_that_is_none_leaves_no_blank_variable(self):
        self.route("whatsapp")
        self.approve()
        self.patient.name = "☎ 12345"
        self.remind()
        self.drain()
        [sent] = self.twilio.messages
        self.assertIn("Sir/Madam", sent.body)

    def test_free_text_answers_within_a_day(self):
        self.route("whatsapp")
        sessions = self.env["clinic.whatsapp.session"]
        sessions._note_inbound(self.account, MOBILE, "2026-03-09 10:00:01")
        message = self.remind()
        self.drain()
        [sent] = self.twilio.messages
        self.assertFalse(sent.content_sid)
        self.assertIn("Ana", sent.body)
        self.assertEqual(message.attempt_ids.state, "accepted")

    def test_after_a_day_free_text_is_refused_before_it_leaves(self):
        self.route("whatsapp")
        sessions = self.env["clinic.whatsapp.session"]
        sessions._note_inbound(self.account, MOBILE, "2026-03-09 09:59:59")
        message = self.remind()
        self.drain()
        self.assertFalse(self.twilio.messages)
        self.assertEqual(message.state, "failed")

    def test_whatsapp_needs_consent(self):
        self.route("whatsapp", "email")
        self.approve()
        stranger = self.create_patient("Ben Roux", phone="+33611111111")
        self.create_invoice(stranger)
        messages = self.remind()
        self.drain()
        [other] = messages.filtered(lambda m: m.partner_id == stranger)
        self.assertEqual(other.attempt_ids.channel, "email")
        self.assertFalse(self.twilio.to("+33611111111"))

    # -- who can be reached ----------------------------------------------------

    def test_landline_and_unreadable_numbers_take_the_next_channel(self):
        for number, reason in (
            ("01 42 68 53 00", "landline"),
            ("call my sister", "can't be read"),
            (False, "no phone number"),
        ):
            self.patient.phone = number
            message = self.env["clinic.message"].new({"partner_id": self.patient.id})
            message.company_id = self.company
            self.assertIn(reason, message._get_obstacle("sms"))

    def test_clinic_s_country_goes_first_then_the_patient_s(self):
        self.patient.write(
            {"phone": "98765 43210", "country_id": self.env.ref("base.in").id}
        )
        self.remind()
        self.drain()
        self.assertEqual(self.twilio.messages[0].to, "+919876543210")

    def probe(self, number):
        """Return a message that could go to that number."""
        self.patient.phone = number
        return self.env["clinic.message"].new(
            {
                "partner_id": self.patient.id,
                "company_id": self.company.id,
                "topic_id": self.env.ref("clinic_dunning.topic_after7").id,
            }
        )

    def test_number_in_the_united_states_needs_a_yes_and_gets_an_sms(self):
        self.approve()
        self.agree(self.patient)
        message = self.probe("+1 212 555 0123")
        self.assertIn("United States", message._get_obstacle("whatsapp"))
        self.assertEqual(message._get_obstacle("sms"), "No consent on file.")
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "channel": "sms", "granted": True}
        )
        self.assertEqual(message._get_obstacle("sms"), "")
        self.account.whatsapp_us = True
        self.assertEqual(message._get_obstacle("whatsapp"), "")

    def test_sms_to_india_needs_a_registered_wording(self):
        message = self.probe("+91 98765 43210")
        self.assertEqual(message._get_obstacle("sms"), "")
        self.account.dlt_entity_id = "1101000000000000001"
        self.assertIn("no DLT template ID", message._get_obstacle("sms"))
        template, *_rest = message._pick_template("sms")
        template.dlt_template_id = "1107000000000000001"
        self.assertEqual(message._get_obstacle("sms"), "")
        template.body += " Thank you."
        self.assertIn("no DLT template ID", message._get_obstacle("sms"))
        for record, name in (
            (template, "dlt_template_id"),
            (self.account, "dlt_entity_id"),
        ):
            with self.assertRaisesRegex(ValidationError, "12 to 19 digits"):
                record[name] = "DLT 1107"

    def test_company_without_account_takes_the_next_channel(self):
        other = create_clinic(self.env, "Clinic Roy")
        self.create_policy(
            level("First", 7), company=other
        ).level_ids.route_id = self.create_route("sms", "email")
        self.create_invoice(company=other)
        self.decide(other)
        message = self.compose()
        emails = self.drain()
        self.assertEqual((len(emails), len(self.twilio.messages)), (1, 0))
        self.assertEqual(message.attempt_ids.channel, "email")

    # -- codes and what they mean ----------------------------------------------

    def test_number_without_sms_takes_the_next_channel_also_next_time(self):
        message = self.refused_with("21614")
        self.drain()
        self.assertEqual(
            self.states(message),
            ("delivered", [("sms", "failed", "21614"), ("email", "accepted", False)]),
        )
        self.assertIn("takes no such", message._get_obstacle("sms"))

    def test_another_number_deserves_another_try(self):
        message = self.refused_with("21614")
        self.patient.phone = "+33699999999"
        self.assertEqual(message._get_obstacle("sms"), "")

    def test_opt_out_at_the_provider_is_ours(self):
        message = self.refused_with("21610", "sms", "email")
        self.assertEqual(
            self.states(message), ("canceled", [("sms", "failed", "21610")])
        )
        self.assertEqual(message.entry_ids.state, "done")
        proofs = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id), ("channel", "=", "sms")]
        )
        self.assertEqual(
            set(proofs.mapped("purpose")), {"billing", "appointment", "care"}
        )
        self.assertEqual(proofs.mapped("granted"), [False] * 3)
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", MOBILE)]))
        self.assertFalse(self.drain())

    def test_person_who_blocked_the_clinic_on_whatsapp_is_left_alone(self):
        self.approve()
        self.route("whatsapp", "sms")
        message = self.remind()
        self.drain()
        message.attempt_ids._take_status("failed", "63014")
        self.drain()
        self.assertEqual(
            self.states(message), ("canceled", [("whatsapp", "failed", "63014")])
        )
        self.assertIn("not to be written", message._get_obstacle("whatsapp"))

    def test_bad_number_is_a_task_for_staff(self):
        message = self.refused_with("21211")
        self.assertEqual(message.attempt_ids.error_code, "21211")
        activity = self.case_of().activity_ids
        self.assertEqual(activity.summary, "Ask for another phone number")
        self.assertNotIn(MOBILE, activity.note or "")

    def test_no_whatsapp_at_the_number_falls_back_on_sms(self):
        self.approve()
        self.route("whatsapp", "sms", "email")
        message = self.remind()
        self.drain()
        message.attempt_ids._take_status("undelivered", "63024")
        self.drain()
        self.assertEqual(
            self.states(message),
            (
                "in_progress",
                [("whatsapp", "failed", "63024"), ("sms", "accepted", False)],
            ),
        )

    def test_template_that_whatsapp_refuses_stops(self):
        self.approve()
        self.route("whatsapp", "sms")
        message = self.remind()
        self.drain()
        message.attempt_ids._take_status("failed", "63028")
        template = message.attempt_ids.template_id
        self.assertEqual(template.approval_status, "stopped")
        self.assertIn("63028", template.approval_reason)
        self.drain()
        self.assertEqual(message.attempt_ids.sorted("id").mapped("channel")[1], "sms")

    def test_too_fast_is_tried_again_and_uses_up_no_try(self):
        self.twilio.storm(times=1)
        message = self.remind()
        self.drain()
        self.assertEqual(self.states(message)[0], "queued")
        self.assertEqual((message.tries, message.attempt_ids.error_code), (0, "20429"))
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(self.states(message)[0], "in_progress")
        self.assertEqual(len(self.twilio.messages), 1)

    def test_unknown_refusal_is_not_tried_again_on_the_channel(self):
        message = self.refused_with("12345")
        self.drain()
        self.assertEqual(
            self.states(message)[1],
            [("sms", "failed", "12345"), ("email", "accepted", False)],
        )

    def test_late_receipt_drops_the_queued_fallback(self):
        message = self.remind()
        self.drain()
        attempt = message.attempt_ids
        attempt._take_status("undelivered", "30008")
        self.assertEqual(self.states(message)[0], "queued")
        attempt._take_status("delivered")
        self.assertEqual(
            self.states(message), ("delivered", [("sms", "delivered", "30008")])
        )
        self.assertIn("after all", attempt.error)
        self.assertFalse(self.drain())

    def claim(self):
        """Claim what is queued, as a sender does first; return the attempts."""
        outbox = self.env["clinic.message"]
        outbox._sweep()
        self.env.flush_all()
        return outbox._claim(5)

    def test_late_receipt_behind_the_claim_ends_the_fallback(self):
        message = self.remind()
        self.drain()
        first = message.attempt_ids
        first._take_status("undelivered", "30008")
        second = self.claim()
        self.assertEqual(second.channel, "email")
        first._take_status("delivered")
        self.assertFalse(self.env["clinic.message"]._prepare_claimed(second))
        self.assertEqual(
            self.states(message), ("delivered", [("sms", "delivered", "30008")])
        )

    def test_number_that_changes_behind_the_claim_is_claimed_again(self):
        message = self.remind()
        attempts = self.claim()
        self.patient.phone = "+33699999999"
        self.assertFalse(self.env["clinic.message"]._prepare_claimed(attempts))
        self.assertEqual((message.state, message.tries), ("queued", 0))
        self.drain()
        [sent] = self.twilio.messages
        self.assertEqual(sent.to, "+33699999999")
        self.assertRecordValues(
            message.attempt_ids,
            [
                {
                    "state": "accepted",
                    "address_hash": self.env["clinic.contact.address"]._hash(sent.to),
                }
            ],
        )

    def test_failure_after_the_delivery_is_only_logged(self):
        message = self.remind()
        self.drain()
        message.attempt_ids._take_status("delivered")
        message.attempt_ids._take_status("failed", "30003")
        self.assertEqual(message.attempt_ids.state, "delivered")

    # -- too long, too strange -------------------------------------------------

    def test_text_of_1700_letters_is_held_back_with_the_reason(self):
        template = self.env["clinic.message.template"].search(
            [
                ("topic_id.code", "=", "after7"),
                ("language", "=", "en"),
                ("channel", "=", False),
            ]
        )
        template.body = template.body + " Thank you." * 155
        message = self.remind()
        self.drain()
        self.assertFalse(self.twilio.messages)
        self.assertEqual(message.state, "review")
        self.assertIn("1600", message.reason)

    def test_emoji_name_greets_without_a_name(self):
        self.patient.name = "🦷🦷"
        self.remind()
        self.drain()
        self.assertNotIn("🦷", self.twilio.messages[0].body)
