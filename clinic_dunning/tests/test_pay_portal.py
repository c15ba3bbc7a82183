from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields, http
from odoo.exceptions import UserError
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayPortal(PayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._make_user(cls.patient)

    def test_stranger_is_asked_to_log_in(self):
        for path in ("/my/clinic", f"/my/clinic/statement/{self.company.id}"):
            self.assertIn("/web/login", self.url_open(path).url)

    def test_patient_sees_own_account_and_payments(self):
        invoice = self._make_invoice(120.0)
        self._pay_at_desk(self._make_invoice(33.0))
        self.authenticate("catherine", "catherine")
        page = self._read("/my/clinic")
        self.assertIn("120.00", page)
        self.assertIn(invoice.payment_reference or invoice.name, page)
        self.assertIn("33.00", page)
        self.assertIn("Saved cards", page)
        self.assertIn("We may write to you Bills: Email, ", page)

    def test_other_patient_sees_nothing_of_it(self):
        invoice = self._make_invoice(120.0)
        self._make_user(self._make_patient("Ben Roux"), "ben")
        self.authenticate("ben", "ben")
        self.assertNotIn(invoice.name, self._read("/my/clinic"))
        path = f"/my/clinic/statement/{self.company.id}"
        token = http.Request.csrf_token(self)
        page = self.url_open(path, data={"csrf_token": token})
        self.assertEqual(page.status_code, 404)

    def test_confidential_bill_of_a_relative_is_nowhere_in_the_portal(self):
        child = self._make_patient("Lea Martin", parent_id=self.patient.id)
        bill = self._make_invoice(
            77.0, partner=child, clinic_confidential=True, clinic_patient_id=child.id
        )
        self._pay_at_desk(bill)
        daughter = self._make_user(child, "daughter")
        for records in (bill, bill.line_ids):
            domain = [("id", "in", records.ids)]
            self.assertFalse(records.with_user(self.user).search(domain))
            self.assertTrue(records.with_user(daughter).search(domain))
        link = self.env["clinic.link"]._get_virtual(self.patient, self.company)
        self.assertFalse(link._get_history("en_US"))

    def test_paying_goes_on_behind_a_link_that_is_open_already(self):
        invoice = self._make_invoice(120.0)
        self.authenticate("catherine", "catherine")
        page = self.url_open("/my/clinic")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        details = self.url_open(
            "/my/clinic/open", data={"csrf_token": token, "company_id": self.company.id}
        )
        self.assertIn("/details", details.url)
        self.assertIn(invoice.payment_reference or invoice.name, details.text)

    def test_overdue_page_of_core_leads_to_the_account(self):
        self._make_invoice(120.0)
        self.authenticate("catherine", "catherine")
        page = self.url_open("/my/invoices/overdue")
        self.assertTrue(page.url.endswith("/my/clinic"), page.url)
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.make_jsonrpc_request(
                "/invoice/transaction/overdue", {"payment_reference": "x", "amount": 1}
            )

    def test_home_counts_the_account(self):
        self._make_invoice()
        self.authenticate("catherine", "catherine")
        self.assertIn("/my/clinic", self.url_open("/my/home").text)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["clinic_count"]}
        )
        self.assertEqual(counters["clinic_count"], 1)

    def test_statement_lists_what_is_open(self):
        invoice = self._make_invoice(120.0)
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "clinic_dunning.action_report_statement", self.link._get_case().ids
        )
        self.assertIn(invoice.payment_reference or invoice.name, html.decode())
        self.assertIn("120.00", html.decode())

    def test_staff_preview_is_the_patients_page(self):
        self._make_invoice(120.0)
        action = self.link._get_case().action_preview_page()
        self.assertIn("120.00", self._read("/p/" + action["url"].rpartition("/")[2]))

    # -- the desk sends a link ---------------------------------------------------------

    def send_link(self):
        clerk = new_test_user(
            self.env,
            "link_clerk",
            groups="clinic_dunning.group_front_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        case = self.link._get_case().with_user(clerk)
        return case, case.action_send_link

    def test_desk_sends_one_link_an_hour(self):
        self._make_invoice(120.0)
        case, send = self.send_link()
        self.assertEqual(send()["params"]["type"], "success")
        send()
        message = self.env["clinic.message"].search([("case_id", "=", case.id)])
        self.assertRecordValues(
            message, [{"amount": 120.0, "state": "queued", "currency_id": self.eur.id}]
        )
        self.assertEqual(message.topic_id.code, "statement")
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            send()
        self.assertEqual(message.search_count([("case_id", "=", case.id)]), 2)

    def test_what_was_paid_meanwhile_is_not_asked_for(self):
        first, paid = self._make_invoice(120.0), self._make_invoice(30.0)
        case, send = self.send_link()
        send()
        message = self.env["clinic.message"].search([("case_id", "=", case.id)])
        self.assertEqual(message._recheck_amount((), ()).amount, 150.0)
        for bill, verdict in ((paid, ("send", 120.0)), (first, ("skip", 0.0))):
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=bill.ids
            ).create({})._create_payments()
            now = message._recheck_amount((), ())
            self.assertEqual((now.outcome, now.amount), verdict)

    def test_desk_reads_why_no_link_was_sent(self):
        _case, send = self.send_link()
        with self.assertRaises(UserError) as said:
            send()
        self.assertIn("Nothing is due", str(said.exception))
        self._make_invoice(120.0)
        self.patient.email = False
        with self.assertRaises(UserError) as said:
            send()
        self.assertIn("no valid email address", str(said.exception))
        self.assertFalse(self.queued_links())

    def queued_links(self):
        return self.env["clinic.message"].search([("partner_id", "=", self.patient.id)])


