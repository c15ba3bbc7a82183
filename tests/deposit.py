"""A clinic whose deposits go through Stripe, which is an emulator on loopback."""

import re

from common import EndsWithInvariants
from emulators import stripe

from odoo import Command
from odoo.tests import HttpCase

from odoo.addons.clinic_dunning.tests.pay_common import PayCase
from odoo.addons.clinic_payment_deposit.tests.deposit_common import DepositCase

SECRET = re.compile(r"/d/([A-Za-z0-9_-]{22})$")


class StripeDepositCase(EndsWithInvariants, DepositCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.stripe = cls.enterClassContext(stripe.StripeEmulator())
        cls.env["ir.config_parameter"].set_param(
            "clinic_payment_deposit.stripe_api_url", cls.stripe.url
        )
        cls.provider.state = "disabled"
        cls.provider, cls.method = cls.create_stripe()
        cls.policy.write({"kind": "hold", "amount": 40.0})

    @classmethod
    def create_stripe(cls):
        template = cls.env["payment.provider"].search(
            [("code", "=", "stripe")], limit=1
        )
        method = cls.env.ref("payment.payment_method_card")
        provider = template.copy(
            {
                "name": "Card",
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(method.ids)],
                "stripe_publishable_key": "pk_emulated",
                "stripe_secret_key": "sk_emulated",
                "stripe_webhook_secret": stripe.WEBHOOK_SECRET,
            }
        )
        provider.write({"state": "enabled", "is_published": True})
        method.active = True
        values = {"env": cls.env, "company": cls.company}
        type("Pay", (PayCase,), values)._book_on_bank(provider)
        return provider, method

    def setUp(self):
        super().setUp()
        self.stripe.faults.clear()
        self.stripe.events.clear()

    def release(self):
        """Give back held slots, as the scheduled action does."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["resource.booking"]._cron_release()
        self.env.invalidate_all()

    def start(self, deposit):
        """Begin on the page's way; return the transaction and its intent's id."""
        link, _url = deposit._issue_link()
        checkout = self.env["clinic.payment.checkout"]._open_deposit(
            deposit, link.sudo(), form=str(len(deposit.transaction_ids))
        )
        transaction = self.begin(deposit, clinic_checkout_id=checkout.id)
        values = transaction._get_processing_values()
        return transaction, values["client_secret"].removesuffix("_secret")

    def hold_card(self, deposit=None):
        """The patient lets the amount be held; return transaction and intent id."""
        deposit = deposit or self.request()
        transaction, intent = self.start(deposit)
        self.stripe.pay(intent)
        self.come_back(transaction, intent)
        transaction._post_process()
        return transaction, intent

    def pay_card(self, deposit=None):
        self.policy.kind = "fixed"
        return self.hold_card(deposit or self.request())

    def come_back(self, transaction, intent):
        """Open the page that Stripe sends the patient to."""
        self.url_open(
            f"/payment/stripe/return?reference={transaction.reference}"
            f"&payment_intent={intent}",
            allow_redirects=False,
        )
        self.env.invalidate_all()

    def webhook(self, body, headers):
        answer = self.url_open("/payment/stripe/webhook", data=body, headers=headers)
        self.env.invalidate_all()
        return answer

    def tell(self, kind, times=1):
        """Deliver the last event of a kind, so often."""
        for _time in range(times):
            answer = self.webhook(*self.stripe.get_told(kind))
            self.assertEqual(answer.status_code, 200)
        self.settle()

    def settle(self):
        transactions = self.env["payment.transaction"].search(
            [("provider_id", "=", self.provider.id), ("is_post_processed", "=", False)],
            order="id",
        )
        for transaction in transactions:
            transaction._post_process()

    def watch(self):
        """Look after holds and saved cards, as the scheduled action does."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.deposit"]._cron_watch()
        self.env.invalidate_all()
        self.settle()

    def count_calls(self, path):
        return len([c for c in self.stripe.calls if c.path.endswith(path)])
