"""Deposits between two processes, or one that dies: real ones, at Stripe."""

import signal

from common import ProcessCase
from emulators import stripe

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestDepositCrash(ProcessCase):
    """Whoever comes first, whatever dies: booked once, charged once, nothing lost."""

    people = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls.enterClassContext(stripe.StripeEmulator())
        cls.worker.run("open_booking")
        cls.worker.run("open_stripe", url=cls.stripe.url)

    def setUp(self):
        super().setUp()
        self.clear()

    def clear(self):
        """Free the one slot of these tests."""
        self.sql("UPDATE resource_booking SET active = false, start = NULL")
        self.sql("DELETE FROM calendar_event")

    def begin(self, is_hold=False):
        """Somebody begins to pay a deposit of 40; return transaction and intent."""
        type(self).people += 1
        name = f"Pat{self.people} Rossi"
        self.worker.run("begin_deposit", name=name, is_hold=is_hold)
        return self.sql(
            """SELECT id, clinic_intent FROM payment_transaction
                WHERE clinic_deposit_id IS NOT NULL ORDER BY id DESC LIMIT 1"""
        )[0]

    def pay(self, is_hold=False):
        transaction, intent = self.begin(is_hold)
        self.stripe.pay(intent)
        kind = "amount_capturable_updated" if is_hold else "succeeded"
        self.hear(transaction, f"payment_intent.{kind}")
        return transaction, intent

    def hear(self, transaction, kind):
        self.worker.run("hear_stripe", transaction=transaction, kind=kind)

    def get_deposit(self, transaction):
        """Return (state, paid, given back, open)."""
        return self.sql(
            """SELECT deposit.state, paid::float, refunded::float, open::float
                 FROM clinic_deposit deposit
                 JOIN payment_transaction tx ON tx.clinic_deposit_id = deposit.id
                WHERE tx.id = %s""",
            transaction,
        )[0]

    def get_parts(self, transaction):
        return self.sql(
            """SELECT amount::float, state FROM payment_transaction
                WHERE source_transaction_id = %s AND state != 'cancel'""",
            transaction,
        )

    def test_webhook_of_a_refund_that_is_not_committed_yet_books_it_once(self):
        transaction, intent = self.pay()
        refund = self.sleep_at(
            "act_on_deposit",
            "after refund at Stripe",
            transaction=transaction,
            name="refund",
            amount=10.0,
        )
        webhook = self.worker.start(
            "hear_stripe", transaction=transaction, kind="charge.refunded"
        )
        self.wait_until_blocked()
        self.assertEqual(self.wake(refund), 0)
        self.assertEqual(self.worker.wait(webhook), 0)
        self.assertEqual(self.get_parts(transaction), [(-10.0, "done")])
        self.assertEqual(self.get_deposit(transaction), ("paid", 40.0, 10.0, 30.0))
        self.assertEqual(len(self.stripe.get_refunds(intent)), 1)

    def test_killed_between_stripe_and_the_commit_and_done_again_it_is_one(self):
        for act, is_hold in (("capture", True), ("refund", False)):
            with self.subTest(act=act):
                transaction, intent = self.pay(is_hold)
                order = {"transaction": transaction, "name": act, "amount": 15.0}
                point = (f"after {act} at Stripe", "SIGKILL", 1)
                code = self.worker.run("act_on_deposit", at=point, **order)
                self.assertEqual(code, -signal.SIGKILL)
                self.assertEqual(self.get_parts(transaction), [])
                self.worker.run("act_on_deposit", **order)
                amount = 15.0 if is_hold else -15.0
                self.assertEqual(self.get_parts(transaction), [(amount, "done")])
                self.hear(transaction, "payment_intent.succeeded")
                self.hear(transaction, "charge.refunded")
                self.assertEqual(len(self.get_parts(transaction)), 1)
                state = self.get_deposit(transaction)
                self.assertEqual(
                    state,
                    ("paid", 15.0, 0.0, 15.0)
                    if is_hold
                    else ("paid", 40.0, 15.0, 25.0),
                )
                taken = self.stripe.intents[intent]["amount_received"]
                given = sum(r["amount"] for r in self.stripe.get_refunds(intent))
                self.assertEqual((taken, given), (1500, 0) if is_hold else (4000, 1500))
                self.clear()

    def begin_too_late(self):
        """Somebody pays just when the time is over; return the webhook's arguments."""
        transaction, intent = self.begin()
        self.sql("UPDATE resource_booking SET clinic_held_until = '2020-01-01'")
        self.sql("UPDATE clinic_deposit SET pay_by = '2020-01-01'")
        self.stripe.pay(intent)
        return {"transaction": transaction, "kind": "payment_intent.succeeded"}

    def assertPaidAndConfirmed(self, transaction):
        self.assertEqual(self.get_deposit(transaction), ("paid", 40.0, 0.0, 40.0))
        states = self.sql("SELECT state FROM resource_booking WHERE active")
        self.assertEqual(states, [("confirmed",)])

    def test_payment_while_the_slot_is_given_back_takes_it_again(self):
        news = self.begin_too_late()
        release = self.sleep_at("release", "after give back")
        webhook = self.worker.start("hear_stripe", **news)
        self.wait_until_blocked()
        self.assertEqual(self.wake(release), 0)
        self.assertEqual(self.worker.wait(webhook), 0)
        self.assertPaidAndConfirmed(news["transaction"])

    def test_slot_is_not_given_back_while_its_payment_is_being_noted(self):
        news = self.begin_too_late()
        webhook = self.sleep_at("hear_stripe", "after refetch", **news)
        self.worker.run("release")
        self.assertEqual(self.wake(webhook), 0)
        self.worker.run("release")
        self.assertPaidAndConfirmed(news["transaction"])

    def test_killed_just_after_a_saved_card_was_charged_it_is_charged_once(self):
        for point in ("after post", "before answer"):
            with self.subTest(point=point):
                transaction, _intent = self.begin()
                self.stripe.intents.clear()
                self.worker.run("fix_fee", transaction=transaction, amount=20.0)
                at = (point, "SIGKILL", 1)
                code = self.worker.run("watch_deposits", at=at)
                self.assertEqual(code, -signal.SIGKILL)
                self.assertEqual(self.get_charged(), [2000])
                self.worker.run("watch_deposits")
                self.assertEqual(self.get_deposit(transaction)[0], "requested")
                self.sql(
                    """UPDATE payment_transaction
                          SET clinic_charge_at = now() AT TIME ZONE 'UTC'
                              - interval '10 minutes'
                        WHERE clinic_charge = 'claimed'"""
                )
                self.worker.run("watch_deposits", is_look_up=True)
                self.assertEqual(self.get_charged(), [2000])
                self.assertEqual(
                    self.get_deposit(transaction), ("kept", 20.0, 0.0, 0.0)
                )
                self.clear()

    def get_charged(self):
        return [intent["amount_received"] for intent in self.stripe.intents.values()]
