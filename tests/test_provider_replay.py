"""Stripe and Razorpay as they really answer: one payment settles one transaction."""

from datetime import timedelta
from unittest.mock import patch

from common import EndsWithInvariants
from emulators import razorpay, stripe

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.tests.pay_common import PayCase, begin_at

CORE = "odoo.addons.payment.models.payment_transaction"


class ProviderCase(EndsWithInvariants, PayCase):
    """A clinic with one real provider, whose server is an emulator on loopback."""

    provider_code = None
    emulator_class = None
    keys = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emulator = cls.enterClassContext(cls.emulator_class())
        url = cls.emulator.url
        cls.startClassPatcher(
            patch.object(
                type(cls.env["payment.provider"]),
                "_build_request_url",
                lambda _self, endpoint, **_kwargs: f"{url}/v1/{endpoint}",
            )
        )

    @classmethod
    def _make_provider(cls):
        domain = [("code", "=", cls.provider_code)]
        template = cls.env["payment.provider"].search(domain, limit=1)
        method = cls.env.ref("payment.payment_method_card")
        provider = template.copy(
            {
                "name": "Online",
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(method.ids)],
                **cls.keys,
            }
        )
        provider.write({"state": "enabled", "is_published": True})
        method.active = True
        cls._book_on_bank(provider)
        return provider, method

    def setUp(self):
        super().setUp()
        self.emulator.down = False

    def start(self, name="", amount="100"):
        """Choose and begin; return the transaction and what the form was given."""
        checkout = self._choose("other", amount=amount, form=name)
        values = self._begin(checkout, flow="direct")
        # The next one is a payment of its own.
        begin_at(checkout.transaction_id, fields.Datetime.now() - timedelta(hours=1))
        return checkout.transaction_id, values

    def settle(self, transaction):
        transaction.invalidate_recordset()
        transaction._post_process()

    def webhook(self, body, headers):
        path = f"/payment/{self.provider_code}/webhook"
        return self.url_open(path, data=body, headers=headers)

    def assertUntouched(self, transaction, kind="replayed"):
        transaction.invalidate_recordset()
        self.assertRecordValues(
            transaction, [{"state": "draft", "provider_reference": False}]
        )
        self.assertFiled(transaction, kind)


