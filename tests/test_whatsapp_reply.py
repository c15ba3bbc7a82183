import base64
from unittest.mock import patch

from whatsapp import CLINIC_WHATSAPP, MOBILE, WebhookCase

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import create_clinic, level

STRANGER = "+33698765432"


@tagged("post_install", "-at_install")
class TestWhatsappReply(WebhookCase):
    """What people answer, and what comes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.policy.level_ids.route_id = cls.create_route("whatsapp", "sms", "email")
        cls.invoice = cls.create_invoice()
        # A company of Odoo's demo data has the patient's number too.
        others = cls.env["res.partner"].search([("phone_sanitized", "=", MOBILE)])
        (others - cls.patient).phone = False
        cls.case = cls.env["clinic.followup.case"]._get_or_create(
            cls.patient, cls.company
        )

    def write(self, body, **vals):
        """A person writes and it is applied; return the reply."""
        last = self.env["clinic.reply"].search([], limit=1).id or 0
        answer = self.reply(body, **vals)
        self.assertEqual(answer.status_code, 200)
        self.apply()
        return self.env["clinic.reply"].search([("id", ">", last)])

    def answers(self):
        """Let answers go out; return what came to the phone."""
        before = len(self.twilio.outbound)
        self.drain()
        return self.twilio.outbound[before:]

    def refused(self, channel="whatsapp", purpose="billing", who=None):
        return bool(
            self.env["clinic.consent"]._get_refusal(
                who or self.patient, self.company, purpose, channel
            )
        )

    # -- which clinic ----------------------------------------------------------

    def test_companies_with_one_account_at_twilio_have_a_list_each(self):
        self.remind()
        self.drain()
        other = create_clinic(self.env, "Clinic Roy")
        theirs = self.account.copy(
            {
                "company_id": other.id,
                "account_sid": self.account.account_sid,
                "auth_token": self.emulated.auth_token,
                "whatsapp_sender": "+33700000009",
                "sms_sender": False,
                "messaging_service_sid": "MG" + "9" * 32,
            }
        )
        for to, extra, account in (
            ("+33700000009", {}, theirs),
            (
                "+33700000010",
                {"on": "sms", "MessagingServiceSid": "MG" + "9" * 32},
                theirs,
            ),
            (CLINIC_WHATSAPP, {}, self.account),
        ):
            reply = self.write("Hello", to=to, **extra)
            self.assertEqual(
                (reply.account_id, reply.company_id), (account, account.company_id)
            )
        self.assertEqual(reply.partner_id, self.patient)
        self.write("stop bills", to="+33700000009")
        for company, refused in ((other, True), (self.company, False)):
            refusal = self.env["clinic.consent"]._get_refusal(
                self.patient, company, "billing", "sms"
            )
            self.assertEqual(bool(refusal), refused)

    # -- STOP and START --------------------------------------------------------

    def test_stop_ends_all_that_reaches_the_phone(self):
        reply = self.write("Stop!")
        self.assertEqual((reply.action, reply.partner_id), ("stop", self.patient))
        for channel in ("whatsapp", "sms"):
            for purpose in ("billing", "appointment", "care"):
                self.assertTrue(self.refused(channel, purpose))
        self.assertFalse(self.refused("email"))
        [proof] = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id)], limit=1
        )
        self.assertRecordValues(
            proof,
            [{"source": "message", "text_version": "Stop!", "user_id": False}],
        )

    def test_stop_is_confirmed_once_and_nothing_else_goes_out(self):
        message = self.remind()
        self.write("ARRÊT")
        [confirmed] = self.answers()
        self.assertIn("no more", confirmed.body)
        self.assertEqual(confirmed.to, f"whatsapp:{MOBILE}")
        self.assertEqual(self.states(message)[1][-1][0], "email")
        self.write("arret")
        self.assertFalse(self.answers())

    def test_stop_words_of_each_language(self):
        words = self.env["clinic.reply.word"]
        for word in ("STOP", "Arrêt.", "बंद", "रोको", "band karo", "Unsubscribe"):
            self.assertEqual(words._read(word), ("stop", ""), word)
        for word in ("START", "शुरू", "reprendre", "Shuru"):
            self.assertEqual(words._read(word), ("start", ""), word)
        for text in ("Don't stop by today", "arret de bus", ""):
            self.assertEqual(words._read(text), ("", ""), text)

    def test_stop_of_one_purpose_leaves_the_others(self):
        self.agree(self.patient, "appointment")
        self.write("STOP FACTURES")
        self.assertTrue(self.refused())
        self.assertFalse(self.refused(purpose="appointment"))

    def test_stop_read_by_the_provider_counts(self):
        reply = self.write("qqq", on="sms", OptOutType="STOP")
        self.assertEqual(reply.action, "stop")
        self.assertTrue(self.refused("sms"))

    def test_stop_that_comes_with_a_file_is_obeyed(self):
        for channel, extra in (("whatsapp", {}), ("sms", {"OptOutType": "STOP"})):
            text = "qqq" if extra else "STOP"
            reply = self.write(text, on=channel, media=1, **extra)
            self.assertRecordValues(
                reply, [{"action": "stop", "state": "done", "media": 1}]
            )
            self.assertTrue(self.refused(channel))
            self.assertTrue(
                self.env["phone.blacklist"].search([("number", "=", MOBILE)])
            )
            self.write("START", on=channel)

    def test_stop_that_is_not_applied_yet_holds_the_claim_back(self):
        message = self.remind()
        self.reply("STOP")
        self.drain(times=2)
        self.assertEqual((message.state, len(message.attempt_ids)), ("queued", 0))
        self.apply()
        self.drain()
        self.assertNotIn("whatsapp", message.attempt_ids.mapped("channel"))
        self.assertFalse([m for m in self.twilio.outbound if "/p/" not in m.body])

    def test_start_lets_messages_in_again(self):
        self.write("STOP")
        self.write("YES", on="sms", OptOutType="START")
        self.assertFalse(self.refused("sms"))
        self.assertTrue(self.refused())
        self.write("START")
        self.assertFalse(self.refused())
        self.assertTrue(self.refused(purpose="care"), "was never allowed")
        self.assertFalse(self.env["phone.blacklist"].search([("number", "=", MOBILE)]))

    def test_start_undoes_what_the_provider_told_of(self):
        message = self.remind()
        self.drain(times=2)
        message.attempt_ids.filtered(lambda a: a.channel == "sms")._record_opt_out(
            "21610"
        )
        self.assertTrue(self.refused("sms"))
        self.assertEqual(
            self.write("YES", on="sms", OptOutType="START").action, "start"
        )
        self.assertFalse(self.refused("sms"))
        self.assertFalse(self.env["phone.blacklist"].search([("number", "=", MOBILE)]))

    def test_start_undoes_nothing_that_was_refused_elsewhere(self):
        ben = self.create_patient("Ben Roux", phone=MOBILE)
        for person, source in ((self.patient, "desk"), (ben, "link")):
            self.env["clinic.consent"].create(
                {
                    "partner_id": person.id,
                    "company_id": self.company.id,
                    "granted": False,
                    "source": source,
                }
            )
        self.assertEqual(self.write("START").state, "open")
        self.write("STOP")
        self.assertEqual(self.write("START").state, "done")
        for channel in ("whatsapp", "sms"):
            self.assertTrue(self.refused(channel))
            self.assertTrue(self.refused(channel, who=ben))

    def test_yes_that_the_provider_takes_for_a_start_grants_nothing(self):
        proofs = self.env["clinic.consent"].search_count([])
        self.write("YES", on="sms", OptOutType="START")
        self.assertEqual(self.env["clinic.consent"].search_count([]), proofs)

    def test_stop_of_a_stranger_is_kept_by_number(self):
        reply = self.write("STOP", number=STRANGER)
        self.assertFalse(reply.partner_id)
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", STRANGER)]))
        self.assertFalse(self.answers())

    # -- whose number it is ------------------------------------------------------

    def assertNobody(self, reply):
        """A stranger wrote: nothing of the patient's came back."""
        self.assertRecordValues(
            reply, [{"partner_id": False, "case_id": False, "state": "open"}]
        )
        for sent in self.answers():
            self.assertNotIn("Ana", sent.body)
            self.assertNotIn("/p/", sent.body)

    def test_former_number_is_somebody_elses(self):
        self.remind()
        self.drain(times=2)
        self.assertEqual(self.twilio.outbound[-1].to, MOBILE)
        self.patient.phone = STRANGER
        self.assertNobody(self.write("PAY"))
        self.write("STOP")
        self.assertFalse(self.refused("sms"))
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", MOBILE)]))
        ben = self.create_patient("Ben Roux", phone=MOBILE)
        self.assertEqual(self.write("Hello").partner_id, ben)

    def test_wrong_number_is_somebody_elses_however_it_is_written(self):
        message = self.remind()
        self.drain(times=2)
        link = message.attempt_ids.link_id[:1]
        self.assertTrue(link._is_usable())
        self.patient.clinic_wrong_phone = self.patient.phone
        self.assertFalse(link._is_usable())
        for written in ("+33 6 12 34 56 78", "0033612345678", "06.12.34.56.78"):
            self.patient.phone = written
            self.assertIn("somebody else", message._get_obstacle("sms"), written)
            self.assertTrue(self.patient.clinic_phone_is_wrong)
            self.assertNobody(self.write("PAY"))
        self.patient.phone = STRANGER
        self.assertFalse(message._get_obstacle("sms"))

    def test_answer_waiting_for_who_lost_the_number_is_not_sent(self):
        self.write("PAY")
        self.patient.phone = STRANGER
        self.assertFalse(self.answers())

    # -- words that act --------------------------------------------------------

    def test_pay_brings_a_fresh_link_at_once(self):
        self.policy.write({"window_from": 9, "window_to": 10})
        self.go_to("2026-03-10 22:00:00")
        self.write("Pay")
        [sent] = self.answers()
        self.assertIn("/p/", sent.body)
        self.assertIn("100", sent.body)
        self.assertEqual(sent.to, f"whatsapp:{MOBILE}")

    def test_answer_that_could_not_leave_at_once_waits_for_the_morning(self):
        self.policy.write({"window_from": 9, "window_to": 19})
        self.go_to("2026-03-10 17:30:00")
        self.account._open_breaker("down")
        self.write("Pay")
        for moment, count in (
            ("2026-03-10 17:30:10", 0),
            ("2026-03-10 23:30:00", 0),
            ("2026-03-11 09:30:00", 1),
        ):
            self.go_to(moment)
            self.assertEqual(len(self.answers()), count, moment)

    def test_pay_of_who_owes_nothing_says_so(self):
        self.pay(self.invoice)
        self.write("PAYER")
        [sent] = self.answers()
        self.assertIn("nothing is open", sent.body)

    def test_button_goes_before_its_text(self):
        reply = self.write("Plus tard", ButtonPayload="CALL", ButtonText="Plus tard")
        self.assertEqual(reply.action, "call")

    def test_call_plans_a_call_for_who_is_responsible(self):
        clerk = self.create_user("clerk", "clinic_dunning.group_front_desk")
        self.case.responsible_id = clerk
        for _time in range(3):
            self.write("Call me please" if _time else "call me")
        activity = self.case.activity_ids.filtered(
            lambda a: a.activity_type_id == self.env.ref("clinic_dunning.activity_call")
        )
        self.assertRecordValues(activity, [{"user_id": clerk.id}])
        self.assertTrue(self.case.is_call_due)

    def test_paid_pauses_as_the_desk_does(self):
        for _time in range(2):
            self.write("déjà payé")
        self.assertRecordValues(self.case.hold_ids, [{"reason": "says_paid"}])
        [sent] = self.answers()
        self.assertIn("noted", sent.body)

    def test_paid_said_again_and_again_asks_a_person(self):
        for day in ("2026-03-20", "2026-03-30"):
            self.write("paid")
            self.go_to(f"{day} 10:00:00")
        reply = self.write("paid")
        self.assertEqual((reply.action, reply.state), ("paid", "open"))
        self.assertEqual(len(self.case.hold_ids), 2)
        self.assertFalse(self.case.hold_ids.filtered("is_active"))
        self.assertEqual(
            self.case.activity_ids.mapped("summary"), ["Says again that it is paid"]
        )

    def test_plan_brings_the_link_and_tells_staff(self):
        reply = self.write("kist")
        self.assertEqual((reply.action, reply.state), ("plan", "open"))
        self.assertIn("/p/", "".join(sent.body for sent in self.answers()))

    def test_book_confirm_and_cancel_reach_a_person(self):
        for text, action in (
            ("BOOK", "book"),
            ("confirmer", "confirm"),
            ("रद्द", "cancel"),
        ):
            reply = self.write(text)
            self.assertEqual((reply.action, reply.state), (action, "open"))
        self.assertEqual(len(self.case.activity_ids), 1)

    def test_book_that_is_taken_care_of_asks_nobody(self):
        with patch.object(
            self.registry["clinic.reply"], "_reply_book", lambda _self: True
        ):
            reply = self.write("BOOK")
        self.assertEqual(reply.state, "done")
        self.assertFalse(self.case.activity_ids)

    # -- what is answered --------------------------------------------------------

    def test_button_acts_for_whom_its_message_was_sent_to(self):
        self.remind()
        self.drain(times=2)
        first = self.twilio.outbound[-1]
        ben = self.create_patient("Ben Roux", phone=MOBILE)
        self.create_invoice(ben)
        self.remind()
        self.drain(times=2)
        self.assertNotEqual(self.twilio.outbound[-1], first)
        self.assertEqual(self.write("Hello").partner_id, ben)
        reply = self.write(
            "Already paid", ButtonPayload="PAID", OriginalRepliedMessageSid=first.sid
        )
        self.assertEqual((reply.partner_id, reply.case_id), (self.patient, self.case))
        self.assertEqual(self.case.hold_ids.mapped("reason"), ["says_paid"])

    def test_button_of_an_unknown_message_is_for_a_person(self):
        unknown = {"OriginalRepliedMessageSid": "SM" + "0" * 32}
        reply = self.write("Already paid", ButtonPayload="PAID", **unknown)
        self.assertRecordValues(reply, [{"action": False, "state": "open"}])
        self.assertFalse(self.case.hold_ids)
        self.assertEqual(self.write("STOP", **unknown).action, "stop")

    def test_bare_words_act_in_answer_to_what_asks_for_them(self):
        self.assertFalse(self.write("done").action)
        self.remind()
        self.drain(times=2)
        for word in ("ok", "Oui", "d'accord", "ठीक है", "yes", "non"):
            reply = self.write(word, on="sms")
            self.assertRecordValues(reply, [{"action": False, "state": "open"}])
        self.assertEqual(self.write("ho gaya", on="sms").action, "paid")

    # -- text ------------------------------------------------------------------

    def test_free_text_reaches_the_person_in_charge(self):
        reply = self.write("Can I come <b>tomorrow</b>?")
        self.assertRecordValues(
            reply, [{"state": "open", "case_id": self.case.id, "action": False}]
        )
        self.assertIn("&lt;b&gt;tomorrow", self.case.message_ids[0].body)
        self.assertEqual(self.case.message_ids[0].author_id, self.patient)
        self.assertEqual(
            self.case.activity_ids.activity_type_id,
            self.env.ref("clinic_dunning.activity_reply"),
        )
        self.assertFalse(self.answers())

    def test_medical_text_is_set_aside_and_answered_neutrally_once_a_day(self):
        texts = ("My HIV test is back", "K29.7 again", "मधुमेह की दवा")
        for text in texts:
            reply = self.write(text)
            self.assertEqual((reply.state, reply.body), ("aside", False))
        for trace in (
            self.case.message_ids.mapped("body"),
            self.case.activity_ids.mapped("note"),
            self.case.activity_ids.mapped("summary"),
            self.env["clinic.message"].search([]).mapped("preview"),
            self.env["clinic.reply"].search([]).mapped("preview"),
        ):
            for text in texts:
                self.assertNotIn(text, " ".join(filter(None, trace)))
        self.assertFalse(any(self.events().mapped("form")))
        [sent] = self.answers()
        self.assertIn("privacy", sent.body)
        self.go_to("2026-03-11 10:00:00")
        self.write("My HIV test is back")
        self.assertEqual(len(self.answers()), 1)

    def test_files_are_set_aside_and_not_fetched(self):
        reply = self.write(
            "", media=1, MediaUrl0="http://127.0.0.1:1/x", MediaContentType0="image"
        )
        self.assertEqual((reply.state, reply.media), ("aside", 1))

    def test_empty_message_reaches_a_person(self):
        reply = self.write("")
        self.assertEqual((reply.state, reply.preview), ("open", "(empty)"))

    def test_stranger_gets_a_neutral_answer_once_a_day(self):
        for text in ("Hello?", "Hello??"):
            reply = self.write(text, number=STRANGER)
            self.assertRecordValues(
                reply, [{"state": "open", "partner_id": False, "case_id": False}]
            )
        [sent] = self.answers()
        self.assertEqual(sent.to, f"whatsapp:{STRANGER}")
        self.assertNotIn("/p/", sent.body)

    def test_answers_are_in_the_language_of_the_person(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.patient.lang = "fr_FR"
        self.write("aide")
        [sent] = self.answers()
        self.assertTrue(sent.body.startswith("Ici Clinic Martin"))

    def test_later_stop_ends_an_answer_that_has_not_left(self):
        self.write("PAY")
        self.go_to("2026-03-10 10:01:00")
        self.write("STOP")
        [sent] = self.answers()
        self.assertIn("no more", sent.body)

    def test_reply_opens_the_day_of_free_answers(self):
        self.write("Hello")
        sessions = self.env["clinic.whatsapp.session"]
        self.assertTrue(sessions._is_open(self.account, MOBILE))
        self.assertFalse(sessions._is_open(self.account, CLINIC_WHATSAPP))
        self.go_to("2026-03-11 10:00:01")
        self.assertFalse(sessions._is_open(self.account, MOBILE))

    def set_one_aside(self):
        """The person writes, and it can't be applied; return the event."""
        self.reply("I am ill")
        event = self.events()[-1:]
        event.form = [pair for pair in event.form if pair[0] != "From"]
        with mute_logger("odoo.addons.clinic_whatsapp.models.event_apply"):
            self.apply()
        self.assertTrue(event.problem)
        return event

    def test_what_an_erased_person_wrote_is_gone(self):
        self.invoice.button_draft()
        self.invoice.button_cancel()
        text = self.write("Please call my wife")
        aside = self.write("My biopsy was on Monday")
        document = self.env["clinic.patient.document"].create(
            {
                "company_id": self.company.id,
                "patient_id": self.patient.id,
                "content": base64.b64encode(b"%PDF-1.4 secret"),
                "file_name": "secret.pdf",
            }
        )
        lost = self.set_one_aside()
        self.patient._erase_clinic_data()
        self.assertRecordValues(lost, [{"form": False, "address_hash": False}])
        gone = {"body": False, "body_kept": False, "number": "-", "state": "done"}
        self.assertRecordValues(text | aside, [gone, gone])
        self.assertEqual((document.state, document.content), ("erased", False))
        self.assertFalse(self.env["clinic.whatsapp.session"].search([]))
        self.assertFalse(any(self.env["clinic.twilio.event"].mapped("address_hash")))
        # The number is a stranger's from now on.
        self.assertFalse(self.write("PAY").partner_id == self.patient)
