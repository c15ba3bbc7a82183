import re
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayCheckout(PayCase):
    def refuse(self, checkout, headers=None, **vals):
        """The transaction route answers with words and creates nothing."""
        before = self.env["payment.transaction"].search_count([])
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self._begin(checkout, headers, **vals)
        self.assertEqual(self.env["payment.transaction"].search_count([]), before)

    def get_token(self, checkout):
        """Return the token of the form, to be sent from a page that is still open."""
        page = self.url_open(f"/p/checkout/{checkout.nonce}")
        return re.search(r'csrf_token: "([^"]+)"', page.text)[1]

    def test_form_sent_twice_is_one_choice_and_one_transaction(self):
        self._make_invoice()
        first = self._choose(form="same")
        self.assertEqual(self._choose(form="same"), first)
        values = self._begin(first)
        self.assertEqual(self._begin(first)["reference"], values["reference"])
        self.assertEqual(first.transaction_id.reference, values["reference"])

    def test_client_has_no_say_in_amount_partner_and_way_back(self):
        self._make_invoice(120.0)
        checkout = self._choose()
        self._begin(
            checkout,
            amount=0.01,
            currency_id=1,
            partner_id=3,
            landing_route="https://evil.example.com",
            tokenization_requested=True,
        )
        self.assertRecordValues(
            checkout.transaction_id,
            [
                {
                    "amount": 120.0,
                    "currency_id": self.eur.id,
                    "partner_id": self.patient.id,
                    "landing_route": f"/p/done/{checkout.nonce}",
                    "tokenize": False,
                    "token_id": False,
                }
            ],
        )

    def test_transaction_needs_csrf_token_and_own_origin(self):
        self._make_invoice()
        checkout = self._choose()
        self.refuse(checkout, csrf_token="wrong")
        self.refuse(checkout, headers={"Origin": "https://evil.example.com"})
        self._begin(checkout, headers={"Origin": self.base_url()})

    def test_saved_card_can_not_be_charged_from_a_link(self):
        self._make_invoice()
        self.refuse(self._choose(), flow="token", token_id=1)

    def test_unpublished_provider_is_refused(self):
        self._make_invoice()
        checkout = self._choose()
        self.provider.is_published = False
        self.refuse(checkout)

    def test_live_transaction_is_shown_instead_of_a_second_one(self):
        self._make_invoice()
        other = self._choose()
        self._start()._set_pending()
        self.refuse(other)
        self.assertIn("We are checking your payment", self._read())
        self.assertIn("do not pay again", self._read(f"/p/done/{other.nonce}"))

    def test_begun_payment_is_not_gone_on_with_once_the_bill_is_paid(self):
        invoice = self._make_invoice()
        checkout = self._choose()
        self._begin(checkout)
        token = self.get_token(checkout)
        self._pay_at_desk(invoice)
        self.refuse(checkout, csrf_token=token)

    def test_begun_payment_needs_its_provider_and_its_link_still(self):
        self._make_invoice()
        checkout = self._choose()
        self._begin(checkout)
        token = self.get_token(checkout)
        self.provider.is_published = False
        self.refuse(checkout, csrf_token=token)
        self.provider.is_published = True
        self.link.action_revoke()
        self.refuse(checkout, csrf_token=token)

    def test_paid_choice_is_not_paid_again_from_an_old_page(self):
        self._make_invoice()
        checkout = self._choose()
        self._begin(checkout)
        token = self.get_token(checkout)
        for state in ("pending", "done"):
            checkout.transaction_id.state = state
            self.refuse(checkout, csrf_token=token)
        checkout.transaction_id._post_process()
        self.refuse(checkout, csrf_token=token)

    def test_back_button_and_another_amount_is_another_choice(self):
        self._make_invoice(500.0)
        everything = self._choose("all", form="same")
        part = self._choose("other", form="same", amount="50")
        self.assertEqual((everything.amount, part.amount), (500.0, 50.0))

    def test_mutated_nonce_is_not_found(self):
        for path in ("checkout", "done", "card/done"):
            for nonce in ("%00", "x%00", "%F0%9F%98%80", "x" * 3000):
                answer = self.url_open(f"/p/{path}/{nonce}")
                self.assertEqual(answer.status_code, 404, f"{path} {nonce[:9]}")

    def test_choice_of_a_deleted_link_is_not_found(self):
        self._make_invoice()
        nonce = self._choose().nonce
        self.link.sudo().unlink()
        for path in ("checkout", "done"):
            self.assertEqual(self.url_open(f"/p/{path}/{nonce}").status_code, 404)

    def test_errors_of_the_route_tell_nothing_of_the_server(self):
        self._make_invoice()
        path = f"/p/transaction/{self._choose().nonce}"
        for params in ({}, {"csrf_token": 5}, {"csrf_token": ["x"]}):
            with mute_logger("odoo.http"):
                answer = self.url_open(path, json={"params": params}).json()
            self.assertFalse(answer["error"]["data"]["debug"])
            self.assertNotIn("Traceback", str(answer))
            self.assertIn("open your link again", answer["error"]["data"]["message"])

    def test_other_method_after_a_failure_is_a_new_transaction(self):
        self._make_invoice()
        checkout = self._choose()
        self._begin(checkout)
        checkout.transaction_id._set_error("declined")
        self.assertIn("did not go through", self._read(f"/p/done/{checkout.nonce}"))
        self._begin(checkout)
        again = checkout.replaced_by_id.transaction_id
        self.assertEqual(again.state, "draft")
        again._set_done()
        again._post_process()
        self.assertIn("Thank you", self._read(f"/p/done/{checkout.nonce}"))

    def test_item_paid_before_the_transaction_begins_is_not_paid_again(self):
        invoice = self._make_invoice()
        checkout = self._choose()
        self._pay_at_desk(invoice)
        self.refuse(checkout)

    def test_choice_older_than_an_hour_or_of_a_revoked_link_is_refused(self):
        self._make_invoice()
        checkout = self._choose()
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.assertFalse(checkout._is_usable())
        self.link.action_revoke()
        self.refuse(checkout)

    def test_many_transactions_of_one_link_are_refused(self):
        self._make_invoice()
        checkout = self._choose()
        for _time in range(10):
            self._begin(checkout)
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self._begin(checkout)

    def test_impossible_amounts_are_answered_in_words(self):
        self._make_invoice(100.0)
        answers = {
            "0": "above zero",
            "-5": "in figures",
            "−5": "in figures",
            "12 50": "in figures",
            "0,20": "smallest payment",
            "100,01": "more than",
            "abc": "in figures",
            "1e9": "in figures",
            "nan": "in figures",
            "": "in figures",
        }
        for text, words in answers.items():
            with self.subTest(text):
                answer = self._post("checkout", choice="other", amount=text, form=text)
                self.assertEqual(answer.status_code, 422)
                alert = answer.text.partition('role="alert"')[2].partition("</")[0]
                self.assertIn(words, alert)
        self.assertFalse(self.env["clinic.payment.checkout"].search([]))

    def test_amount_with_a_comma_is_understood(self):
        self._make_invoice(100.0)
        self.assertEqual(self._choose("other", amount="12,50 €").amount, 12.5)

    def test_checkout_offers_no_saved_cards_and_bears_a_neutral_title(self):
        self._make_invoice()
        checkout = self._choose()
        page = self.url_open(f"/p/checkout/{checkout.nonce}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("<title>Payment", page.text.replace("\n", "").replace("  ", ""))
        self.assertIn("o_payment_form", page.text)
        self.assertNotIn("o_payment_tokenize_checkbox", page.text)
        self.assertIn("This form needs JavaScript.", page.text)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertNotIn(self.path, page.text)

    def test_unknown_nonce_answers_as_an_unknown_link(self):
        for path in ("/p/checkout/x", "/p/done/x"):
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_clerk_who_opens_the_link_is_not_the_payer(self):
        self._make_invoice()
        self.authenticate("admin", "admin")
        checkout = self._choose()
        self._begin(checkout)
        self.assertEqual(checkout.transaction_id.partner_id, self.patient)
        self.assertEqual(checkout.create_uid, self.env.ref("base.public_user"))

    def test_get_and_head_write_nothing(self):
        self._make_invoice()
        checkout = self._choose()
        for path in (
            self.path,
            f"/p/checkout/{checkout.nonce}",
            f"/p/done/{checkout.nonce}",
        ):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path, method=method):
                    self.env.cr.execute("SELECT pg_current_xact_id_if_assigned()::text")
                    before = self.link.sudo().read(
                        ["write_date", "used_at", "failures"]
                    )
                    self.url_open(path, method=method)
                    self.link.invalidate_recordset()
                    after = self.link.sudo().read(["write_date", "used_at", "failures"])
                    self.assertEqual(before, after)

    def test_page_is_shown_and_kept_in_the_chosen_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self._make_invoice()
        page = self.url_open(f"{self.path}?lang=fr")
        self.assertIn('<html lang="fr"', page.text)
        checkout = self._choose(lang="fr_FR")
        self.assertEqual(checkout.lang, "fr_FR")