@tagged("post_install", "-at_install")
class TestStripeReplay(ProviderCase):
    provider_code = "stripe"
    emulator_class = stripe.StripeEmulator
    keys = {
        "stripe_publishable_key": "pk_emulated",
        "stripe_secret_key": "sk_emulated",
        "stripe_webhook_secret": stripe.WEBHOOK_SECRET,
    }

    def pay(self, values):
        """Pay with the card in the browser; return the intent."""
        return self.emulator.pay(values["client_secret"].removesuffix("_secret"))

    def come_back(self, transaction, intent):
        """Open the page that Stripe sends the patient to."""
        return self.url_open(
            f"/payment/stripe/return?reference={transaction.reference}"
            f"&payment_intent={intent['id']}",
            allow_redirects=False,
        )

    def test_intent_bears_our_amount_and_reference(self):
        self._make_invoice(100.0)
        transaction, values = self.start(amount="12,34")
        intent = self.pay(values)
        self.assertEqual(intent["amount"], 1234)
        self.assertEqual(intent["currency"], "eur")
        self.assertEqual(intent["description"], transaction.reference)

    def test_return_books_the_payment(self):
        invoice = self._make_invoice(100.0)
        transaction, values = self.start()
        self.come_back(transaction, self.pay(values))
        self.settle(transaction)
        self.assertEqual(transaction.state, "done")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertNothingFiled(transaction)

    def test_return_replayed_for_another_reference_changes_nothing(self):
        self._make_invoice(200.0)
        first, values = self.start("a")
        second, _values = self.start("b")
        intent = self.pay(values)
        self.come_back(first, intent)
        self.come_back(second, intent)
        self.settle(first)
        self.assertEqual(first.state, "done")
        self.assertUntouched(second)

    def test_return_for_another_reference_first_does_not_steal_the_payment(self):
        self._make_invoice(200.0)
        first, values = self.start("a")
        second, _values = self.start("b")
        intent = self.pay(values)
        self.come_back(second, intent)
        self.assertUntouched(second)
        self.come_back(first, intent)
        self.settle(first)
        self.assertEqual(first.state, "done")
        self.assertNothingFiled(first)

    def test_cheap_intent_does_not_pay_a_dear_bill(self):
        self._make_invoice(200.0)
        cheap, values = self.start("a", amount="1")
        dear, _values = self.start("b", amount="150")
        self.come_back(dear, self.pay(values))
        self.assertUntouched(dear)
        self.assertEqual(cheap.state, "draft")

    def test_paid_for_something_else_in_the_same_account_pays_no_bill(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        intent = self.pay(values)
        intent["description"] = None
        self.come_back(transaction, intent)
        self.assertUntouched(transaction)

    def test_another_ones_saved_card_is_not_taken_for_his(self):
        validations = []
        for name in ("Own", "Foreign"):
            partner = self.env["res.partner"].create({"name": name})
            validation = self.env["payment.transaction"].create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "reference": name,
                    "amount": 0.0,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": partner.id,
                    "operation": "validation",
                    "tokenize": True,
                }
            )
            validations.append(validation)
        foreign, own = validations
        values = own._get_processing_values()
        setup = self.emulator.save_card(values["client_secret"][:-7])
        self.url_open(
            f"/payment/stripe/return?reference={foreign.reference}"
            f"&setup_intent={setup['id']}&payment_intent=any",
            allow_redirects=False,
        )
        self.assertUntouched(foreign)
        self.assertFalse(foreign.token_id)

    def test_return_and_webhook_again_and_again_make_one_payment(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        intent = self.pay(values)
        for _time in range(2):
            self.come_back(transaction, intent)
            self.webhook(*self.emulator.get_event(intent["id"]))
            self.settle(transaction)
        domain = [("payment_transaction_id", "=", transaction.id)]
        self.assertEqual(self.env["account.payment"].search_count(domain), 1)
        self.assertNothingFiled(transaction)

    def test_lost_webhook_is_made_up_for_by_the_return_and_the_other_way_round(self):
        self._make_invoice(200.0)
        for name in ("return", "webhook"):
            transaction, values = self.start(name)
            intent = self.pay(values)
            if name == "return":
                self.come_back(transaction, intent)
            else:
                self.webhook(*self.emulator.get_event(intent["id"]))
            self.settle(transaction)
            self.assertEqual(transaction.state, "done")

    @mute_logger("odoo.addons.payment_stripe.controllers.main", "odoo.http")
    def test_forged_webhook_changes_nothing(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        body, headers = self.emulator.get_event(self.pay(values)["id"])
        headers["Stripe-Signature"] = stripe.sign(body, "whsec_wrong")
        self.assertEqual(self.webhook(body, headers).status_code, 403)
        transaction.invalidate_recordset()
        self.assertEqual(transaction.state, "draft")

    def test_second_payment_of_one_transaction_is_put_on_the_list(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        first = self.pay(values)
        self.come_back(transaction, first)
        self.settle(transaction)
        self.emulator.replays.clear()
        second = self.emulator.intents.setdefault(
            "pi_again", {**first, "id": "pi_again"}
        )
        self.come_back(transaction, second)
        transaction.invalidate_recordset()
        self.assertEqual(transaction.provider_reference, first["id"])
        self.assertFiled(transaction, "lost", 100.0)

    def test_unknown_intent_leaves_the_transaction_alone(self):
        self._make_invoice(100.0)
        transaction, _values = self.start()
        with mute_logger(
            "odoo.addons.payment_stripe.controllers.main",
            "odoo.addons.payment.models.payment_provider",
        ):
            self.come_back(transaction, {"id": "pi_unknown"})
        transaction.invalidate_recordset()
        self.assertEqual(transaction.state, "draft")

    def test_hold_that_was_refused_before_is_put_on_the_list(self):
        self._make_invoice(100.0)
        self.provider.capture_manually = True
        transaction, values = self.start()
        transaction._set_error("declined")
        with mute_logger(CORE):
            self.come_back(transaction, self.pay(values))
        transaction.invalidate_recordset()
        self.assertEqual(transaction.state, "error")
        self.assertFiled(transaction, "late", 100.0)


@tagged("post_install", "-at_install")
class TestRazorpayReplay(ProviderCase):
    provider_code = "razorpay"
    emulator_class = razorpay.RazorpayEmulator
    keys = {
        "razorpay_key_id": "rzp_emulated",
        "razorpay_key_secret": razorpay.KEY_SECRET,
        "razorpay_webhook_secret": razorpay.WEBHOOK_SECRET,
    }

    def pay(self, transaction, values):
        return self.emulator.pay(values["razorpay_order_id"], transaction.reference)

    def come_back(self, transaction, data):
        """Send what Razorpay's page makes the browser send."""
        return self.url_open(
            f"/payment/razorpay/return?reference={transaction.reference}",
            data=data,
            allow_redirects=False,
        )

    def test_return_books_the_payment(self):
        invoice = self._make_invoice(100.0)
        transaction, values = self.start()
        self.come_back(transaction, self.pay(transaction, values))
        self.settle(transaction)
        self.assertEqual(transaction.state, "done")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertNothingFiled(transaction)

    def test_refund_is_asked_of_the_payment_and_booked_once(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        self.come_back(transaction, self.pay(transaction, values))
        self.settle(transaction)
        refund = transaction._refund(40.0)
        self.settle(refund)
        made = [(r["amount"], r["payment_id"]) for r in self.emulator.refunds.values()]
        self.assertEqual(made, [(4000, transaction.provider_reference)])
        self.assertEqual((refund.state, refund.payment_id.amount), ("done", 40.0))
        self.assertIn(refund.provider_reference, self.emulator.refunds)

    def test_signed_return_replayed_for_another_reference_changes_nothing(self):
        self._make_invoice(200.0)
        first, values = self.start("a")
        second, _values = self.start("b")
        data = self.pay(first, values)
        self.come_back(second, data)
        self.assertUntouched(second)
        self.come_back(first, data)
        self.come_back(second, data)
        self.settle(first)
        self.assertEqual(first.state, "done")
        self.assertUntouched(second)

    def test_cheap_payment_does_not_pay_a_dear_bill(self):
        self._make_invoice(200.0)
        cheap, values = self.start("a", amount="1")
        dear, _values = self.start("b", amount="150")
        data = self.pay(cheap, values)
        self.come_back(dear, data)
        self.assertUntouched(dear)

    def test_what_the_signature_does_not_cover_counts_for_nothing(self):
        self._make_invoice(200.0)
        cheap, values = self.start("a", amount="1")
        dear, _values = self.start("b", amount="150")
        forged = {
            "id": "pay_forged",
            "status": "captured",
            "description": dear.reference,
        }
        self.come_back(dear, self.pay(cheap, values) | forged)
        self.assertUntouched(dear)

    def test_wrong_amount_under_the_right_reference_is_not_booked(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        data = self.pay(transaction, values)
        self.emulator.payments[data["razorpay_payment_id"]]["amount"] = 1
        self.come_back(transaction, data)
        transaction.invalidate_recordset()
        self.assertEqual(transaction.state, "error")
        self.assertFiled(transaction, "mismatch")

    def test_provider_that_does_not_answer_leaves_the_payment_under_way(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        data = self.pay(transaction, values)
        self.emulator.down = True
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            self.come_back(transaction, data)
        transaction.invalidate_recordset()
        self.assertEqual(transaction.state, "pending")
        self.assertIn("We are checking your payment", self._read())
        self.emulator.down = False
        self.webhook(*self.emulator.get_event(data["razorpay_payment_id"]))
        self.settle(transaction)
        self.assertEqual(transaction.state, "done")

    @mute_logger("odoo.addons.payment_razorpay.controllers.main", "odoo.http")
    def test_forged_signature_is_refused(self):
        self._make_invoice(100.0)
        transaction, values = self.start()
        data = self.pay(transaction, values) | {"razorpay_signature": "0" * 64}
        self.assertEqual(self.come_back(transaction, data).status_code, 403)
