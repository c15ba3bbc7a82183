"""An online payment settled by several processes at once, or by one that dies."""

import signal

from common import ProcessCase

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestPayCrash(ProcessCase):
    """However a payment is settled, it is booked once and nothing of it is lost."""

    people = 0

    def begin(self, amount=100.0):
        """Somebody chooses what to pay and begins; return the transaction's id."""
        type(self).people += 1
        name = f"Q{self.people}"
        self.worker.run("begin_payment", name=name, amount=amount)
        return self.sql(
            """SELECT tx.id FROM payment_transaction tx
                 JOIN res_partner partner ON partner.id = tx.partner_id
                WHERE partner.name = %s""",
            name,
        )[0][0]

    def assertSettled(self, transaction, payments=1):
        """It is done and booked, its bill is paid, nobody is thanked twice."""
        self.assertEqual(self.get_exceptions(transaction), [])
        self.assertEqual(
            self.sql(
                """SELECT tx.state, tx.is_post_processed, tx.payment_id IS NOT NULL
                     FROM payment_transaction tx WHERE tx.id = %s""",
                transaction,
            ),
            [("done", True, True)],
        )
        booked = self.sql(
            """SELECT count(*), sum(amount) FROM account_payment
                WHERE payment_transaction_id = %s AND state != 'canceled'""",
            transaction,
        )
        self.assertEqual(booked[0][0], payments)
        left = self.sql(
            """SELECT sum(line.amount_residual) FROM account_move_line line
                 JOIN clinic_payment_allocation part ON part.move_id = line.move_id
                 JOIN account_account account ON account.id = line.account_id
                WHERE part.transaction_id = %s
                  AND account.account_type = 'asset_receivable'""",
            transaction,
        )
        self.assertEqual(left, [(0,)])
        thanks = self.sql(
            "SELECT count(*) FROM clinic_message WHERE dedupe_key = %s",
            f"paid:{transaction}",
        )
        self.assertEqual(thanks, [(1,)])

    def get_exceptions(self, transaction):
        return self.sql(
            "SELECT kind, note FROM clinic_payment_exception WHERE transaction_id = %s",
            transaction,
        )

    def recover(self, transaction):
        """What the provider repeats and the scheduled action does later."""
        self.worker.run("webhook", transaction=transaction)
        self.worker.run("book")
        self.assertSettled(transaction)

    # -- at once -----------------------------------------------------------------------

    def test_cron_poll_and_webhook_at_once_make_one_payment(self):
        for _time in range(3):
            transaction = self.begin()
            self.worker.run("webhook", transaction=transaction)
            pids = [
                self.worker.start("book"),
                self.worker.start("poll", transaction=transaction),
                self.worker.start("poll", transaction=transaction),
                self.worker.start("webhook", transaction=transaction),
            ]
            self.assertEqual({self.worker.wait(pid) for pid in pids}, {0})
            self.worker.run("book")
            self.assertSettled(transaction)

    def test_poll_while_the_cron_is_booking_gives_way(self):
        transaction = self.begin()
        self.worker.run("webhook", transaction=transaction)
        pid = self.sleep_at("book", "after book")
        poll = self.worker.start("poll", transaction=transaction)
        self.wait_until_blocked()
        self.assertEqual(self.wake(pid), 0)
        self.assertEqual(self.worker.wait(poll), 0)
        self.assertSettled(transaction)

    def test_two_webhooks_at_once_set_it_done_once(self):
        transaction = self.begin()
        pids = [self.worker.start("webhook", transaction=transaction) for _n in "abc"]
        self.assertEqual({self.worker.wait(pid) for pid in pids}, {0})
        self.worker.run("book")
        self.assertSettled(transaction)

    def test_two_windows_at_once_begin_one_payment(self):
        self.worker.run("choose", name="Windows", amount=50.0, windows=2)
        one, two = (
            row[0]
            for row in self.sql(
                """SELECT checkout.id FROM clinic_payment_checkout checkout
                     JOIN res_partner partner ON partner.id = checkout.partner_id
                    WHERE partner.name = 'Windows' ORDER BY checkout.id"""
            )
        )
        pid = self.sleep_at("begin", "after join", checkout=one)
        late = self.worker.start("begin", checkout=two)
        self.wait_until_blocked()
        self.assertEqual(self.wake(pid), 0)
        self.assertEqual(self.worker.wait(late), 0)
        self.assertEqual(
            self.sql(
                """SELECT id, replaced_by_id, transaction_id IS NOT NULL
                     FROM clinic_payment_checkout WHERE id IN %s ORDER BY id""",
                (one, two),
            ),
            [(one, None, True), (two, one, False)],
        )

    def test_cash_while_it_is_being_booked_is_money_left_over(self):
        transaction = self.begin()
        self.worker.run("webhook", transaction=transaction)
        pid = self.sleep_at("book", "before book")
        self.worker.run("pay", name=f"Q{self.people}")
        self.assertEqual(self.wake(pid), 0)
        self.worker.run("book")
        kinds = [kind for kind, _note in self.get_exceptions(transaction)]
        self.assertEqual(kinds, ["unallocated"])

    # -- kill -9 between any two steps ---------------------------------------------

    def assertSurvives(self, job, point):
        transaction = self.begin()
        if job != "webhook":
            self.worker.run("webhook", transaction=transaction)
        arguments = {} if job == "book" else {"transaction": transaction}
        code = self.worker.run(job, at=(point, "SIGKILL", 1), **arguments)
        self.assertEqual(code, -signal.SIGKILL, f"it never passed “{point}”")
        self.recover(transaction)

    def test_killed_before_it_is_done(self):
        self.assertSurvives("webhook", "before process")

    def test_killed_before_done_is_committed(self):
        self.assertSurvives("webhook", "after process")

    def test_killed_before_it_is_booked(self):
        self.assertSurvives("book", "before book")

    def test_killed_between_booking_and_matching(self):
        self.assertSurvives("book", "before match")

    def test_killed_before_the_booking_is_committed(self):
        self.assertSurvives("book", "after book")

    def test_killed_while_thanking(self):
        self.assertSurvives("poll", "before thank")

    def test_killed_before_anything_of_it_is_committed(self):
        self.assertSurvives("poll", "after thank")