@tagged("post_install", "-at_install")
class TestPayRenewal(PayCase):
    def renew(self, path):
        token = (
            self.url_open(self.path).text.split('csrf_token" value="')[1].split('"')[0]
        )
        return self.url_open(f"{path}/renew", data={"csrf_token": token})

    def queued(self):
        return self.env["clinic.message"].search([("partner_id", "=", self.patient.id)])

    def test_expired_link_sends_one_new_link_a_day(self):
        self._make_invoice()
        link, path = self._make_link(self.patient)
        link.sudo().expires_at = fields.Datetime.now() - timedelta(days=1)
        for _time in range(2):
            self.assertIn("on its way", self.renew(path).text)
        self.assertEqual(len(self.queued()), 1)
        self.assertEqual(self.queued().topic_id.code, "statement")
        with freeze_time("2026-03-01 23:00:00"):
            self.assertFalse(self.queued()._get_next_opening("email"))

    def test_unknown_revoked_and_working_links_send_nothing_and_answer_alike(self):
        self._make_invoice()
        revoked, path = self._make_link(self.patient)
        revoked.action_revoke()
        for other in ("/p/" + "x" * 22, path, self.path):
            self.assertIn("on its way", self.renew(other).text)
        self.assertFalse(self.queued())

    def test_transfer_shows_a_reference_and_a_code_for_a_desktop(self):
        invoice = self._make_invoice()
        self.env["res.partner.bank"].create(
            {
                "partner_id": self.company.partner_id.id,
                "acc_number": "FR7630006000011234567890189",
                "allow_out_payment": True,
            }
        )
        page = self.url_open(self.path)
        self.assertIn(invoice.payment_reference or invoice.name, page.text)
        if f"{self.path}/qr" in page.text:
            image = self.url_open(f"{self.path}/qr")
            self.assertEqual(image.headers["Content-Type"], "image/png")
            self.assertTrue(image.content.startswith(b"\x89PNG"))

    def test_links_live_as_long_as_their_purpose_says(self):
        with freeze_time(fields.Datetime.now() + timedelta(days=59)):
            self.assertTrue(self.link._is_usable())
        with freeze_time(fields.Datetime.now() + timedelta(days=61)):
            self.assertFalse(self.link._is_usable())
