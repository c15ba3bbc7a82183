from odoo import Command
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_dunning.controllers.invoice import get_own_route

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestCoreRoutes(PayCase):
    """Odoo's own ways to pay a bill take nothing from the browser on trust."""

    def pay(self, invoice, **vals):
        """Call core's route as its dialog does; return the transaction."""
        answer = self.make_jsonrpc_request(
            f"/invoice/transaction/{invoice.id}",
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "token_id": None,
                "amount": invoice.amount_residual,
                "flow": "redirect",
                "tokenization_requested": False,
                "landing_route": "/my",
                "access_token": invoice._portal_ensure_token(),
                **vals,
            },
        )
        return self.env["payment.transaction"].search(
            [("reference", "=", answer["reference"])]
        )

    def refuse(self, invoice, **vals):
        before = self.env["payment.transaction"].search_count([])
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.pay(invoice, **vals)
        self.assertEqual(self.env["payment.transaction"].search_count([]), before)

    def test_impossible_amounts_are_refused(self):
        invoice = self._make_invoice(100.0)
        for amount in (0.01, 0, -5, 100.01, 1_000_000, "nan", "inf", "x", None):
            with self.subTest(amount):
                self.refuse(invoice, amount=amount)

    def test_whole_amount_and_a_part_are_paid(self):
        invoice = self._make_invoice(100.0)
        self.assertEqual(self.pay(invoice, amount=40).amount, 40.0)
        self.assertEqual(self.pay(invoice, amount=100.0).amount, 100.0)

    def test_what_was_paid_already_is_not_asked_again(self):
        invoice = self._make_invoice(100.0)
        self._pay_at_desk(invoice, amount=70.0)
        self.refuse(invoice, amount=100.0)
        self.assertEqual(self.pay(invoice, amount=30.0).amount, 30.0)
        self._pay_at_desk(invoice)
        self.refuse(invoice, amount=30.0)

    def test_way_back_is_the_bill_whatever_the_browser_says(self):
        invoice = self._make_invoice(100.0)
        transaction = self.pay(invoice, landing_route="https://evil.example.com/x")
        self.assertTrue(transaction.landing_route.startswith("/my/invoices/"))

    def test_wrong_access_token_is_refused(self):
        invoice = self._make_invoice(100.0)
        self.refuse(invoice, access_token="x")
        self.refuse(invoice, access_token=None)

    def test_second_payment_waits_for_the_first(self):
        invoice = self._make_invoice(100.0)
        self.pay(invoice)._set_pending()
        self.refuse(invoice)

    def test_payment_on_our_page_keeps_the_portal_from_a_second_one(self):
        invoice = self._make_invoice(100.0)
        self._start()._set_pending()
        self.refuse(invoice)

    def test_many_transactions_of_one_bill_are_refused(self):
        invoice = self._make_invoice(100.0)
        for _time in range(10):
            self.pay(invoice)
        self.refuse(invoice)

    def test_discount_for_early_payment_is_accepted(self):
        term = self._make_term(
            100,
            early_discount=True,
            discount_percentage=2,
            discount_days=10,
            early_pay_discount_computation="mixed",
        )
        invoice = self._make_invoice(100.0, 0, invoice_payment_term_id=term.id)
        self.assertEqual(self.pay(invoice, amount=98.0).amount, 98.0)

    def test_payment_from_the_portal_is_booked_and_stops_reminders(self):
        invoice = self._make_invoice(100.0)
        transaction = self.pay(invoice)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertTrue(
            self.env["clinic.stop.event"].search([("partner_id", "=", self.patient.id)])
        )

    def test_payment_link_of_core_goes_by_the_same_rules(self):
        invoice = self._make_invoice(100.0)
        wizard = (
            self.env["payment.link.wizard"]
            .with_context(active_model="account.move", active_id=invoice.id)
            .create({"amount": 100.0})
        )
        page = self.url_open(wizard.link)
        self.assertEqual(page.status_code, 200)
        self._pay_at_desk(invoice)
        self.refuse(invoice, amount=100.0)

    def test_only_own_routes_are_ways_back(self):
        for route in ("/my", "/p/done/abc", "/my/invoices/1?access_token=x"):
            self.assertEqual(get_own_route(route), route)
        for route in (
            "https://evil.example.com",
            "//evil.example.com",
            "/\\evil.example.com",
            "/\t/evil.example.com",
            "javascript:alert(1)",
            "evil",
            "",
            None,
        ):
            self.assertEqual(get_own_route(route), "/my")

    def test_capture_of_a_held_payment_is_matched_with_what_was_chosen(self):
        term = self._make_term(30, 30, 40)
        invoice = self._make_invoice(100.0, -1, invoice_payment_term_id=term.id)
        lines = invoice.line_ids.filtered("date_maturity").sorted("date_maturity")
        key = f"{invoice.id}-{self.patient.id}-{lines[1].date_maturity:%Y%m%d}"
        self._unlock()
        held = self._start("items", item=key)
        self.env.cr.execute(
            "UPDATE payment_provider SET code = 'demo' WHERE id = %s",
            [self.provider.id],
        )
        self.env.invalidate_all()
        held._set_authorized()
        capture = held._create_child_transaction(held.amount)
        capture._set_done()
        (held | capture)._post_process()
        self.assertEqual(lines.mapped("amount_residual"), [30.0, 0.0, 40.0])
        self.assertEqual(held.state, "done")
        self.assertFalse(self.env["payment.transaction"]._get_live(invoice))

    def test_money_that_can_not_be_booked_is_on_the_list_and_not_asked_again(self):
        invoice = self._make_invoice(100.0)
        transaction = self._start()
        transaction._set_done()

        def fail(*_args, **_kwargs):
            raise ValueError("no way to book it")

        self.patch(type(transaction), "_create_payment_on", fail)
        with self.assertLogs("odoo.addons.clinic_dunning", "WARNING"):
            transaction._post_process()
        self.assertTrue(transaction.is_post_processed)
        self.assertFiled(transaction, "failed", 100.0)
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertIn("We are checking your payment", self._read())
        self.assertEqual(
            self.env["clinic.message"]._get_moves_being_paid(
                {"case": [{"move_id": invoice.id}]}
            ),
            set(invoice.ids),
        )
        # refunded at the provider, say: it can be paid online again
        self.Exception.search([]).action_done()
        self.assertIn("to pay now 100.00", self._read())


