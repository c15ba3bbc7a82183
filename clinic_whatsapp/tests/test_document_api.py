from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.common import create_clinic

from ..controllers import document_api
from ..tools import upload
from .document_common import SECRET_NAME, make_pdf

PATH = document_api.PREFIX


@tagged("post_install", "-at_install")
class TestDocumentApi(HttpCase):
    """What a laboratory's software may do with its key, and what it is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = create_clinic(cls.env, "Clinic Martin")
        cls.patient = cls.env["res.partner"].create(
            {"name": "Ana Diaz", "ref": "P0042", "email": "ana@example.com"}
        )
        cls.user = cls.make_user("lab", "clinic_whatsapp.group_document_interface")
        cls.key = cls.make_key(cls.user)
        cls.Document = cls.env["clinic.patient.document"]

    @classmethod
    def make_user(cls, login, group):
        return new_test_user(
            cls.env,
            login,
            groups=f"base.group_user,{group}" if group else "base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def make_key(cls, user):
        until = fields.Datetime.now() + timedelta(days=1)
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(None, "laboratory", until)

    def post(self, content=b"%PDF-1.4 one", key=None, path=PATH, **form):
        """Hand in a file as a program does; return (status, JSON)."""
        key = self.key if key is None else key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        files = content is not None and {"file": (SECRET_NAME, content)}
        answer = self.url_open(
            path,
            data={"reference": "P0042", **form},
            files=files or None,
            headers=headers,
        )
        return answer.status_code, answer.json()

    def assertRefused(self, answer, status, code):
        self.assertEqual((answer[0], answer[1]["error"]), (status, code))
        self.assertTrue(answer[1]["message"])
        self.assertFalse(self.Document.search([]))

    def test_document_is_taken_once_and_announced(self):
        status, told = self.post()
        document = self.Document.search([])
        self.assertEqual(status, 201)
        self.assertEqual(
            told,
            {"id": document.id, "state": "announced", "opened": 0, "downloaded": 0},
        )
        self.assertRecordValues(
            document,
            [
                {
                    "patient_id": self.patient.id,
                    "company_id": self.company.id,
                    "source": "api",
                    "reference": "P0042",
                    "confidential": False,
                }
            ],
        )
        self.assertEqual(self.post(), (200, told))
        self.assertEqual(self.post(make_pdf("two"))[0], 201)
        self.assertEqual(self.Document.search_count([]), 2)

    def test_options(self):
        _status, told = self.post(announce="0", confidential="1")
        self.assertEqual(told["state"], "waiting")
        self.assertTrue(self.Document.browse(told["id"]).confidential)

    def test_unknown_reference_waits_for_a_person(self):
        status, told = self.post(reference="P9999")
        self.assertEqual((status, told["state"]), (201, "unmatched"))
        status, told = self.post(reference="Ana Diaz")
        self.assertEqual((status, told["state"]), (201, "unmatched"))

    def test_reference_is_exact_here(self):
        self.assertEqual(self.post(reference="P0042_x")[1]["state"], "unmatched")

    def test_program_asks_how_far_it_is(self):
        _status, told = self.post()
        self.Document.browse(told["id"])._note_seen("document")
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.url_open(f"{PATH}/{told['id']}", headers=headers)
        self.assertEqual(
            answer.json(), {**told, "state": "downloaded", "downloaded": 1}
        )
        answer = self.url_open(f"{PATH}/999999", headers=headers)
        self.assertEqual((answer.status_code, answer.json()["error"]), (404, "unknown"))

    def test_key_is_needed(self):
        self.assertRefused(self.post(key=""), 401, "key")
        self.assertRefused(self.post(key="0" * 40), 401, "key")

    def test_key_of_somebody_else_is_refused(self):
        key = self.make_key(self.make_user("anybody", ""))
        self.assertRefused(self.post(key=key), 403, "rights")
        other = create_clinic(self.env, "Clinic Other")
        self.assertRefused(self.post(company=str(other.id)), 403, "company")
        self.assertRefused(self.post(company="x"), 403, "company")

    def test_session_of_a_browser_is_no_key(self):
        self.make_user("clerk", "clinic_dunning.group_front_desk")
        self.authenticate("clerk", "clerk")
        self.assertRefused(self.post(key=""), 401, "key")

    def test_interface_sees_no_document(self):
        self.post()
        documents = self.Document.with_user(self.user)
        self.assertFalse(documents.has_access("read"))

    def test_wrong_kind_is_refused(self):
        self.assertRefused(self.post(b"<script>alert(1)</script>"), 415, "kind")
        self.assertRefused(self.post(upload.ZIP + b"x"), 415, "kind")

    def test_missing_parts_are_named(self):
        self.assertRefused(self.post(None), 400, "empty")
        self.assertRefused(self.post(b""), 400, "empty")
        self.assertRefused(self.post(reference=" "), 400, "reference")
        self.assertRefused(self.post(reference="1" * 65), 400, "reference")

    def test_too_large_is_refused(self):
        with patch.object(upload, "MOST_BYTES", 50):
            self.assertRefused(self.post(b"%PDF-" + b"x" * 46), 413, "too_large")
        content = b"%PDF-" + b"x" * document_api.MOST_READ
        self.assertRefused(self.post(content), 413, "too_large")

    def test_too_many_calls_wait(self):
        with patch.object(document_api, "CALLS_PER_MINUTE", 0):
            self.assertRefused(self.post(), 429, "too_many")

    @mute_logger("odoo.http")
    def test_fault_of_ours_tells_nothing(self):
        def fail(*_arguments, **_options):
            raise RuntimeError("P0042 of Ana Diaz")

        with patch.object(type(self.Document), "_take", fail):
            status, told = self.post()
        self.assertEqual((status, told["error"]), (500, "server"))
        self.assertNotIn("Ana", str(told))

    def test_log_says_nothing_of_a_patient(self):
        with self.assertLogs(level="DEBUG") as logs:
            self.post()
            self.post(b"<html>")
            self.post(reference="Ana Diaz")
        lines = [
            line
            for line in logs.output
            if not line.startswith(("DEBUG:odoo.sql_db", "DEBUG:urllib3"))
        ]
        for word in ("P0042", "Diaz", "biops"):
            self.assertNotIn(word, "\n".join(lines))
