"""The same payment begun in two windows, on two phones, or once more after a pause."""

from odoo.tests import tagged

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayWindows(PayCase):
    def test_two_windows_are_one_payment_on_both_phones(self):
        self._make_invoice()
        one, two = self._choose(form="a"), self._choose(form="b")
        self.assertNotEqual(one, two)
        reference = self._begin(one)["reference"]
        self.opener.cookies.clear()
        self.assertEqual(self._begin(two)["reference"], reference)
        self.assertFalse(two.transaction_id)
        one.transaction_id._set_done()
        self.env.flush_all()
        page = self.url_open("/payment/status")
        self.assertTrue(page.url.endswith(f"/p/done/{one.nonce}"), page.url)
        for checkout in (one, two):
            self.assertIn("Thank you", self._read(f"/p/done/{checkout.nonce}"))
        self.assertNothingFiled(one.transaction_id)

    def test_choice_of_another_amount_or_of_long_ago_is_a_payment_of_its_own(self):
        self._make_invoice()
        begun = self._start_long_ago()
        begun |= self._start("other", amount="50")
        begun |= self._start()
        self.assertEqual(len(begun), 3)
        begun |= self._start(form="again")
        self.assertEqual(len(begun), 3)

    def test_page_tells_who_comes_back_that_a_payment_was_begun(self):
        self._make_invoice()
        self._start()
        words = "A payment was begun a few minutes ago. If you finished it"
        self.assertIn(words, self._read())
        self.assertIn("Pay 100.00 €", self._read())
        checkout = self._choose()
        self.method.copy({"provider_ids": self.provider.ids, "code": "second"})
        self.assertIn(words, self._read(f"/p/checkout/{checkout.nonce}"))

    def test_page_tells_nothing_of_what_was_begun_long_ago(self):
        self._make_invoice()
        self._start_long_ago()
        self.assertNotIn("was begun", self._read())

    def test_way_back_books_the_payment_and_leads_to_our_page(self):
        invoice = self._make_invoice()
        transaction = self._start()
        transaction._set_done()
        self.env.flush_all()
        page = self.url_open("/payment/status")
        self.assertIn("Thank you, your payment has arrived.", page.text)
        self.assertNotIn("<script", page.text)
        self.assertTrue(transaction.is_post_processed)
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_way_back_of_other_payments_is_cores(self):
        self.assertIn("/payment/status", self.url_open("/payment/status").url)

    def test_bill_that_is_mended_while_it_is_paid_stays_a_draft(self):
        invoice = self._make_invoice()
        transaction = self._start()
        invoice.button_draft()
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(transaction.invoice_ids, invoice)
        self.assertTrue(transaction.payment_id)
        self.assertFiled(transaction, "unallocated", 100.0)