@tagged("post_install", "-at_install")
class TestAnnouncedTransfer(PayCase):
    """A bank transfer that was announced is shown instead of a second payment."""

    @classmethod
    def _make_provider(cls):
        provider, method = super()._make_provider()
        cls.wire_method = cls.env.ref("payment_custom.payment_method_wire_transfer")
        cls.wire = cls.env["payment.provider"].create(
            {
                "name": "Transfer",
                "code": "custom",
                "custom_mode": "wire_transfer",
                "state": "enabled",
                "is_published": True,
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(cls.wire_method.ids)],
                "redirect_form_view_id": cls.env.ref("payment_custom.redirect_form").id,
            }
        )
        cls.wire.pending_msg = "<p>IBAN FR76 3000</p>"
        cls.wire_method.active = True
        cls._book_on_bank(cls.wire)
        return provider, method

    def announce(self):
        """Choose the transfer, as the patient does; return the transaction."""
        checkout = self._choose(form="wire")
        self._begin(
            checkout,
            provider_id=self.wire.id,
            payment_method_id=self.wire_method.id,
        )
        transaction = checkout.transaction_id
        transaction._process("custom", {"reference": transaction.reference})
        self.assertEqual(transaction.state, "pending")
        return transaction

    def test_page_shows_the_transfer_instead_of_ways_to_pay(self):
        invoice = self._make_invoice(100.0)
        self.announce()
        text = self._read()
        self.assertIn("We are waiting for your transfer", text)
        self.assertIn("IBAN FR76 3000", text)
        self.assertIn(invoice.payment_reference, text)
        self.assertNotIn("Pay 100.00 €", text)
        self.assertNotIn('class="pay"', self.url_open(self.path).text)

    def test_second_payment_waits_for_the_transfer(self):
        self._make_invoice(100.0)
        other = self._choose(form="card")
        self.announce()
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self._begin(other)
        self.assertIn(
            "waiting for your transfer", self._read(f"/p/checkout/{other.nonce}")
        )

    def test_another_way_to_pay_ends_the_transfer_first(self):
        self._make_invoice(100.0)
        transfer = self.announce()
        self.assertEqual(self._post("other").status_code, 303)
        self.assertEqual(transfer.state, "cancel")
        self.assertIn("Pay 100.00 €", self._read())
        paid = self._start(form="card")
        paid._set_done()
        paid._post_process()
        self.assertIn("nothing is due", self._read())

    def test_another_way_from_the_last_page_goes_to_the_ways_to_pay(self):
        self._make_invoice(100.0)
        transfer = self.announce()
        nonce = transfer.clinic_checkout_id.nonce
        token = self.url_open(f"/p/done/{nonce}").text
        token = token.split('name="csrf_token" value="')[1].split('"')[0]
        page = self.url_open(f"/p/checkout/{nonce}/other", data={"csrf_token": token})
        self.assertEqual(transfer.state, "cancel")
        self.assertIn("?way=", page.text)

    def test_only_an_announced_transfer_can_be_dropped(self):
        self._make_invoice(100.0)
        transaction = self._start()
        transaction._set_pending()
        self._post("other")
        self.assertEqual(transaction.state, "pending")

    def test_transfer_that_arrives_at_the_bank_ends_the_waiting(self):
        invoice = self._make_invoice(100.0)
        transfer = self.announce()
        transfer._set_done()
        transfer._post_process()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertIn("nothing is due", self._read())

    def test_announced_transfer_puts_reminders_off_for_ten_days_only(self):
        invoice = self._make_invoice(100.0)
        transfer = self.announce()
        items = {"case": [{"move_id": invoice.id}]}
        find = self.env["clinic.message"]._get_moves_being_paid
        self.assertEqual(find(items), set(invoice.ids))
        self.env.cr.execute(
            """UPDATE payment_transaction SET last_state_change = last_state_change
               - interval '11 days' WHERE id = %s""",
            [transfer.id],
        )
        self.assertFalse(find(items))
