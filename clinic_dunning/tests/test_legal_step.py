from odoo.tests import tagged

from .common import DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestLegalStep(DunningCase):
    """What is open beside a formal notice is named by it, or reminded of by itself."""

    def start_notice(self, route):
        """Return the message of a notice, and the younger invoice it takes along."""
        notice = level(
            "Notice", 30, topic="formal_notice", route=route, legal_step="formal_notice"
        )
        self.create_policy(level("First", 7), notice)
        self.create_invoice(amount=100, due=days_ago(40))
        self.decide()._close()
        young = self.create_invoice(amount=60, due=days_ago(8))
        message = self.remind()
        self.assertEqual(message.level_id.name, "Notice")
        self.assertEqual(len(message.entry_ids), 2)
        self.drain()
        self.env.invalidate_all()
        return message, young

    def print_letter(self, message):
        attempt = message.attempt_ids
        attempt.action_print_letters()
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "clinic_dunning.action_report_letter", attempt.ids
        )
        return html.decode()

    def test_letter_names_what_is_also_open_and_its_level_is_done(self):
        message, young = self.start_notice("letter")
        html = self.print_letter(message)
        self.assertIn("Also open", html)
        for part in (young.name, self.company.currency_id.format(60.0)):
            self.assertIn(part, html)
        message.attempt_ids.action_mark_posted()
        self.assertEqual(message.entry_ids.mapped("state"), ["done", "done"])
        self.assertFalse(self.decide())

    def test_ordinary_letter_names_nothing_apart(self):
        self.create_policy(level(route="letter", topic="repeat"))
        self.create_invoice(due=days_ago(8))
        self.create_invoice(due=days_ago(-20))
        message = self.remind()
        self.drain()
        self.env.invalidate_all()
        self.assertNotIn("Also open", self.print_letter(message))

    def test_what_a_call_did_not_tell_comes_at_its_own_level(self):
        message, young = self.start_notice("call")
        message.attempt_ids._note_call(reached=True)
        self.assertEqual(message.state, "delivered")
        again = self.decide()
        self.assertRecordValues(again, [{"move_id": young.id, "state": "planned"}])
        self.assertEqual(again.level_id.name, "First")

    def test_notice_that_reaches_nobody_leaves_the_others_their_reminder(self):
        self.patient.write({"street": False, "city": False})
        message, young = self.start_notice("letter")
        self.assertEqual(message.state, "failed")
        self.assertEqual(self.decide().move_id, young)
