import re
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.pay_common import FORM, TOKEN

from .booking_common import MONDAY_NINE
from .deposit_common import DepositCase

# So near that a card can be held.
DAYS = timedelta(days=4)
SECRET = re.compile(r"/d/([A-Za-z0-9_-]{22})$")


@tagged("post_install", "-at_install")
class TestDepositPay(DepositCase, HttpCase):
    """The page of a deposit, from the link to the confirmed visit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")

    def open_deposit(self, **vals):
        """Ask for a deposit; return it and the path of its page."""
        deposit = self.request(**vals)
        return deposit, f"/d/{SECRET.search(deposit._get_url())[1]}"

    def get_text(self, path):
        page = self.url_open(path)
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)
        return " ".join(text.replace("\xa0", " ").split())

    def choose(self, path, **data):
        page = self.url_open(path).text
        return self.url_open(
            f"{path}/checkout",
            data={
                "csrf_token": TOKEN.search(page)[1],
                "form": FORM.search(page)[1],
                "version": self.policy.version,
                **data,
            },
            allow_redirects=False,
        )

    def get_checkout(self, answer):
        self.assertEqual(answer.status_code, 303, answer.text)
        nonce = answer.headers["Location"].rpartition("/")[2]
        return self.env["clinic.payment.checkout"].search([("nonce", "=", nonce)])

    def start(self, checkout):
        page = self.url_open(f"/p/checkout/{checkout.nonce}")
        token = re.search(r'csrf_token: "([^"]+)"', page.text)
        return self.make_jsonrpc_request(
            f"/p/transaction/{checkout.nonce}",
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "flow": "redirect",
                "csrf_token": token and token[1],
                "amount": 0.01,
            },
        )

    def assertRefused(self, checkout):
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.start(checkout)

    def test_page_says_what_is_asked_until_when_and_under_which_terms(self):
        deposit, path = self.open_deposit(accepted=False)
        answer = self.url_open(path)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIn("<title>Payment</title>", answer.text)
        text = self.get_text(path)
        for words in (
            "30.00 €",
            "Mon 16 Mar 09:00 (CET)",
            "15 minutes left",
            "Free cancellation until Sun 15 Mar 09:00 (CET).",
            "You may cancel for free.",
            "I have read the terms below and accept them.",
        ):
            self.assertIn(words, text)
        self.assertNotIn("Knee", text)
        self.assertFalse(deposit.transaction_ids)

    def test_terms_have_to_be_accepted_before_anything_is_paid(self):
        deposit, path = self.open_deposit(accepted=False)
        answer = self.choose(path)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("accept the terms", answer.text)
        self.get_checkout(self.choose(path, accept="1"))
        self.assertEqual(deposit.acceptance_id.version, self.policy.version)

    def test_paid_on_the_page_the_visit_is_confirmed(self):
        deposit, path = self.open_deposit()
        checkout = self.get_checkout(self.choose(path))
        self.start(checkout)
        transaction = checkout.transaction_id
        self.assertRecordValues(
            transaction,
            [{"amount": 30.0, "clinic_deposit_id": deposit.id, "state": "draft"}],
        )
        transaction._set_done()
        self.assertEqual(self.url_open(f"{path}/calendar").status_code, 404)
        self.assertIn("do not pay again", self.get_text(path))
        self.assertIn("do not pay again", self.get_text(f"/p/done/{checkout.nonce}"))
        transaction._post_process()
        self.assertEqual(self.booking.state, "confirmed")
        self.assertIn("your deposit has arrived", self.get_text(path))
        self.assertIn("deposit has arrived", self.get_text(f"/p/done/{checkout.nonce}"))
        for place in (path, f"/p/done/{checkout.nonce}"):
            self.assertIn("Add to my calendar", self.get_text(place))
            calendar = self.url_open(f"{place}/calendar")
            self.assertIn(f"DTSTART:{MONDAY_NINE:%Y%m%dT%H%M%SZ}", calendar.text)
            self.assertNotIn("Knee", calendar.text)
        topics = self.env["clinic.message"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertEqual(
            sorted(topics.topic_id.mapped("code")),
            ["appointment_confirmed", "deposit_received"],
        )

    def test_account_of_odoo_shows_the_refund_before_it_cancels(self):
        deposit, _path = self.open_deposit()
        self.pay_deposit(deposit)
        page = self.url_open(self.booking.get_portal_url()).text
        answer = self.url_open(
            self.booking.get_portal_url(suffix="/cancel"),
            data={"csrf_token": TOKEN.search(page)[1]},
            allow_redirects=False,
        )
        shown = answer.headers["Location"].partition("/b/")[2]
        self.assertIn("30.00", self.get_text(f"/b/{shown}"))
        self.env.invalidate_all()
        self.assertTrue(self.booking.active)

    def test_two_tabs_pay_once(self):
        deposit, path = self.open_deposit()
        first = self.get_checkout(self.choose(path))
        second = self.get_checkout(self.choose(path))
        self.start(first)
        self.start(second)
        first.transaction_id._set_pending()
        page = self.url_open(f"/p/checkout/{second.nonce}", allow_redirects=False)
        self.assertEqual(page.headers["Location"], f"/p/done/{second.nonce}")
        self.assertRefused(second)
        self.assertEqual(len(deposit.transaction_ids), 2)

    def test_form_sent_twice_is_one_payment(self):
        _deposit, path = self.open_deposit()
        page = self.url_open(path).text
        data = {"csrf_token": TOKEN.search(page)[1], "form": FORM.search(page)[1]}
        checkouts = {
            self.get_checkout(
                self.url_open(f"{path}/checkout", data=data, allow_redirects=False)
            )
            for _time in range(2)
        }
        self.assertEqual(len(checkouts), 1)

    def test_expired_slot_takes_no_payment(self):
        _deposit, path = self.open_deposit()
        checkout = self.get_checkout(self.choose(path))
        self.go_to("2026-03-10 10:16:00")
        self.assertIn("This time was given back", self.get_text(path))
        self.assertRefused(checkout)
        self.assertFalse(checkout.transaction_id)

    def test_hold_offers_only_who_can_hold_and_says_so(self):
        self.policy.kind = "hold"
        self.provider.write({"capture_manually": True})
        with patch.object(type(self.provider), "_can_hold", lambda provider: True):
            deposit, path = self.open_deposit(minutes=60, start=MONDAY_NINE - DAYS)
            self.assertEqual(deposit.way, "hold")
            self.assertIn("Held on your card, not charged", self.get_text(path))

    def test_other_links_open_nothing(self):
        _deposit, path = self.open_deposit()
        secret = path.removeprefix("/d/")
        for wrong in (f"/p/{secret}", "/d/" + "x" * 22):
            self.assertEqual(self.url_open(wrong).status_code, 404)
        _link, url = self.env["clinic.link"]._issue(self.patient, self.company)
        self.assertEqual(self.url_open("/d/" + url.rpartition("/")[2]).status_code, 404)
