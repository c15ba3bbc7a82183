from datetime import timedelta

from emulators.proxy import ReverseProxy
from emulators.twilio import Message
from emulators.twilio.callbacks import get_inbound_form, get_status_form
from whatsapp import CLINIC_SMS, MOBILE, WebhookCase

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import level


@tagged("post_install", "-at_install")
class TestWhatsappWebhook(WebhookCase):
    """What comes from outside: only what Twilio signed is kept, and once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.policy.level_ids.route_id = cls.create_route("sms", "email")
        cls.create_invoice()

    def send(self):
        """Send a reminder by SMS; return its attempt."""
        message = self.remind()
        self.drain()
        return message.attempt_ids

    def assertRefused(self, answer):
        self.assertEqual((answer.status_code, answer.content), (403, b""))
        self.assertFalse(self.env["clinic.twilio.event"].search([]))

    # -- strangers -------------------------------------------------------------

    def test_stranger_without_signature_is_refused(self):
        attempt = self.send()
        self.assertRefused(self.tell(attempt, "delivered", signature=""))
        self.assertEqual(attempt.state, "accepted")

    def test_wrong_token_is_refused(self):
        self.assertRefused(self.tell(self.send(), "delivered", token="x" * 32))

    def test_unknown_account_is_refused(self):
        form = [("AccountSid", "AC" + "0" * 32), ("MessageSid", "SM" + "0" * 32)]
        self.assertRefused(self.post("/clinic/twilio/inbound", form))

    def test_account_without_token_takes_nothing(self):
        attempt = self.send()
        self.account.auth_token = False
        self.assertRefused(self.tell(attempt, "delivered", token=""))

    def test_signature_of_another_address_is_refused(self):
        attempt = self.send()
        self.assertRefused(
            self.tell(attempt, "delivered", base="https://evil.example.com")
        )

    def test_changed_form_is_refused(self):
        attempt = self.send()
        sent = self.twilio.outbound[-1]
        form = get_status_form(sent, "delivered")
        signed = self.post("/clinic/twilio/status/x", form).request.headers
        self.events().unlink()
        self.assertRefused(
            self.post(
                f"/clinic/twilio/status/{attempt.uuid}",
                form,
                signature=signed["X-Twilio-Signature"],
            )
        )

    def test_a_megabyte_is_refused_unread(self):
        form = [("AccountSid", self.emulated.sid), ("Body", "x" * 1_000_000)]
        self.assertRefused(self.post("/clinic/twilio/inbound", form))

    def test_nobody_reads_the_inbox_by_get(self):
        self.assertEqual(self.url_open("/clinic/twilio/inbound").status_code, 405)

    @mute_logger("odoo.http")
    def test_what_has_no_message_is_no_event(self):
        form = [("AccountSid", self.emulated.sid), ("MessageSid", "'; DROP TABLE")]
        self.assertEqual(self.post("/clinic/twilio/inbound", form).status_code, 200)
        self.assertFalse(self.events())

    # -- Twilio ----------------------------------------------------------------

    def test_receipt_through_a_proxy_is_kept_and_applied(self):
        attempt = self.send()
        headers = {"Host": "127.0.0.1:8069", "X-Forwarded-Host": "evil.example.com"}
        answer = self.tell(attempt, "delivered", headers=headers)
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertEqual(attempt.state, "accepted")
        self.apply()
        self.assertEqual(attempt.state, "delivered")
        self.assertRecordValues(
            self.events(),
            [{"attempt_id": attempt.id, "status": "delivered", "problem": False}],
        )
        self.assertTrue(self.events().applied_at)

    def test_web_server_in_front_changes_nothing_of_the_signature(self):
        attempt = self.send()
        public = "https://clinic.example.com/odoo"
        self.account.public_base_url = public
        with ReverseProxy(self.base_url(), public) as front:
            answer = self.tell(attempt, "delivered", base=public, through=front.url)
            self.assertEqual(answer.status_code, 204)
            with mute_logger("odoo.http"):
                inner = self.tell(
                    attempt, "read", base=self.base_url(), through=front.url
                )
            self.assertEqual(inner.status_code, 403, "signed over the inner address")
        self.assertEqual(front.passed, [f"/clinic/twilio/status/{attempt.uuid}"] * 2)
        self.apply()
        self.assertEqual(attempt.state, "delivered")

    def test_address_behind_a_path_and_with_a_query_is_signed_whole(self):
        attempt = self.send()
        self.account.public_base_url = "https://clinic.example.com/odoo/"
        path = f"/clinic/twilio/status/{attempt.uuid}?bodySHA256=1&x=%20"
        form = get_status_form(self.twilio.outbound[-1], "delivered")
        answer = self.post(path, form, base="https://clinic.example.com/odoo")
        self.assertEqual(answer.status_code, 204)
        self.apply()

    def test_duplicates_are_one_event(self):
        attempt = self.send()
        for _time in range(5):
            self.assertEqual(self.tell(attempt, "sent").status_code, 204)
        self.assertEqual(len(self.events()), 1)
        self.apply()

    def test_repeated_keys_and_strange_letters_are_kept(self):
        attempt = self.send()
        sent = self.twilio.outbound[-1]
        reply = get_inbound_form(sent, ProfileName="Ana 🌸\x00 O'Brien")
        form = [*reply, ("MediaUrl", "a"), ("MediaUrl", "b")]
        self.assertEqual(self.post("/clinic/twilio/inbound", form).status_code, 200)
        kept = [tuple(pair) for pair in self.events().form]
        self.assertIn(("ProfileName", "Ana 🌸 O'Brien"), kept)
        self.assertEqual(
            [value for key, value in kept if key == "MediaUrl"], ["a", "b"]
        )
        self.assertEqual(attempt.state, "accepted")
        self.events().unlink()

    def test_the_log_holds_no_number_and_no_text(self):
        with self.assertLogs(level="DEBUG") as logs:
            self.reply("Please call me", on="sms")
            self.apply()
        text = "\n".join(
            line for line in logs.output if "clinic_whatsapp" in line.split(":")[1]
        )
        self.assertNotIn(MOBILE, text)
        self.assertNotIn("call me", text)

    def test_inbound_is_answered_with_empty_twiml(self):
        answer = self.reply("Thanks", on="sms")
        self.assertEqual(answer.headers["Content-Type"], "text/xml; charset=utf-8")
        self.assertTrue(answer.text.endswith("<Response/>"))
        self.apply()

    # -- applying --------------------------------------------------------------

    def test_receipts_in_any_order_end_alike(self):
        attempt = self.send()
        for status in ("read", "sent", "delivered", "queued"):
            self.tell(attempt, status)
        self.apply()
        self.assertEqual((attempt.state, attempt.message_id.proof), ("read", "read"))

    def test_receipt_of_an_attempt_whose_sender_is_gone_brings_the_reference(self):
        attempt = self.send()
        sid = attempt.provider_ref
        self.env.cr.execute(
            "UPDATE clinic_message_attempt SET state = 'leased', provider_ref = NULL"
        )
        self.env.invalidate_all()
        form = get_status_form(self.twilio.find(sid), "delivered")
        self.post(f"/clinic/twilio/status/{attempt.uuid}", form)
        self.apply()
        self.assertEqual(attempt.state, "leased")  # the answer may come yet
        attempt.claimed_at -= timedelta(minutes=2)
        self.apply()
        self.assertEqual((attempt.state, attempt.provider_ref), ("delivered", sid))

    def test_failure_takes_the_next_channel(self):
        attempt = self.send()
        self.tell(attempt, "undelivered", "30005")
        self.apply()
        self.assertEqual((attempt.state, attempt.error_code), ("failed", "30005"))
        self.assertEqual(attempt.message_id._next_channel(), "email")

    def test_delivery_behind_a_failure_drops_the_queued_fallback(self):
        attempt = self.send()
        self.tell(attempt, "undelivered", "30008")
        self.apply()
        self.tell(attempt, "delivered")
        self.apply()
        self.assertEqual(self.drain(), [])
        self.assertEqual(
            self.states(attempt.message_id),
            ("delivered", [("sms", "delivered", "30008")]),
        )

    def test_what_fits_no_message_is_set_aside(self):
        attempt = self.send()
        sent = self.twilio.outbound[-1]
        stranger = get_status_form(sent, "delivered")
        self.post("/clinic/twilio/status/6a1f0d9e-unknown", stranger)
        to = [(k, "+33699999999" if k == "To" else v) for k, v in stranger]
        to = [(k, "failed" if k == "MessageStatus" else v) for k, v in to]
        self.post(f"/clinic/twilio/status/{attempt.uuid}", to)
        other = [(k, "SM" + "e" * 32 if k == "MessageSid" else v) for k, v in stranger]
        self.post(f"/clinic/twilio/status/{attempt.uuid}", other)
        self.apply()
        self.assertEqual(
            self.events().mapped("problem"), ["It fits no message of ours."] * 3
        )
        self.assertEqual(attempt.state, "accepted")

    def receive_bad(self, body):
        """Somebody wrote what can't be applied; return the event, set aside."""
        self.reply(body, on="sms")
        bad = self.events()
        bad.form = [pair for pair in bad.form if pair[0] != "From"]
        with mute_logger("odoo.addons.clinic_whatsapp.models.event_apply"):
            self.apply()
        self.assertTrue(bad.problem)
        return bad

    def test_what_was_set_aside_is_forgotten_in_the_end(self):
        bad = self.receive_bad("I am ill")
        self.go_to("2026-06-01 10:00:00")
        bad._gc_applied()
        self.assertTrue(bad.exists())
        self.go_to("2026-06-20 10:00:00")
        bad._gc_applied()
        self.assertFalse(bad.exists())

    def test_stop_that_was_set_aside_goes_on_holding_without_words(self):
        bad = self.receive_bad("STOP")
        self.go_to("2026-06-20 10:00:00")
        bad._gc_applied()
        self.assertFalse(bad.form)
        stops = self.env["clinic.stop.event"].search([("twilio_event_id", "=", bad.id)])
        self.assertIn(self.patient, stops.partner_id)
        self.assertFalse(stops & self.env["clinic.message"]._sweep())

    def test_reply_posted_again_after_it_was_forgotten_is_dropped(self):
        message = Message(
            self.emulated.sid, CLINIC_SMS, MOBILE, "My words", direction="inbound"
        )
        form = get_inbound_form(message)
        for moment in ("2026-03-10 10:00:00", "2026-06-20 10:00:00"):
            self.go_to(moment)
            self.events()._gc_applied()
            self.post("/clinic/twilio/inbound", form)
            with self.assertNoLogs("odoo.sql_db", "ERROR"):
                self.apply()
            [event] = self.events()
            self.assertTrue(event.applied_at)
        self.assertEqual(
            self.env["clinic.reply"].search([]).mapped("provider_ref"), [message.sid]
        )

    def test_bad_event_is_set_aside_and_the_others_go_on(self):
        attempt = self.send()
        self.tell(attempt, "delivered")
        self.reply("Hello", on="sms")
        bad = self.events().filtered(lambda event: event.kind == "inbound")
        bad.form = [["To", CLINIC_SMS]]
        logger = "odoo.addons.clinic_whatsapp.models.event_apply"
        with mute_logger(logger):
            self.apply()
        self.assertEqual(attempt.state, "delivered")
        self.assertEqual(bad.problem, "It could not be applied.")
        self.assertFalse(bad.applied_at)
