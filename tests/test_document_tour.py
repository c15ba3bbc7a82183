"""A patient fetches a document on an old phone; a clerk drops a morning's files."""

from pathlib import Path
from tempfile import TemporaryDirectory

from phone import DESKTOP, PHONE, Phone
from playwright.sync_api import expect
from test_pay_tour import TourCase

from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.clinic_whatsapp.tests.document_common import make_pdf, make_zip


@tagged("post_install", "-at_install")
class TestDocumentTour(TourCase):
    size = PHONE

    def test_document_is_fetched_and_the_balance_paid(self):
        invoice = self._make_invoice(120.0)
        documents = self.env["clinic.patient.document"]
        document, _new = documents._take(
            self.company, "biopsy.pdf", make_pdf(), patient=self.patient
        )
        notice = document.notice_id
        vals = {"purpose": "document", "message_id": notice.id}
        link, path = self._make_link(self.patient, **vals)
        with self.visit(path) as phone:
            phone.sees("a document is ready for you.")
            phone.misses("120.00")
            phone.click("Send me a code")
            phone.sees("a code is on its way")
            phone.fill("The six figures of the code", "12 34 5")
            phone.click("Go on")
            phone.sees("That did not work.")
            code = link._make_code()
            self.env.flush_all()
            phone.fill("The six figures of the code", f"{code[:3]} {code[3:]}")
            phone.click("Go on")
            phone.sees("Document of")
            phone.sees("120.00 € remains open on your account.")
            with phone.page.expect_download() as download:
                phone.click("Download")
            self.assertEqual(download.value.suggested_filename, "document.pdf")
            self.assertEqual(Path(download.value.path()).read_bytes(), make_pdf())
            phone.click("See it and pay")
            phone.click("Pay 120.00 €")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")
        self.assertEqual(document.downloads, 1)
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_clerk_drops_files_and_assigns_one(self):
        self.patient.ref = "P0042"
        new_test_user(
            self.env,
            "receptionist",
            lang="en_US",
            groups="clinic_dunning.group_front_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        action = self.env.ref("clinic_whatsapp.clinic_patient_document_action")
        path = f"/web/login?redirect=/odoo/action-{action.id}"
        with (
            TemporaryDirectory() as folder,
            Phone(self, DESKTOP).opened(path) as phone,
        ):
            phone.page.locator("input[name=login]").fill("receptionist")
            phone.page.locator("input[name=password]").fill("receptionist")
            phone.page.locator("form.oe_login_form button[type=submit]").click()
            phone.sees("Drop the first files here")
            files = self.write_files(folder)
            phone.page.locator("input.document_file_uploader").set_input_files(files)
            dialog = phone.page.locator(".modal")
            expect(dialog).to_contain_text("Only PDF, JPEG and PNG files are taken.")
            for text in ("P0042_a.pdf", "P0042_b.pdf", "Martin.pdf", "no proof"):
                expect(dialog).to_contain_text(text)
            phone.click("Show the Documents")
            phone.sees("Unmatched")
        found = self.env["clinic.patient.document"].search([])
        self.assertEqual(
            sorted(found.mapped("state")), ["announced", "announced", "unmatched"]
        )

    def write_files(self, folder):
        """Return the paths of two files and an archive of two more."""
        contents = {
            "P0042_a.pdf": make_pdf("a"),
            "notes.txt": b"text",
            "rest.zip": make_zip(P0042_b__pdf=make_pdf("b"), Martin__pdf=make_pdf("c")),
        }
        for name, content in contents.items():
            Path(folder, name).write_bytes(content)
        return [str(Path(folder, name)) for name in contents]
