import io
from datetime import datetime
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import DunningCase

from ..tools import table
from .document_common import encode

HEADINGS = ["Reference", "Purpose", "Channel", "Answer", "Date"]
YES = ["P0042", "care", "whatsapp", "yes", "2026-02-01"]


def make_csv(*rows, delimiter=","):
    lines = [delimiter.join(row) for row in (HEADINGS, *rows)]
    return "\r\n".join(lines).encode("utf-8-sig")


def make_xlsx(*rows):
    book = Workbook()
    for row in (HEADINGS, *rows):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@tagged("post_install", "-at_install")
class TestConsentImport(DunningCase):
    """Answers given elsewhere come in with their proof, never by a name alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient.ref = "P0042"
        cls.officer = cls.create_user("officer", "clinic_dunning.group_billing_officer")
        cls.consents = cls.env["clinic.consent"]

    def open(self, content):
        return (
            self.env["clinic.consent.import"]
            .with_user(self.officer)
            .create(
                {
                    "upload": encode(content),
                    "upload_name": "old.csv",
                    "text_version": "Form of 2025",
                }
            )
        )

    def get_proofs(self):
        return self.consents.search([("partner_id", "=", self.patient.id)])

    def test_answers_are_kept_with_their_proof(self):
        content = make_csv(YES, delimiter=";")
        wizard = self.open(content)
        wizard.action_check()
        self.assertFalse(self.get_proofs())
        self.assertRecordValues(wizard, [{"count": 1, "problems": ""}])
        wizard.action_import()
        self.assertRecordValues(
            self.get_proofs(),
            [
                {
                    "purpose": "care",
                    "channel": "whatsapp",
                    "granted": True,
                    "source": "import",
                    "text_version": "Form of 2025",
                    "company_id": self.company.id,
                    "user_id": self.officer.id,
                    "date": datetime(2026, 2, 1, 12),
                }
            ],
        )
        batch = self.get_proofs().batch_id
        self.assertEqual((batch.name, batch.count), ("old.csv", 1))
        self.assertEqual(batch.content, encode(content).encode())
        with self.assertRaises(UserError):
            batch.sudo().unlink()

    def test_table_of_excel_is_read(self):
        row = ["P0042", "care", None, "no", datetime(2026, 2, 1)]
        self.open(make_xlsx(row)).action_import()
        self.assertRecordValues(
            self.get_proofs(), [{"granted": False, "channel": False}]
        )

    def test_same_table_twice_changes_nothing(self):
        self.open(make_csv(YES)).action_import()
        with self.assertRaisesRegex(UserError, "no answer to keep"):
            self.open(make_csv(YES)).action_import()
        self.assertEqual(len(self.get_proofs()), 1)

    def test_old_yes_does_not_follow_a_newer_no(self):
        self.consents.create(
            {"partner_id": self.patient.id, "purpose": "care", "granted": False}
        )
        wizard = self.open(make_csv(YES))
        wizard.action_check()
        self.assertEqual(wizard.count, 0)
        self.assertIn("older", wizard.problems)
        with self.assertRaises(UserError):
            wizard.action_import()

    def test_last_answer_of_a_table_counts(self):
        no = [*YES[:3], "no", "2026-02-02"]
        self.open(make_csv(no, YES)).action_import()
        self.assertEqual(self.get_proofs().mapped("granted"), [False])

    def test_what_is_wrong_is_said_by_row(self):
        rows = [
            ["Ana Diaz", *YES[1:]],
            ["P9999", *YES[1:]],
            ["P0042", "dunning", *YES[2:]],
            ["P0042", "care", "fax", *YES[3:]],
            [*YES[:3], "maybe", YES[4]],
            [*YES[:4], "2026-12-31"],
            [*YES[:4], "01/02/2026"],
            YES,
        ]
        wizard = self.open(make_csv(*rows))
        wizard.action_check()
        problems = wizard.problems.splitlines()
        self.assertEqual(
            [line.split(":")[0] for line in problems],
            [f"Row {number}" for number in range(2, 9)],
        )
        self.assertIn("no proof", problems[0])
        self.assertEqual(wizard.count, 1)

    def test_what_is_no_table_is_refused(self):
        for content in (b"\0\1\2", b"PK\x03\x04x", b"", b"\n"):
            with self.assertRaises(ValidationError):
                self.open(content).action_check()
        with (
            patch.object(table, "MOST_ROWS", 1),
            self.assertRaisesRegex(ValidationError, "Too many rows"),
        ):
            self.open(make_csv(YES, YES)).action_check()
        with (
            patch.object(table, "MOST_BYTES", 9),
            self.assertRaisesRegex(ValidationError, "too large"),
        ):
            self.open(make_csv(YES)).action_check()

    def test_front_desk_imports_nothing(self):
        clerk = self.create_user("clerk", "clinic_dunning.group_front_desk")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            self.env["clinic.consent.import"].with_user(clerk).create({})
