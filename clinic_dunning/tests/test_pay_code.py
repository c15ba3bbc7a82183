import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayCode(PayCase):
    """A code sent another way than the link opens the details, too."""

    def ask(self):
        """Ask for a code on the page; return the answer's text without its tags."""
        page = self._post("code", f"{self.path}/details")
        self.assertEqual(page.status_code, 200)
        return re.sub(r'value="[^"]*"|/p/[\w-]{22}', "", page.text)

    def get_messages(self):
        topic = self.env.ref("clinic_dunning.topic_code")
        return self.env["clinic.message"].search([("topic_id", "=", topic.id)])

    def enter(self, code):
        return self._post("unlock", f"{self.path}/details", code=code).status_code

    def test_code_opens_the_details_once(self):
        invoice = self._make_invoice()
        code = self.link._make_code()
        self.assertEqual(self.enter(f" {code[:3]} {code[3:]} "), 303)
        self.assertIn(invoice.payment_reference, self._read(f"{self.path}/details"))
        self.assertFalse(self.link._unlock_by_code(code))

    def test_code_goes_through_the_outbox_and_is_kept_nowhere(self):
        self.ask()
        message = self.get_messages()
        self.assertRecordValues(
            message,
            [{"partner_id": self.patient.id, "purpose": "care", "state": "queued"}],
        )
        with freeze_time("2026-03-08 02:00:00"):
            # a Sunday night: whoever asked waits for it
            message.expires_at = fields.Datetime.now() + timedelta(minutes=10)
            verdicts = message._recheck()
        self.assertEqual(verdicts[message].outcome, "send")
        self.assertEqual(message._get_weekly_cap(), 0)
        attempt = self.env["clinic.message.attempt"].create(
            {"message_id": message.id, "channel": "email"}
        )
        letter = attempt._render(verdicts)[attempt]
        code = re.search(r"\b\d{6}\b", letter.body)[0]
        self.assertFalse(attempt.link_id)
        self.assertNotIn(code, letter.masked)
        self.assertNotIn(code, str(message.values))
        self.assertNotIn(code, str(self.link.sudo().read()))
        self.assertEqual(self.enter(code), 303)

    def test_code_ends_after_ten_minutes(self):
        code = self.link._make_code()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=11)):
            self.assertFalse(self.link._unlock_by_code(code))

    def test_newer_code_ends_the_older_one(self):
        older, newer = self.link._make_code(), self.link._make_code()
        self.assertFalse(older != newer and self.link._unlock_by_code(older))
        self.assertTrue(self.link._unlock_by_code(newer))

    def test_code_of_one_link_opens_no_other(self):
        other, _path = self._make_link(self.patient)
        self.assertFalse(other._unlock_by_code(self.link._make_code()))

    def test_wrong_codes_and_wrong_dates_count_together(self):
        code = self.link._make_code()
        for _time in range(2):
            self._unlock("1990-01-01")
        for _time in range(3):
            self.assertEqual(self.enter("000000" if code != "000000" else "1"), 422)
        self.assertTrue(self.link._is_locked())
        self.assertEqual(self.enter(code), 422)
        self.assertEqual(self._unlock().status_code, 422)

    def test_empty_code_is_wrong(self):
        for text in ("", "abc", None):
            self.assertFalse(self.link._unlock_by_code(text))

    def test_answer_is_the_same_whether_or_not_there_is_an_address(self):
        known = self.ask()
        self.patient.email = False
        self.link, self.path = self._make_link(self.patient)
        unknown = self.ask()
        self.assertEqual(known, unknown)
        self.assertIn("If we know another address", unknown)
        self.assertEqual(len(self.get_messages()), 1)

    def test_link_that_came_by_email_gets_no_code_by_email(self):
        message = self.env["clinic.message"]._queue(
            "statement",
            self.patient,
            self.company,
            "by-email",
            route_id=self.env.ref("clinic_dunning.route_email").id,
        )
        self.link.sudo().attempt_id = self.env["clinic.message.attempt"].create(
            {"message_id": message.id, "channel": "email"}
        )
        self.ask()
        self.assertFalse(self.get_messages())

    def test_one_code_a_minute_and_five_an_hour(self):
        with freeze_time(fields.Datetime.now().replace(second=1)):
            for _time in range(2):
                self.ask()
        self.assertEqual(len(self.get_messages()), 1)
        for _time in range(3):
            self.ask()
        answer = self._post("code", f"{self.path}/details")
        self.assertEqual(answer.status_code, 429)

    def test_locked_link_gets_no_code(self):
        for _time in range(5):
            self.link._unlock("1990-01-01")
        self.ask()
        self.assertFalse(self.get_messages())
