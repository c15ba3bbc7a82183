from whatsapp import MOBILE, WebhookCase

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.clinic_dunning.tests.common import level
from odoo.addons.clinic_whatsapp.hooks import uninstall_hook


@tagged("post_install", "-at_install")
class TestWhatsappAnswer(WebhookCase):
    """Staff answer from the case; what was set aside is passed on and removed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_policy(level("First", 7)).level_ids.route_id = cls.create_route(
            "sms", "email"
        )
        cls.create_invoice()
        cls.clerk = cls.create_user("clerk", "clinic_dunning.group_front_desk")
        cls.case = cls.env["clinic.followup.case"]._get_or_create(
            cls.patient, cls.company
        )
        cls.at_desk = cls.case.with_user(cls.clerk)

    def write(self, body, **vals):
        self.reply(body, **vals)
        self.apply()
        return self.env["clinic.reply"].search([], limit=1).with_user(self.clerk)

    def answer(self, text, **vals):
        """Answer through the dialog; return the message."""
        action = self.at_desk.action_answer()
        dialog = Form(
            self.env["clinic.reply.answer"]
            .with_user(self.clerk)
            .with_context(**action["context"])
        )
        for name, value in {"text": text, **vals}.items():
            setattr(dialog, name, value)
        dialog.save().action_send()
        return self.env["clinic.message"].search([], limit=1)

    def test_answer_goes_out_as_free_text_and_clears_the_lists(self):
        reply = self.write("Can I come at 9?")
        message = self.answer("Yes: ring 01 42 68 53 00 when you arrive.")
        self.drain()
        [sent] = self.twilio.outbound
        self.assertEqual(sent.to, f"whatsapp:{MOBILE}")
        self.assertEqual(sent.body, "Yes: ring 01 42 68 53 00 when you arrive.")
        self.assertFalse(sent.content_sid)
        self.assertEqual(self.states(message)[1], [("whatsapp", "accepted", False)])
        self.assertRecordValues(
            reply, [{"state": "answered", "settled_by": self.clerk.id}]
        )
        self.assertFalse(self.case.activity_ids)

    def test_answer_by_sms_is_written_in_its_letters(self):
        self.write("Puis-je venir ?", on="sms")
        self.answer("Oui, à bientôt")
        self.drain()
        self.assertEqual(self.twilio.outbound[0].to, MOBILE)

    def test_after_24_hours_the_answer_is_refused_in_words(self):
        self.write("Hello")
        self.go_to("2026-03-11 10:00:00")
        with self.assertRaisesRegex(UserError, "24 hours"):
            self.answer("Hello")

    def test_who_has_not_written_gets_no_free_text(self):
        with self.assertRaisesRegex(UserError, "has not written"):
            self.at_desk._answer("whatsapp", "Hello")

    def test_answer_says_nothing_medical(self):
        self.write("Hello")
        with self.assertRaisesRegex(UserError, "hiv"):
            self.answer("Your HIV appointment is at 9")
        with self.assertRaisesRegex(UserError, "K29.7"):
            self.answer("About K29.7")
        with self.assertRaisesRegex(UserError, "Write an answer"):
            self.at_desk._answer("whatsapp", " \u2800 ")

    def test_who_wrote_stop_afterwards_gets_no_answer(self):
        self.write("Hello")
        self.go_to("2026-03-10 10:05:00")
        self.write("STOP")
        with self.assertRaisesRegex(UserError, "not to be written to"):
            self.answer("Is all well?")

    def test_stop_between_answer_and_sending_ends_it(self):
        self.write("Hello")
        message = self.answer("Hello Ana")
        self.go_to("2026-03-10 10:05:00")
        self.write("STOP")
        self.drain(times=2)
        self.assertEqual(message.state, "failed")
        self.assertNotIn("Hello Ana", [sent.body for sent in self.twilio.outbound])

    def test_conversation_tells_both_sides_in_order(self):
        self.remind()
        self.drain()
        self.go_to("2026-03-10 10:01:00")
        self.write("Who <i>are</i> you?")
        self.go_to("2026-03-10 10:02:00")
        self.write("It is about my HIV test")
        self.go_to("2026-03-10 10:03:00")
        self.answer("The reception")
        self.env.invalidate_all()
        page = str(self.at_desk.conversation_html)
        order = ["Hi Ana", "Who &lt;i&gt;are", "Set aside", "The reception"]
        self.assertEqual(sorted(order, key=page.index), order)
        self.assertNotIn("HIV", page)
        self.assertNotRegex(page, "/p/[A-Za-z0-9_-]{22}")

    def test_what_was_set_aside_is_read_once_passed_on_and_removed(self):
        reply = self.write("My HIV test?")
        with self.assertRaises(AccessError):
            reply.read(["body_kept"])
        dialog = Form(
            self.env["clinic.reply.pass"]
            .with_user(self.clerk)
            .with_context(**reply.action_pass_on()["context"])
        )
        self.assertEqual(dialog.body_shown, "My HIV test?")
        dialog.passed_to = "Dr Roux"
        dialog.save().action_pass_on()
        self.assertRecordValues(
            reply,
            [{"state": "passed", "passed_to": "Dr Roux", "settled_by": self.clerk.id}],
        )
        self.assertFalse(reply.sudo().body_kept)
        self.assertFalse(self.case.activity_ids)
        log = self.env["clinic.access.log"].search([("what", "=", "reply")])
        self.assertEqual((log.user_id, log.partner_id), (self.clerk, self.patient))

    def test_replies_can_be_neither_written_nor_read_elsewhere(self):
        reply = self.write("Hello")
        with self.assertRaises(AccessError):
            reply.write({"body": "Other"})
        employee = self.create_user("employee", "base.group_user")
        with self.assertRaises(AccessError):
            reply.with_user(employee).read(["body"])

    def test_reply_shows_in_the_work_list_until_it_is_settled(self):
        cases = self.env["clinic.followup.case"].with_user(self.clerk)
        kind = self.env.ref("clinic_dunning.activity_reply")
        domain = [("activity_ids.activity_type_id", "=", kind.id)]
        reply = self.write("Hello")
        self.assertIn(self.case, cases.search(domain))
        self.assertEqual(self.at_desk.why_now, "Wrote to us")
        reply.action_settled()
        self.assertNotIn(self.case, cases.search(domain))

    def test_addon_leaves_without_its_answers_topics(self):
        self.write("HELP")
        self.drain()
        self.write("CALL")
        help_topic = self.env.ref("clinic_whatsapp.topic_reply_help")
        noted = self.env.ref("clinic_whatsapp.topic_reply_noted")
        answers = self.env["clinic.message"].search(
            [("topic_id", "in", (help_topic | noted).ids)]
        )
        uninstall_hook(self.env)
        (help_topic | noted).unlink()
        self.assertFalse(answers.topic_id)
        self.assertEqual(answers.sorted("id").mapped("state"), ["review", "canceled"])
