import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import TODAY, DunningCase

from .document_common import make_pdf

LATER = "2026-03-10 10:30:00"


@tagged("post_install", "-at_install")
class TestDocumentNotice(DunningCase):
    """Who is told, what is said of money, and that money holds nothing back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient.ref = "P0042"
        cls.company.clinic_document_route_id = cls.create_route("email")

    def take(self, text="one", patient=None, **how):
        documents = self.env["clinic.patient.document"]
        return documents._take(
            self.company,
            "x.pdf",
            make_pdf(text),
            patient=patient or self.patient,
            **how,
        )[0]

    def send(self, document):
        """Let the pause pass and send; return the text that left."""
        with freeze_time(LATER):
            [mail] = self.drain()
        self.assertEqual(document.notice_id.state, "delivered")
        return mail.get_body(("plain",)).get_content()

    # -- whom --------------------------------------------------------------------------

    def test_adult_is_told_himself(self):
        guarantor = self.create_patient("Eva Roux")
        self.patient.clinic_guarantor_id = guarantor
        self.patient.clinic_birth_date = TODAY - timedelta(days=30 * 365)
        self.assertEqual(self.take().notice_id.partner_id, self.patient)

    def test_who_answers_for_a_child_is_told(self):
        guarantor = self.create_patient("Eva Roux")
        self.patient.clinic_guarantor_id = guarantor
        self.patient.clinic_birth_date = TODAY - timedelta(days=10 * 365)
        document = self.take()
        self.assertEqual(document.notice_id.partner_id, guarantor)
        self.assertTrue(document._may_be_read_by(guarantor))
        secret = self.take("two", confidential=True)
        self.assertEqual(secret.notice_id.partner_id, self.patient)
        self.assertFalse(secret._may_be_read_by(guarantor))
        with freeze_time(f"{TODAY.year + 10}-01-01"):
            self.assertFalse(document._may_be_read_by(guarantor))

    def test_adult_without_address_who_shares_is_told_through_the_guarantor(self):
        guarantor = self.create_patient("Eva Roux")
        self.patient.write(
            {"clinic_guarantor_id": guarantor.id, "phone": False, "email": False}
        )
        document = self.take()
        self.assertEqual(document.notice_id.partner_id, self.patient)
        self.assertFalse(document._may_be_read_by(guarantor))
        self.patient.clinic_share_consent = True
        document = self.take("two")
        self.assertEqual(document.notice_id.partner_id, guarantor)
        self.assertTrue(document._may_be_read_by(guarantor))

    def test_stranger_may_read_nothing(self):
        self.assertFalse(self.take()._may_be_read_by(self.create_patient()))

    # -- when --------------------------------------------------------------------------

    def test_notice_leaves_after_the_pause_and_takes_others_along(self):
        document, other = self.take(), self.take("two")
        notice = document.notice_id
        self.assertEqual(other.notice_id, notice)
        self.assertFalse(self.drain())
        self.send(document)
        self.assertNotEqual(self.take("three").notice_id, notice)

    def test_notice_waits_for_a_person_where_the_clinic_wants_it(self):
        self.company.clinic_document_announce = False
        document = self.take()
        self.assertEqual(document.state, "waiting")
        self.assertFalse(document.notice_id)
        document.action_announce()
        self.assertEqual(document.state, "announced")

    def test_what_was_taken_back_is_not_announced(self):
        document = self.take()
        document.active = False
        with freeze_time(LATER):
            self.assertFalse(self.drain())
        self.assertEqual(document.notice_id.state, "skipped")

    def test_notice_is_no_reminder(self):
        """No cap, pause or refusal of bills puts it off; a night does."""
        notice = self.take().notice_id
        self.assertEqual(notice.purpose, "care")
        self.assertEqual(notice._get_weekly_cap(), 0)
        with freeze_time("2026-03-10 23:00:00"):
            self.assertEqual(notice._recheck()[notice].outcome, "later")

    def test_who_wants_no_message_at_all_is_a_problem_for_staff(self):
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "purpose": "care", "granted": False}
        )
        document = self.take()
        with freeze_time(LATER):
            self.assertFalse(self.drain())
        self.assertRecordValues(
            document.notice_id, [{"state": "failed", "is_problem": True}]
        )
        self.assertEqual(document.state, "announced")

    # -- what of money -----------------------------------------------------------------

    def test_text_is_neutral_and_holds_a_link_for_thirty_days(self):
        document = self.take()
        text = self.send(document)
        self.assertIn("your document from Clinic Martin is ready", text)
        self.assertNotIn("remains open", text)
        link = document.notice_id.attempt_ids.link_id
        self.assertRecordValues(
            link,
            [
                {
                    "purpose": "document",
                    "partner_id": self.patient.id,
                    "expires_at": fields.Datetime.to_datetime(LATER)
                    + timedelta(days=30),
                }
            ],
        )
        self.assertEqual(link._get_documents(), document)
        self.assertNotRegex(document.notice_id.preview, r"/p/[\w-]{22}")

    def test_open_balance_is_a_note(self):
        self.create_invoice(amount=80.0)
        self.create_credit(amount=30.0)
        document = self.take()
        text = self.send(document)
        self.assertRegex(text, r"50[.,]00")
        self.assertIn("remains open", text)
        self.assertEqual(document.notice_id.topic_id.code, "document_balance")
        self.assertEqual(document.state, "announced")
        self.assertTrue(document.notice_id.attempt_ids.link_id._get_documents())

    def test_what_was_paid_meanwhile_is_not_spoken_of(self):
        invoice = self.create_invoice()
        document = self.take()
        self.pay(invoice)
        self.assertNotIn("remains open", self.send(document))

    def assertSilent(self, document):
        notice = document.notice_id
        verdict = notice._recheck()[notice]
        self.assertEqual((verdict.outcome, verdict.amount), ("send", 0.0))
        self.assertEqual(notice.topic_id.code, "document")

    def test_what_is_left_alone_is_not_spoken_of(self):
        invoice = self.create_invoice()
        document = self.take()
        notice = document.notice_id
        self.assertEqual(notice._recheck()[notice].amount, 100.0)
        invoice.no_followup = True
        self.assertSilent(document)
        invoice.no_followup = False
        hold = self.env["clinic.followup.hold"].create(
            {"case_id": self.case_of().id, "reason": "deceased"}
        )
        self.assertSilent(document)
        hold.unlink()
        self.assertEqual(notice._recheck()[notice].amount, 100.0)
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "channel": "email", "granted": False}
        )
        self.assertSilent(document)

    def test_disputed_bill_is_not_spoken_of(self):
        invoice = self.create_invoice()
        invoice.clinic_dispute_since = TODAY
        self.assertSilent(self.take())

    # -- again -------------------------------------------------------------------------

    def test_expired_link_is_sent_again_once_a_day(self):
        document = self.take()
        url = re.search(r"\S+/p/(\S+)", self.send(document))
        links = self.env["clinic.link"]
        first = document.notice_id
        with freeze_time("2026-04-20 10:00:00"):
            for _time in range(2):
                links._renew(url[1])
            notice = document.notice_id
            self.assertNotEqual(notice, first)
            self.assertEqual(len(document.notice_ids), 2)
            self.assertEqual(notice.document_ids, document)
        links._revoke_of(self.patient)
        with freeze_time("2026-04-21 10:00:00"):
            links._renew(url[1])
        self.assertEqual(document.notice_id, notice)

    def test_code_at_the_desk_opens_the_link(self):
        document = self.take()
        self.assertIn("No link", document.action_make_code()["params"]["message"])
        self.send(document)
        message = document.action_make_code()["params"]["message"]
        link = document.notice_id.attempt_ids.link_id
        self.assertTrue(link._unlock_by_code(re.search(r"\d{6}", message)[0]))
