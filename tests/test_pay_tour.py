"""Patients settle their bills in a real browser, on an old phone and on a desktop."""

from datetime import timedelta

from phone import DESKTOP, PHONE
from tour import TourCase

from odoo import Command, fields
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestTourOnPhone(TourCase):
    size = PHONE

    def test_pay_all(self):
        invoice = self._make_invoice(120.0)
        with self.visit() as phone:
            phone.sees("120.00 €")
            phone.click("Pay 120.00 €")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")
            phone.open(self.path)
            phone.sees("nothing is due, thank you.")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(self.link._get_case().state, "closed")

    def test_pay_one_instalment(self):
        term = self._make_term(30, 30, 40)
        invoice = self._make_invoice(100.0, -1, invoice_payment_term_id=term.id)
        with self.visit() as phone:
            phone.sees("100.00 € in all, with what is due later")
            phone.click("Pay 30.00 €")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")
        self.assertEqual(invoice.amount_residual, 70.0)

    def test_pay_a_part_after_a_slip(self):
        invoice = self._make_invoice(100.0)
        with self.visit() as phone:
            phone.unfold("Pay another amount")
            phone.fill("Amount in €", "1000")
            phone.click("Go on")
            phone.sees("This is more than the")
            phone.fill("Amount in €", "12,50")
            phone.click("Go on")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")
            phone.sees("12.50 €")
        self.assertEqual(invoice.amount_residual, 87.5)

    def test_family_is_paid_in_one_go(self):
        child = self._make_patient(
            "Lea Martin",
            clinic_guarantor_id=self.patient.id,
            clinic_birth_date=fields.Date.today() - timedelta(days=3650),
        )
        own, childs = self._make_invoice(40.0), self._make_invoice(60.0, partner=child)
        with self.visit() as phone:
            phone.click("See each bill, pay later or in instalments")
            self.unlock(phone)
            phone.sees("Lea")
            for box in phone.page.locator("input[name=item]").all():
                box.check()
            phone.click("Pay what is ticked")
            self.pay_by_demo(phone)
            phone.sees("100.00 €")
            phone.sees("Thank you, your payment has arrived.")
        self.assertEqual((own | childs).mapped("amount_residual"), [0.0, 0.0])

    def test_promise_a_date(self):
        self._make_invoice(100.0)
        day = self.company._get_clinic_today() + timedelta(days=10)
        with self.visit() as phone:
            phone.click("See each bill, pay later or in instalments")
            self.unlock(phone)
            phone.fill("I will pay by", day.isoformat())
            phone.click("Confirm")
            phone.sees("we noted your date")
        self.assertEqual(self.link._get_case().state, "paused")

    def test_dispute_a_bill(self):
        invoice = self._make_invoice(100.0)
        with self.visit() as phone:
            phone.click("Problem, or already paid?")
            self.unlock(phone)
            phone.unfold("Something is wrong with a bill")
            phone.page.locator("input[name=move]").check()
            phone.click("Send")
            phone.sees("We will look into it and call you.")
        self.assertTrue(invoice.clinic_dispute_since)

    def test_opt_out(self):
        with self.visit() as phone:
            phone.unfold("Messages from us")
            phone.click("No more payment messages to this address")
            phone.sees("You will get no more payment messages here.")
        proofs = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertEqual(proofs.mapped("granted"), [False])

    def test_expired_link_sends_a_new_one(self):
        self._make_invoice(100.0)
        self.link.sudo().expires_at = fields.Datetime.now() - timedelta(days=1)
        with self.visit() as phone:
            phone.sees("This link does not work any more.")
            phone.misses("100.00")
            phone.click("Send me a new link")
            phone.sees("a new one is on its way")

    def test_locked_link_tells_nothing(self):
        self._make_invoice(100.0)
        for _time in range(5):
            self.link._unlock("1990-01-01")
        with self.visit() as phone:
            phone.click("See each bill, pay later or in instalments")
            self.unlock(phone)
            phone.sees("That did not work. Please try again, or call us.")
            phone.misses("Download the bill")

    def test_nobody_else_is_asked_before_a_method_is_chosen(self):
        stripe = self.env["payment.provider"].search([("code", "=", "stripe")], limit=1)
        card = self.env.ref("payment.payment_method_card")
        stripe = stripe.copy(
            {
                "name": "Online",
                "company_id": self.company.id,
                "payment_method_ids": [Command.set(card.ids)],
                "stripe_publishable_key": "pk_test",
                "stripe_secret_key": "sk_test",
            }
        )
        stripe.write({"state": "test", "is_published": True})
        card.active = True
        self._make_invoice(100.0)
        with self.visit() as phone:
            phone.click("Pay 100.00 €")
            phone.sees("How would you like to pay?")
            html = phone.page.content()
            self.assertNotRegex(html, r"""(src|href|action)=["'](https?:)?//""")
            self.assertNotIn("<script", html)
            self.assertLess(len(html), 50_000)
            self.assertEqual(phone.complaints, [])
            phone.click("Card")
            phone.page.locator("[name=o_stripe_element_container]").wait_for(
                state="attached"
            )
            phone.click("Choose another way to pay")
            phone.sees("How would you like to pay?")
            asked = [url for url in phone.complaints if url.startswith("https://")]
            self.assertTrue(asked)
            self.assertFalse([url for url in asked if "stripe.com" not in url])
            phone.complaints.clear()
            phone.click(self.method.name)
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")

    def test_lost_connection_during_payment(self):
        self._make_invoice(100.0)
        with self.visit() as phone:
            phone.click("Pay 100.00 €")
            phone.sees("You pay")
            nonce = phone.page.url.rpartition("/")[2]
            phone.page.locator("#customer_input").fill("4242 4242 4242 4242")
            phone.page.route("**/payment/demo/**", lambda route: route.abort())
            phone.page.locator("button[name=o_payment_submit_button]").click()
            phone.page.wait_for_timeout(1000)
            self.get_transaction(nonce)._set_pending()
            self.env.flush_all()
            phone.open(self.path)
            phone.sees("We are checking your payment.")
            phone.sees("Please do not pay again.")
            phone.misses("Pay 100.00 €")
            transaction = self.get_transaction(nonce)
            transaction._set_done()
            transaction._post_process()
            self.env.flush_all()
            phone.open(f"/p/done/{nonce}")
            phone.sees("Thank you, your payment has arrived.")

    def get_transaction(self, nonce):
        """Return what the browser began, as it is stored now."""
        self.env.invalidate_all()
        return self.env["clinic.payment.checkout"]._find(nonce).transaction_id

    def test_own_account_of_who_is_logged_in(self):
        self._make_invoice(120.0)
        self._make_user(self.patient)
        with self.visit("/web/login?redirect=/my/clinic") as phone:
            phone.page.locator("input[name=login]").fill("catherine")
            phone.page.locator("input[name=password]").fill("catherine")
            phone.page.locator("form.oe_login_form button[type=submit]").click()
            phone.sees("120.00")
            phone.click("Pay, ask or choose")
            phone.page.locator("input[name=item]").check()
            phone.click("Pay what is ticked")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")


@tagged("post_install", "-at_install")
class TestTourOnDesktop(TestTourOnPhone):
    size = DESKTOP
