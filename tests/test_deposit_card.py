"""Visits too far ahead for a hold: a card saved at Stripe, used without its owner."""

from datetime import timedelta

from deposit import StripeDepositCase
from emulators.stripe.emulator import DECLINED, NEEDS_OWNER

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_payment_deposit.tests.booking_common import MONDAY_NINE

LOGS = ("odoo.addons.payment.models.payment_provider",)


@tagged("post_install", "-at_install")
class TestDepositCard(StripeDepositCase):
    """Saved with consent; held before the visit; charged once; else asked by link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.allow_tokenization = True
        cls.method.support_tokenization = True
        cls.policy.free_cancel_hours = 480
        cls.create_user("officer", "clinic_dunning.group_billing_officer")

    def setUp(self):
        super().setUp()
        self.stripe.intents.clear()

    def begin_card(self):
        """The patient books two weeks ahead; return transaction and setup's id."""
        deposit = self.request(start=MONDAY_NINE + timedelta(days=8))
        self.assertEqual(deposit.way, "card")
        transaction = self.begin(
            deposit, operation="validation", tokenize=True, amount=0.0
        )
        values = transaction._get_processing_values()
        return transaction, values["client_secret"].removesuffix("_secret")

    def save_card(self, card="pm_card_visa"):
        """The patient saves a card; return the deposit."""
        transaction, setup = self.begin_card()
        deposit = transaction.clinic_deposit_id
        self.stripe.save_card(setup, card)
        self.url_open(
            f"/payment/stripe/return?reference={transaction.reference}"
            f"&setup_intent={setup}",
            allow_redirects=False,
        )
        self.env.invalidate_all()
        transaction._post_process()
        self.go_to(fields.Datetime.now() + timedelta(minutes=1))
        return deposit

    def cancel(self, deposit, by="patient"):
        """Cancel late, as the page and the desk do; the scheduled action follows."""
        deposit.booking_id._cancel(by)
        self.watch()

    def come_near(self):
        self.go_to("2026-03-22 10:00:00")
        self.watch()

    def get_told(self, deposit):
        """Return what the payer was told, without the confirmation of the visit."""
        messages = self.env["clinic.message"].search(
            [("partner_id", "=", deposit.partner_id.id)]
        )
        codes = messages.topic_id.mapped("code")
        return sorted(set(codes) - {"appointment_confirmed"})

    def get_charged(self):
        """Return what Stripe took of saved cards, in cents."""
        return [intent["amount_received"] for intent in self.stripe.intents.values()]

    def look_up_lost(self):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["payment.transaction"]._look_up_lost()
        self.env.invalidate_all()
        self.settle()

    def test_saved_card_confirms_the_visit_and_its_terms_are_kept(self):
        deposit = self.save_card()
        self.assertEqual((deposit.state, deposit._has_card()), ("requested", True))
        self.assertEqual(self.booking.state, "confirmed")
        self.assertIn("held on your card", deposit.acceptance_id.text)
        self.watch()
        self.assertFalse(self.stripe.intents)

    def test_card_whose_webhook_and_return_are_lost_is_found(self):
        for minutes, is_slot_lost in ((12, False), (20, True)):
            self.patient = self.create_patient("Ana Un" if is_slot_lost else "Bea Deux")
            transaction, setup = self.begin_card()
            deposit = transaction.clinic_deposit_id
            self.stripe.save_card(setup)
            self.go_to(fields.Datetime.now() + timedelta(minutes=minutes))
            if is_slot_lost:
                self.release()
            self.watch()
            self.assertEqual((deposit.state, deposit._has_card()), ("requested", True))
            self.assertEqual(self.booking.state, "confirmed")
            deposit.booking_id._give_back("clinic")

    def test_form_for_a_card_that_nobody_needs_is_given_up_once(self):
        transaction, setup = self.begin_card()
        transaction.clinic_deposit_id._release()
        self.watch()
        self.assertEqual(self.stripe.setups[setup]["status"], "canceled")
        self.assertEqual(transaction.state, "cancel")
        asked = len(self.stripe.calls)
        self.watch()
        self.assertEqual(len(self.stripe.calls), asked)

    def test_near_the_visit_the_amount_is_held_once_and_let_go_after_it(self):
        deposit = self.save_card()
        self.come_near()
        self.watch()
        intent = self.stripe.intents.popitem()[1]
        self.stripe.intents[intent["id"]] = intent
        self.assertEqual(
            (intent["status"], intent["amount"]), ("requires_capture", 4000)
        )
        self.assertEqual(len(self.stripe.intents), 1)
        self.assertEqual(deposit.state, "authorized")
        self.assertEqual(self.get_told(deposit), ["deposit_held"])
        self.go_to("2026-03-24 12:00:00")
        self.booking.action_done()
        self.go_to("2026-03-25 06:00:00")
        self.watch()
        self.assertEqual(intent["status"], "canceled")
        self.assertEqual(deposit.state, "released")

    @mute_logger(*LOGS)
    def test_bank_that_wants_its_owner_asks_by_link_to_hold(self):
        deposit = self.save_card(NEEDS_OWNER)
        self.come_near()
        self.watch()
        self.assertRecordValues(
            deposit,
            [{"state": "requested", "way": "hold", "pay_by": self.booking.start}],
        )
        self.assertEqual(self.get_told(deposit), ["hold_request"])
        self.assertEqual(len(deposit.activity_ids), 1)
        self.assertEqual(self.booking.state, "confirmed")
        transaction, _intent = self.hold_card(deposit)
        self.assertEqual((transaction.state, deposit.state), ("authorized",) * 2)

    def test_late_cancellation_is_charged_once_however_often_it_is_clicked(self):
        deposit = self.save_card()
        refund = deposit._preview_cancel()
        self.assertEqual((refund.refunded, refund.kept), (20.0, 20.0))
        deposit._cancel("patient", "Cancelled")
        deposit._cancel("patient", "Cancelled")
        self.assertEqual(deposit._preview_cancel().kept, 0.0)
        self.cancel(deposit)
        self.watch()
        self.assertEqual(self.get_charged(), [2000])
        self.assertRecordValues(
            deposit, [{"state": "kept", "paid": 20.0, "kept": 20.0, "open": 0.0}]
        )
        self.assertEqual(deposit.line_ids.move_id.payment_state, "paid")
        self.assertEqual(self.get_told(deposit), ["deposit_kept"])
        self.assertFalse(self.booking.active)

    @mute_logger(*LOGS)
    def test_declined_fee_is_asked_by_link_and_billed_when_it_comes(self):
        deposit = self.save_card(DECLINED)
        self.cancel(deposit)
        self.assertFalse(self.booking.active)
        self.assertRecordValues(
            deposit, [{"state": "requested", "way": "pay", "amount": 20.0}]
        )
        self.assertEqual(self.get_told(deposit), ["fee_request"])
        page = self.url_open(f"/d/{deposit._get_url().rpartition('/')[2]}").text
        self.assertIn("For the appointment that did not take place", page)
        self.assertNotIn("Free cancellation", page)
        self.hold_card(deposit)
        self.assertRecordValues(deposit, [{"state": "kept", "kept": 20.0}])
        self.assertEqual(self.get_told(deposit), ["deposit_kept", "fee_request"])

    @mute_logger(*LOGS)
    def test_fee_that_nobody_pays_is_not_asked_for_ever(self):
        deposit = self.save_card(DECLINED)
        self.cancel(deposit)
        self.go_to(deposit.pay_by + timedelta(minutes=1))
        self.watch()
        self.assertEqual(deposit.state, "expired")
        self.assertEqual(len(deposit.activity_ids), 2)

    def test_clinic_that_excuses_gives_the_fee_up(self):
        deposit = self.save_card()
        deposit._cancel("patient", "Cancelled")
        deposit._cancel("clinic", "Excused")
        self.watch()
        self.assertEqual(deposit.state, "expired")
        self.assertFalse(self.stripe.intents)

    @mute_logger(*LOGS)
    def test_charge_without_an_answer_is_looked_up_and_never_made_twice(self):
        for name, fault in (("Ana Un", "reset"), ("Bea Deux", "500 done")):
            self.patient = self.create_patient(name)
            self.stripe.intents.clear()
            deposit = self.save_card()
            self.stripe.faults.append(fault)
            with self.subTest(fault=fault):
                self.cancel(deposit)
                self.assertEqual(self.get_told(deposit), [])
                self.assertEqual(self.get_charged(), [2000])
                self.go_to(fields.Datetime.now() + timedelta(hours=50))
                self.stripe.replays.clear()  # Stripe forgets them after a day
                self.look_up_lost()
                self.watch()
                self.assertEqual(self.get_charged(), [2000])
                self.assertEqual((deposit.state, deposit.kept), ("kept", 20.0))

    @mute_logger(*LOGS)
    def test_charge_that_never_arrived_is_tried_once_more(self):
        deposit = self.save_card()
        self.stripe.faults.append("500")
        self.cancel(deposit)
        self.assertEqual(self.get_charged(), [])
        self.go_to("2026-03-10 10:20:00")
        self.look_up_lost()
        self.assertEqual(self.get_charged(), [2000])
        self.assertEqual(deposit.state, "kept")

    def test_form_of_another_amount_is_not_paid(self):
        self.policy.kind = "fixed"
        deposit = self.request()
        link, _url = deposit._issue_link()
        checkouts = self.env["clinic.payment.checkout"]
        checkout = checkouts._open_deposit(deposit, link.sudo())
        deposit.to_keep = 20.0
        deposit._ask_instead(40.0)
        with self.assertRaisesRegex(ValidationError, "amount has changed"):
            checkout._check_payable()

    def test_removed_card_is_not_charged(self):
        deposit = self.save_card()
        deposit._cancel("patient", "Cancelled")
        deposit.transaction_ids.token_id.active = False
        self.watch()
        self.assertFalse(self.stripe.intents)
        self.assertEqual(self.get_told(deposit), ["fee_request"])

    def test_where_it_is_paid_instead_of_held_the_law_is_asked_again(self):
        self.env["clinic.compliance.rule"].create(
            {"action": "deposit", "effect": "forbid", "reason": "No", "source": "Law"}
        )
        visit = self.kind, self.patient, MONDAY_NINE - timedelta(days=4)
        self.assertEqual(self.policy._quote(*visit).way, "hold")
        self.provider.state = "disabled"
        self.assertIsNone(self.policy._quote(*visit))

    def test_in_india_no_card_is_saved_or_held_but_the_deposit_is_paid(self):
        self.company.account_fiscal_country_id = self.env.ref("base.in")
        for days in (1, 8):
            quote = self.policy._quote(
                self.kind, self.patient, MONDAY_NINE + timedelta(days=days)
            )
            self.assertIsNone(quote)  # the law forbids the policy's hold
        self.assertFalse(self.env.ref("payment.payment_method_upi")._can_hold())
        self.policy.kind = "fixed"
        deposit = self.request(start=MONDAY_NINE + timedelta(days=8))
        self.assertEqual(deposit.way, "pay")
