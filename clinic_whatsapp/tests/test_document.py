from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import DunningCase, create_clinic

from .document_common import REVEALING, SECRET_NAME, encode, make_pdf, make_zip


@tagged("post_install", "-at_install")
class TestDocument(DunningCase):
    """Whose a file is, who may touch it, and how it goes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient.ref = "P0042"
        cls.clerk = cls.create_user("clerk", "clinic_dunning.group_front_desk")
        cls.Document = cls.env["clinic.patient.document"]

    def take(self, name="P0042_scan.pdf", text="one", **how):
        """Take a file as the system does; return the document."""
        return self.Document._take(self.company, name, make_pdf(text), **how)[0]

    def get_link(self, document):
        link, _url = self.env["clinic.link"]._issue(
            document.notice_id.partner_id,
            self.company,
            "document",
            message_id=document.notice_id.id,
        )
        return link

    def assertDenied(self, call):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            call()

    # -- by reference ------------------------------------------------------------------

    def test_reference_of_the_patient_finds_him(self):
        for name in ("P0042_scan.pdf", "p0042.pdf", "P0042 of today.pdf"):
            document = self.take(name, name)
            self.assertEqual(document.patient_id, self.patient, name)
            self.assertEqual(document.state, "announced")

    def test_reference_of_documents_and_number_of_a_bill_find_him(self):
        self.patient.clinic_document_ref = "LAB-77/1"
        invoice = self.create_invoice(clinic_confidential=True)
        document = self.take("x.pdf", "a", reference="lab-77/1")
        self.assertFalse(document.confidential)
        self.assertEqual(document.patient_id, self.patient)
        document = self.take(f"{invoice.name.replace('/', '-')}_scan.pdf", "b")
        self.assertEqual(document.patient_id, self.patient)
        self.assertTrue(document.confidential)

    def test_bill_of_a_child_finds_the_child(self):
        child = self.create_patient("Lea Roux")
        invoice = self.create_invoice(clinic_patient_id=child.id)
        document = self.take(reference=invoice.name)
        self.assertEqual(document.patient_id, child)

    def test_what_fits_two_people_is_nobodys(self):
        self.create_patient(ref="P0043")
        self.create_patient("Ana Diaz", clinic_document_ref="P0042")
        for name in ("P0042_scan.pdf", "P0043_P0042.pdf"):
            document = self.take(name, name)
            if name.startswith("P0043"):
                self.assertEqual(document.patient_id.ref, "P0043")
                continue
            self.assertRecordValues(
                document, [{"patient_id": False, "state": "unmatched"}]
            )
            self.assertIn("Several", document.match_note)
        self.create_patient("Other", ref="P0043_P0042")
        document = self.take("P0043_P0042.pdf", "again")
        self.assertFalse(document.patient_id)

    def test_name_alone_finds_nobody(self):
        self.patient.ref = "Diaz"
        for name in ("Diaz.pdf", "Ana Diaz_scan.pdf", "diaz_ana.pdf"):
            document = self.take(name, name)
            self.assertFalse(document.patient_id, name)
            self.assertIn("no proof", document.match_note)

    def test_unknown_reference_waits(self):
        document = self.take("P9999_x.pdf")
        self.assertEqual(document.state, "unmatched")
        self.assertFalse(document.notice_id)

    def test_people_of_another_company_are_not_found(self):
        other = create_clinic(self.env, "Clinic Other")
        self.patient.company_id = other
        self.assertFalse(self.take().patient_id)

    def test_insurer_gets_no_document(self):
        self.patient.clinic_is_third_party_payer = True
        self.assertFalse(self.take().patient_id)

    # -- once --------------------------------------------------------------------------

    def test_same_file_is_taken_once(self):
        first = self.take()
        again, is_new = self.Document._take(self.company, "P0042.pdf", make_pdf())
        self.assertEqual((again, is_new), (first, False))
        self.assertNotEqual(self.take(text="two"), first)
        self.create_patient(ref="P0050")
        self.assertNotEqual(self.take("P0050.pdf"), first)

    # -- at the desk -------------------------------------------------------------------

    def test_clerk_hands_in_a_file_for_a_patient(self):
        with Form(
            self.Document.with_user(self.clerk).with_context(
                default_patient_id=self.patient.id
            )
        ) as form:
            form.upload = encode(make_pdf())
        document = form.record
        self.assertRecordValues(
            document,
            [
                {
                    "patient_id": self.patient.id,
                    "state": "announced",
                    "source": "desk",
                    "reference": False,
                    "mimetype": "application/pdf",
                    "size": 1,
                }
            ],
        )
        self.assertEqual(self.patient.with_user(self.clerk).clinic_document_count, 1)

    def test_clerk_is_told_what_is_wrong(self):
        for data in (False, "!", encode(b"<html>")):
            with self.assertRaises(ValidationError):
                self.Document.with_user(self.clerk).create(
                    {"patient_id": self.patient.id, "upload": data}
                )
        vals = {"patient_id": self.patient.id, "upload": encode(make_pdf())}
        self.Document.with_user(self.clerk).create(vals)
        with self.assertRaisesRegex(ValidationError, "there already"):
            self.Document.with_user(self.clerk).create(vals)

    def test_clerk_files_nothing_in_another_company(self):
        other = create_clinic(self.env, "Clinic Roy")
        foreign = self.create_patient("Zoe Lund", company_id=other.id)
        for vals in ({"company_id": other.id}, {"patient_id": foreign.id}):
            vals["upload"] = encode(make_pdf())
            create = self.Document.with_user(self.clerk).create
            self.assertDenied(lambda create=create, vals=vals: create(vals))

    def test_many_files_are_each_answered(self):
        drop = self.env["clinic.document.drop"].with_user(self.clerk).create({})
        archive = make_zip(
            P0042_a__pdf=make_pdf("a"),
            P0042_b__pdf=make_pdf("b"),
            Diaz__pdf=make_pdf("c"),
            P0042_c__exe=b"MZ",
        )
        self.assertEqual(drop.take_file("today.zip", encode(archive)), 1)
        drop.take_file("P0042_again.pdf", encode(make_pdf("a")))
        drop.take_file("broken.zip", encode(archive[:99]))
        drop.refuse_file("lost.pdf")
        self.assertRecordValues(
            drop, [{"announced": 2, "unmatched": 1, "known": 1, "refused": 3}]
        )
        self.assertEqual(len(self.Document.search([])), 3)
        self.assertEqual(drop.action_show()["res_id"], drop.id)
        action = drop.action_open_documents()
        self.assertTrue(action["context"]["search_default_unmatched"])

    def test_files_dropped_at_a_patient_are_his(self):
        drop = self.env["clinic.document.drop"].with_user(self.clerk)
        drop = drop.create({"patient_id": self.patient.id})
        drop.take_file("any name.pdf", encode(make_pdf()))
        self.assertEqual(drop.line_ids.patient_id, self.patient)

    def test_strangers_hand_in_and_see_nothing(self):
        self.take()
        for login, group in (
            ("anybody", "base.group_user"),
            ("p", "base.group_portal"),
        ):
            user = self.create_user(login, group)
            documents = self.Document.with_user(user)
            self.assertDenied(lambda documents=documents: documents.search([]).read())
            drops = self.env["clinic.document.drop"].with_user(user)
            self.assertDenied(lambda drops=drops: drops.create({}))

    def test_other_company_sees_nothing(self):
        other = create_clinic(self.env, "Clinic Other")
        user = self.create_user("other", "clinic_dunning.group_clinic_manager", other)
        document = self.take().with_context(allowed_company_ids=other.ids)
        document = document.with_user(user)
        self.assertFalse(document.search([]))
        self.assertDenied(document.action_erase)

    # -- the file itself ---------------------------------------------------------------

    def test_file_is_read_by_its_own_door_only(self):
        document = self.take()
        file = self.env["ir.attachment"].search(
            [("res_model", "=", self.Document._name), ("res_field", "=", "content")]
        )
        self.assertFalse(file.public)
        manager = self.create_user("boss", "clinic_dunning.group_clinic_manager")
        for user in (self.clerk, manager):
            self.assertDenied(lambda u=user: file.with_user(u).read(["datas"]))
            self.assertDenied(lambda u=user: document.with_user(u).read(["content"]))

    def test_nobody_writes_what_follows_what_happens(self):
        document = self.take().with_user(self.clerk)
        for vals in ({"state": "unmatched"}, {"downloads": 0}, {"notice_id": False}):
            self.assertDenied(lambda vals=vals: document.write(vals))
        with self.assertRaises(UserError):
            document.patient_id = self.create_patient()
        self.assertDenied(document.unlink)
        with self.assertRaises(UserError):
            document.sudo().unlink()

    # -- unmatched and wrong -----------------------------------------------------------

    def test_clerk_assigns_what_nobody_was_found_for(self):
        document = self.take("scan.pdf").with_user(self.clerk)
        document.patient_id = self.patient
        self.assertRecordValues(
            document,
            [{"state": "announced", "match_note": False, "reference": "scan"}],
        )
        self.assertEqual(document.notice_id.sudo().partner_id, self.patient)

    def test_wrong_match_is_undone_before_the_notice_leaves(self):
        document = self.take()
        notice = document.notice_id
        document.with_user(self.clerk).action_unmatch()
        self.assertRecordValues(
            document, [{"state": "unmatched", "patient_id": False, "notice_id": False}]
        )
        self.assertEqual(notice.state, "canceled")
        self.assertFalse(document.activity_ids)
        with self.assertRaises(UserError):
            document.action_unmatch()

    def test_wrong_match_that_was_read_is_a_managers_matter(self):
        manager = self.create_user("boss", "clinic_dunning.group_clinic_manager")
        document, other = self.take(), self.take(text="two")
        self.assertEqual(document.notice_id, other.notice_id)
        link = self.get_link(document)
        self.assertEqual(link._get_documents(), document | other)
        document._note_seen("document")
        document.with_user(self.clerk).action_unmatch()
        self.assertEqual(link._get_documents(), other)
        self.assertTrue(link._is_usable())
        self.assertEqual(document.activity_ids.user_id, manager)
        line = self.env["clinic.access.log"].search([("document_id", "=", document.id)])
        self.assertEqual(line.partner_id, self.patient)
        other.action_unmatch()
        self.assertFalse(link._is_usable())

    # -- the end -----------------------------------------------------------------------

    def test_erased_document_leaves_a_stone(self):
        document = self.take(SECRET_NAME)
        link = self.get_link(document)
        document.with_user(self.clerk).action_erase()
        self.assertRecordValues(
            document,
            [
                {
                    "state": "erased",
                    "patient_id": self.patient.id,
                    "file_name": False,
                    "reference": False,
                    "erased_by": self.clerk.id,
                }
            ],
        )
        self.assertFalse(document.content)
        self.assertFalse(link._is_usable())
        self.assertNotIn("biops", str(document.read()))
        with self.assertRaises(UserError):
            document.action_announce()
        self.assertNotEqual(self.take(SECRET_NAME), document)

    def test_withdrawn_document_opens_no_more(self):
        document = self.take()
        link = self.get_link(document)
        document.with_user(self.clerk).active = False
        self.assertFalse(link._get_documents())
        document.active = True
        self.assertEqual(link._get_documents(), document)

    def test_old_copies_are_erased_as_the_clinic_wants(self):
        self.company.clinic_document_days = 30
        document, younger = self.take(), self.take(text="two")
        self.env.cr.execute(
            "UPDATE clinic_patient_document SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=31), document.id],
        )
        self.Document.invalidate_model()
        self.Document._gc_documents()
        self.assertEqual((document.state, younger.state), ("erased", "announced"))

    def test_nothing_listed_or_logged_says_what_it_is(self):
        document = self.take(SECRET_NAME)
        self.assertEqual(document.display_name, f"Document {document.id}")
        with freeze_time("2026-03-11 10:00:00"):
            self.drain()
        texts = [
            *document.message_ids.mapped("body"),
            *document.notice_id.mapped("preview"),
            str(document.notice_id.read()),
            *self.case_of().message_ids.mapped("body"),
            *self.env["clinic.access.log"].search([]).mapped("display_name"),
        ]
        for text in texts:
            for word in REVEALING:
                self.assertNotIn(word, text or "")
