"""Patients pay a deposit in a real browser, on a small phone."""

from common import EndsWithInvariants
from phone import PHONE, Phone
from tour import TourCase

from odoo.tests import HttpCase, tagged

from odoo.addons.clinic_payment_deposit.tests.deposit_common import DepositCase


@tagged("post_install", "-at_install")
class TestDepositTour(EndsWithInvariants, DepositCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.provider.state = "disabled"
        cls.provider, cls.method = TourCase._make_provider.__func__(cls)

    def test_terms_accepted_paid_and_confirmed(self):
        deposit = self.request(accepted=False)
        path = f"/d/{deposit._get_url().rpartition('/')[2]}"
        with Phone(self, PHONE).opened(path) as phone:
            phone.sees("30.00 €")
            phone.sees("15 minutes left")
            phone.sees("Free cancellation until")
            phone.misses("Knee")
            phone.click("Pay 30.00 €")
            self.assertIn("/d/", phone.page.url)  # the browser asks for the tick
            phone.page.locator("input[name=accept]").check()
            phone.click("Pay 30.00 €")
            phone.sees("Deposit for your appointment")
            phone.page.locator("#customer_input").fill("4242 4242 4242 4242")
            phone.page.locator("button[name=o_payment_submit_button]").click()
            phone.sees("Thank you, your deposit has arrived.")
            phone.open(path)
            phone.sees("Thank you, your deposit has arrived.")
            phone.misses("Pay 30.00 €")
        self.assertEqual((deposit.state, deposit.paid), ("paid", 30.0))
        self.assertEqual(self.booking.state, "confirmed")
