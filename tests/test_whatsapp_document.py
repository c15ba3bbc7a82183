"""A document is announced on a phone: nothing that leaves says what it is."""

import re

from freezegun import freeze_time
from whatsapp import CLINIC_SMS, MOBILE, WhatsappCase

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import level
from odoo.addons.clinic_whatsapp.tests.document_common import (
    REVEALING,
    SECRET_NAME,
    make_pdf,
)

LATER = "2026-03-10 10:30:00"


@tagged("post_install", "-at_install")
class TestWhatsappDocument(WhatsappCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient.ref = "P0042"
        cls.create_policy(level("First", 7), window_from=8, window_to=20)

    def announce(self, text="one"):
        """Hand in a file, let its notice leave; return the document and what left."""
        documents = self.env["clinic.patient.document"]
        document, _new = documents._take(self.company, SECRET_NAME, make_pdf(text))
        self.assertEqual(document.patient_id, self.patient)
        with freeze_time(LATER):
            mails = self.drain()
        return document, [*self.twilio.outbound, *mails]

    def assertNothingTold(self, sent):
        self.assertTrue(sent)
        for message in sent:
            for word in REVEALING:
                self.assertNotIn(word, str(vars(message)))

    def test_notice_goes_by_whatsapp_with_consent_to_care_and_an_approved_text(self):
        self.approve("document")
        self.agree(self.patient, "care")
        document, sent = self.announce()
        self.assertNothingTold(sent)
        [message] = sent
        self.assertEqual(message.to, f"whatsapp:{MOBILE}")
        self.assertIn("It opens with a code", message.body)
        link = document.notice_id.attempt_ids.link_id
        self.assertEqual(link.purpose, "document")
        self.assertEqual(link._get_documents(), document)

    def test_who_agreed_to_bills_only_gets_an_sms(self):
        self.approve("document")
        document, sent = self.announce()
        self.assertNothingTold(sent)
        [message] = sent
        self.assertEqual((message.to, message.sender), (MOBILE, CLINIC_SMS))
        self.assertEqual(document.notice_id.attempt_ids.channel, "sms")
        self.assertLessEqual(message.segments, 1)

    def test_balance_is_told_where_bills_may_be_written_of(self):
        self.create_invoice(amount=80.0)
        self.approve("document")
        self.approve("document_balance")
        self.agree(self.patient, "care")
        _document, [message] = self.announce()
        self.assertRegex(message.body, r"80[.,]00")
        self.twilio.clear()
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "channel": "whatsapp", "granted": False}
        )
        _document, [message] = self.announce("two")
        self.assertEqual(message.to, f"whatsapp:{MOBILE}")
        self.assertNotRegex(message.body, r"80[.,]00")

    def test_code_goes_by_sms_where_the_link_went_by_email(self):
        self.company.clinic_document_route_id = self.create_route("email")
        document, _sent = self.announce()
        link = document.notice_id.attempt_ids.link_id
        with freeze_time(LATER):
            link._request_code()
            self.assertFalse(self.drain())
            [message] = self.twilio.outbound
            self.assertEqual(message.to, MOBILE)
            code = re.search(r"\b\d{6}\b", message.body)[0]
            self.assertTrue(link._unlock_by_code(code))

    def test_code_never_goes_to_the_phone_that_has_the_link(self):
        self.approve("document")
        self.agree(self.patient, "care")
        document, _sent = self.announce()
        self.twilio.clear()
        self.patient.email = False
        with freeze_time(LATER):
            link = document.notice_id.attempt_ids.link_id
            self.assertEqual(link.attempt_id.channel, "whatsapp")
            link._request_code()
            self.assertFalse(self.drain() or self.twilio.outbound)

    def test_code_goes_by_email_where_the_link_went_to_the_phone(self):
        document, _sent = self.announce()
        self.twilio.clear()
        with freeze_time(LATER):
            document.notice_id.attempt_ids.link_id._request_code()
            [mail] = self.drain()
        self.assertRegex(mail.get_body(("plain",)).get_content(), r"\b\d{6}\b")
        self.assertFalse(self.twilio.outbound)
