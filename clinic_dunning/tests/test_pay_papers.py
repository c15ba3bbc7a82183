"""What leaves the page: bank codes, the bill and the statement as real PDF files."""

import io
from urllib.parse import parse_qs, urlsplit

from pypdf import PdfReader

from odoo import http
from odoo.tests import tagged

from odoo.addons.base.models.ir_actions_report import IrActionsReport

from .common import create_clinic
from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayPapers(PayCase):
    def setUp(self):
        super().setUp()
        render = IrActionsReport._pre_render_qweb_pdf

        def really_render(report, *args, **kwargs):
            report = report.with_context(force_report_rendering=True)
            return render(report, *args, **kwargs)

        self.patch(IrActionsReport, "_pre_render_qweb_pdf", really_render)

    def read_pdf(self, answer):
        """Return what is drawn on the first page of a PDF that was downloaded.

        Text is not looked for: some builds of wkhtmltopdf draw letters as shapes.
        """
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertTrue(answer.content.startswith(b"%PDF-"))
        page = PdfReader(io.BytesIO(answer.content)).pages[0]
        shown = page.get_contents().get_data()
        self.assertGreater(len(shown), 2000, "the page is empty")
        return shown

    def get_log(self):
        """Return what is on record of who saw the patient's data."""
        lines = self.env["clinic.access.log"].search(
            [("partner_id", "=", self.patient.id)], order="id"
        )
        return lines.mapped("what")

    def test_bill_is_a_pdf_behind_the_second_factor_and_on_record(self):
        invoice = self._make_invoice(100.0)
        address = f"{self.path}/invoice/{invoice.id}"
        self.assertEqual(self.url_open(address, allow_redirects=False).status_code, 303)
        self.assertEqual(self.get_log(), [])
        self._unlock()
        answer = self.url_open(address, timeout=60)
        self.read_pdf(answer)
        self.assertIn('filename="bill.pdf"', answer.headers["Content-Disposition"])
        self.assertEqual(self.get_log(), ["page", "document"])

    def test_statement_is_a_pdf_for_who_is_logged_in_and_on_record(self):
        self._make_invoice(120.0)
        self._make_user(self.patient)
        self.authenticate("catherine", "catherine")
        answer = self.url_open(
            f"/my/clinic/statement/{self.company.id}",
            data={"csrf_token": http.Request.csrf_token(self)},
            timeout=60,
        )
        self.read_pdf(answer)
        self.assertEqual(self.get_log(), ["document"])

    def test_bank_code_of_a_euro_bill_says_whom_how_much_and_for_what(self):
        invoice = self._make_invoice(100.0)
        self.env["res.partner.bank"].create(
            {
                "partner_id": self.company.partner_id.id,
                "acc_number": "FR7630006000011234567890189",
                "allow_out_payment": True,
            }
        )
        lines = self.link._get_qr_text(
            self.link._get_statement(), self.eur
        ).splitlines()
        self.assertEqual(lines[0], "BCD")
        self.assertEqual(lines[6], "FR7630006000011234567890189")
        self.assertEqual(lines[7], "EUR100.0")
        self.assertIn(invoice.payment_reference, lines)
        self.assertIn(f"{self.path}/qr", self.url_open(self.path).text)
        image = self.url_open(f"{self.path}/qr")
        self.assertEqual(image.headers["Content-Type"], "image/png")
        self.assertTrue(image.content.startswith(b"\x89PNG"))

    def test_page_without_a_bank_account_has_no_code(self):
        self._make_invoice(100.0)
        self.assertEqual(self.url_open(f"{self.path}/qr").status_code, 404)
        self.assertNotIn("/qr", self.url_open(self.path).text)


@tagged("post_install", "-at_install")
class TestPayUpi(PayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = create_clinic(
            cls.env, "Shanti Clinic", "INR", "in", "Asia/Kolkata"
        )
        cls.company.l10n_in_upi_id = "shanti@upi"
        companies = cls.company.ids
        cls.env = cls.env(context={"lang": "en_US", "allowed_company_ids": companies})
        cls.company = cls.company.with_env(cls.env)
        cls.patient = cls.patient.with_env(cls.env)
        cls.link, cls.path = cls._make_link(cls.patient)

    def test_phone_gets_a_link_that_opens_the_payment_app(self):
        invoice = self._make_invoice(1500.5)
        page = self.url_open(self.path).text
        self.assertIn("Pay with a UPI app", page)
        text = self.link._get_qr_text(
            self.link._get_statement(), self.company.currency_id
        )
        address = urlsplit(text)
        self.assertEqual((address.scheme, address.netloc), ("upi", "pay"))
        self.assertEqual(
            {name: values[0] for name, values in parse_qs(address.query).items()},
            {
                "pa": "shanti@upi",
                "pn": "Shanti Clinic",
                "am": "1500.50",
                "cu": "INR",
                "tn": invoice.payment_reference,
            },
        )

    def test_smallest_payment_of_rupees_is_fifty(self):
        self._make_invoice(1000.0)
        answer = self._post("checkout", choice="other", amount="49", form="x")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("The smallest payment is", answer.text)
        self.assertEqual(self._choose("other", amount="50").amount, 50.0)

    def test_bill_under_the_smallest_payment_can_be_paid_whole(self):
        self._make_invoice(20.0)
        self.assertEqual(self._choose("now").amount, 20.0)
