from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ..tools import upload
from .document_common import make_pdf, make_zip


@tagged("post_install", "-at_install")
class TestUpload(BaseCase):
    """What may be handed in, and what a file's name may begin with."""

    def assertRefused(self, code, take, *arguments):
        with self.assertRaises(upload.UploadError) as caught:
            take(*arguments)
        self.assertEqual(caught.exception.code, code)

    def test_kind_is_read_from_the_content(self):
        self.assertEqual(upload.check("a.exe", make_pdf()).mimetype, "application/pdf")
        self.assertEqual(upload.check("a", b"\xff\xd8\xff\xe0").mimetype, "image/jpeg")
        for content in (b"<html>", b"MZ\x90", b"\x00" * 9, b" %PDF-1.4"):
            self.assertRefused("kind", upload.check, "a.pdf", content)
        self.assertRefused("empty", upload.check, "a.pdf", b"")

    def test_size_is_limited(self):
        with patch.object(upload, "MOST_BYTES", 35):
            upload.check("a.pdf", make_pdf()[:35])
            self.assertRefused("too_large", upload.check, "a.pdf", make_pdf()[:36])

    def test_archive_is_unpacked_without_folders_and_hidden_files(self):
        content = make_zip(
            **{"in/P1__pdf": b"1", "__DS_Store": b"x", "__MACOSX/P1__pdf": b"x"}
        )
        self.assertTrue(upload.is_archive(content))
        self.assertEqual(upload.unpack(content), [upload.File("P1.pdf", b"1")])

    def test_names_lead_nowhere(self):
        content = make_zip(**{"../../etc/P1__pdf": b"1"})
        self.assertEqual([file.name for file in upload.unpack(content)], ["P1.pdf"])
        self.assertEqual(upload.get_base_name(r"C:\scans\P1.pdf"), "P1.pdf")

    def test_archive_that_swells_is_refused_before_it_fills_the_memory(self):
        content = make_zip(a__pdf=b"\0" * 5_000_000, b__pdf=b"\0" * 5_000_000)
        self.assertLess(len(content), 50_000)
        with patch.object(upload, "MOST_UNPACKED", 6_000_000):
            self.assertRefused("unpacked", upload.unpack, content)
        with patch.object(upload, "MOST_FILES", 1):
            self.assertRefused("too_many", upload.unpack, content)

    def test_damaged_archive_is_refused(self):
        for content in (upload.ZIP, upload.ZIP + b"x" * 99, make_zip(a__pdf=b"1")[:-9]):
            self.assertRefused("archive", upload.unpack, content)

    def test_reference_begins_the_name(self):
        self.assertEqual(
            upload.get_references("P-0042_scan 2.pdf"),
            ["P-0042_scan 2", "P-0042_scan", "P-0042"],
        )
        self.assertEqual(upload.get_references("P0042.pdf"), ["P0042"])
        self.assertEqual(upload.get_references("_x.pdf"), ["_x"])

    def test_name_is_no_reference(self):
        for text in ("Martin", "Jean Martin", "", "A1"):
            self.assertFalse(upload.is_reference(text), text)
        self.assertTrue(upload.is_reference("P0042"))
