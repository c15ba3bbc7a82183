import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.controllers import pay

SECRET = re.compile(r"/p/([A-Za-z0-9_-]{22})$")


@tagged("post_install", "-at_install")
class TestPayPage(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.company = cls.env.company
        cls.patient = cls.env["res.partner"].create(
            {
                "name": "Catherine Martin",
                "email": "catherine@example.com",
                "lang": "en_US",
            }
        )
        cls.invoice = cls._make_invoice("Root canal D3310", 120.0, days=-10)
        cls.link, cls.url = cls.env["clinic.link"]._issue(cls.patient, cls.company)
        cls.path = f"/p/{SECRET.search(cls.url)[1]}"

    @classmethod
    def _make_invoice(cls, label, amount, days):
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.patient.id,
                "invoice_date": fields.Date.today() + timedelta(days=days),
                "invoice_date_due": fields.Date.today() + timedelta(days=days),
                "clinic_service_label": "Consultation fee",
                "invoice_line_ids": [
                    Command.create(
                        {"name": label, "price_unit": amount, "tax_ids": False}
                    )
                ],
            }
        )
        invoice.action_post()
        return invoice

    def _post(self, action, **data):
        page = self.url_open(self.path)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        return self.url_open(
            f"{self.path}/{action}",
            data={"csrf_token": token, **data},
            allow_redirects=False,
        )

    def test_stranger_with_link_sees_what_is_due_and_nothing_medical(self):
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("120.00", page.text)
        self.assertIn("Hello Catherine", " ".join(page.text.split()))
        self.assertNotIn("canal", page.text)
        self.assertNotIn("D3310", page.text)
        self.assertNotIn("Martin", page.text)

    def test_page_is_small_self_contained_and_not_cached(self):
        page = self.url_open(self.path)
        self.assertLess(len(page.content), 50_000)
        self.assertNotIn("<script", page.text)
        self.assertNotRegex(page.text, r'(src|href)="https?://')
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("noindex", page.headers["X-Robots-Tag"])
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])

    def test_only_the_hash_of_the_secret_is_stored(self):
        secret = SECRET.search(self.url)[1]
        self.assertNotIn(secret, str(self.link.sudo().read()))
        self.assertEqual(len(self.link.sudo().token_hash), 64)

    def test_unknown_expired_and_revoked_links_answer_alike(self):
        unknown = self.url_open("/p/" + "x" * 22)
        with freeze_time(fields.Datetime.now() + timedelta(days=61)):
            expired = self.url_open(self.path)
        self.link.action_revoke()
        revoked = self.url_open(self.path)
        for answer in (unknown, expired, revoked):
            self.assertEqual(answer.status_code, 404)
        strip = re.compile(r'/p/[^/]{22}/renew|value="[^"]+"')
        self.assertEqual(strip.sub("", unknown.text), strip.sub("", expired.text))
        self.assertEqual(strip.sub("", unknown.text), strip.sub("", revoked.text))

    def test_link_of_another_purpose_does_not_open_the_pay_page(self):
        _link, url = self.env["clinic.link"]._issue(
            self.patient, self.company, purpose="preferences"
        )
        self.assertEqual(self.url_open(f"/p/{SECRET.search(url)[1]}").status_code, 404)

    def test_change_of_phone_revokes_the_link(self):
        self.patient.phone = "+33612345678"
        self.assertEqual(self.url_open(self.path).status_code, 404)

    @mute_logger("odoo.http")
    def test_pay_without_csrf_token_is_refused(self):
        answer = self.url_open(f"{self.path}/checkout", data={"amount": "5"})
        self.assertIn("your browser keeps no cookies", " ".join(answer.text.split()))
        self.assertFalse(self.env["clinic.payment.checkout"].search([]))
        answer = self.url_open("/p/checkout/x/other", data={"a": "b"})
        self.assertEqual(answer.status_code, 404)
        self.assertTrue(answer.url.endswith("/p/checkout/x"), answer.url)

    def test_paid_patient_reads_that_nothing_is_due(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({})._create_payments()
        page = " ".join(self.url_open(self.path).text.split())
        self.assertIn("nothing is due, thank you", page.lower())
        self.assertNotIn('class="pay"', page)

    def test_confidential_invoice_of_a_dependant_stays_out(self):
        child = self.env["res.partner"].create(
            {"name": "Lea Martin", "clinic_guarantor_id": self.patient.id}
        )
        invoice = self._make_invoice("Secret", 33.0, days=-5)
        invoice.button_draft()
        invoice.write({"partner_id": child.id, "clinic_confidential": True})
        invoice.action_post()
        self.assertNotRegex(self.url_open(self.path).text, r"153[.,]00")
        invoice.clinic_confidential = False
        self.assertRegex(self.url_open(self.path).text, r"153[.,]00")

    def test_opt_out_is_kept_as_proof_and_stops_the_channel(self):
        answer = self._post("stop")
        self.assertEqual(answer.status_code, 200)
        proof = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertRecordValues(
            proof, [{"granted": False, "source": "link", "purpose": "billing"}]
        )
        refusal = self.env["clinic.consent"]._get_refusal(
            self.patient, self.company, "billing", "email"
        )
        self.assertTrue(refusal)

    def test_too_many_views_of_one_link_are_slowed_down(self):
        with patch.object(pay, "VIEWS_PER_MINUTE", 3):
            codes = [self.url_open(self.path).status_code for _time in range(9)]
        self.assertEqual(codes[0], 200)
        self.assertIn(429, codes)

    @mute_logger("odoo.sql_db")
    def test_broken_limiter_is_open_for_views_and_closed_for_payments(self):
        self.env.cr.execute(
            "ALTER TABLE clinic_rate_limit RENAME TO clinic_rate_limit_off"
        )
        limiter = self.env["clinic.rate.limit"]
        with (
            self.assertLogs("odoo.addons.clinic_dunning", "WARNING"),
            self.env.cr.savepoint(),
        ):
            self.assertTrue(limiter._allows("view", "x", 1, 60))
        with (
            self.assertLogs("odoo.addons.clinic_dunning", "WARNING"),
            self.env.cr.savepoint(),
        ):
            self.assertFalse(limiter._allows("pay", "x", 1, 60, when_broken=False))

    def test_page_takes_as_many_queries_for_many_items_as_for_one(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.link.sudo()._get_page_values()
            return self.env.cr.sql_log_count - before

        count()
        one = count()
        for days in range(12):
            self._make_invoice("More", 10.0, days=-days)
        self.assertLessEqual(count(), one)
        self.assertLess(one, 45)
