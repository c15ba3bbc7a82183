from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import DunningCase, level

MAIL = "odoo.addons.mail.models.mail_mail"
SPAM_554 = "SMTPDataError: (554, b'5.7.1 Message refused')"


@tagged("post_install", "-at_install")
class TestOutboxMailServer(DunningCase):
    """The mail server's own troubles are nobody's wrong address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.policy.level_ids.route_id = cls.create_route("email", "letter")
        for name in ("Ana Diaz", "Ben Roux", "Cleo Petit"):
            cls.create_invoice(cls.create_patient(name))

    def attempts(self):
        return self.env["clinic.message.attempt"].search([], order="id")

    @mute_logger(MAIL)
    def test_refused_text_is_tried_again_and_no_letter_takes_its_place(self):
        messages = self.remind()
        self.drain(fault=SPAM_554)
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(set(self.attempts().mapped("channel")), {"email"})
        self.assertTrue(all(self.attempts().mapped("retryable")))

    def test_server_that_does_not_answer_is_asked_once_a_slice(self):
        messages = self.remind()
        calls = []

        def connect(*_args, **_kwargs):
            calls.append(1)
            raise ConnectionRefusedError(111, "Connection refused")

        with (
            patch.object(IrMail_Server, "_disable_send", lambda _self: False),
            patch.object(IrMail_Server, "_connect__", connect),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            self.env(cr=cr)["clinic.message"]._cron_send()
        messages.invalidate_recordset()
        self.assertEqual(len(calls), 1)
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(set(messages.mapped("tries")), {0})

    @mute_logger(MAIL)
    def test_no_secret_stays_with_an_email_that_did_not_leave(self):
        self.remind()
        self.drain(fault=SPAM_554)
        mails = self.attempts().sudo().mail_mail_id
        self.assertEqual(len(mails), 3)
        for mail in mails:
            self.assertNotRegex(mail.body_html, r"/p/[A-Za-z0-9_-]{22}")
