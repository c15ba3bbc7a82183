import os
import subprocess
import sys

from common import ProcessCase, Worker
from emulators import stripe

from odoo.tests import tagged

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "{}")])
module.button_immediate_uninstall()
"""


@tagged("post_install", "-at_install")
class TestInstall(ProcessCase):
    """Install, use, uninstall, install again: accounting stays as it was."""

    def check_invariants(self):
        """The tables they speak of come and go."""

    def odoo(self, *arguments, script=None):
        subprocess.run(
            [
                *(sys.executable, "-W", "ignore", "-m", "odoo", *arguments),
                *("-c", os.environ["CLINIC_TEST_CONFIG"], "-d", self.database),
                *("--no-http", "--max-cron-threads=0", "--log-level=error"),
            ],
            input=script,
            text=True,
            check=True,
        )

    def ledger(self):
        return self.sql(
            """SELECT account_id, partner_id, parent_state, COUNT(*), SUM(balance),
                      SUM(amount_residual), COUNT(*) FILTER (WHERE reconciled)
                 FROM account_move_line GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
        )

    def leftovers(self):
        """Tables, columns and actions of ours that are still there."""
        return self.sql(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = 'public'
                  AND (table_name LIKE 'clinic\\_%%' OR column_name LIKE 'clinic\\_%%')
               UNION ALL
               SELECT 'ir_cron', cron_name FROM ir_cron WHERE cron_name LIKE 'Clinic%%'
               UNION ALL
               SELECT model, name FROM ir_model_data WHERE module = 'clinic_dunning'"""
        )

    def take_deposit(self, worker, hours):
        """A visit is booked and its deposit paid at Stripe; return what is noted."""
        bank = self.enterContext(stripe.StripeEmulator())
        worker.run("open_stripe", url=bank.url)
        worker.run("begin_deposit", name="Dora Lind", hours=hours)
        ((transaction, intent),) = self.sql(
            """SELECT id, clinic_intent FROM payment_transaction
                WHERE clinic_deposit_id IS NOT NULL"""
        )
        bank.pay(intent)
        kind = "payment_intent.succeeded"
        worker.run("hear_stripe", transaction=transaction, kind=kind)
        return self.sql("SELECT state, paid::float, open::float FROM clinic_deposit")

    def test_bills_go_on_without_deposits_and_both_come_back(self):
        self.worker.run("open_booking")
        self.assertEqual(self.take_deposit(self.worker, 0), [("paid", 40.0, 40.0)])
        before = self.ledger()
        self.odoo("shell", script=UNINSTALL.format("clinic_payment_deposit"))
        self.assertEqual(self.ledger(), before)
        left = self.sql(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_name LIKE 'clinic\\_deposit%%'
                   OR column_name LIKE 'clinic\\_deposit%%'
               UNION ALL
               SELECT model, name FROM ir_model_data
                WHERE module = 'clinic_payment_deposit'"""
        )
        self.assertEqual(left, [])
        notes = self.sql(
            """SELECT COUNT(*) FROM mail_message
                WHERE model = 'account.move'
                  AND body LIKE '%%paid in advance%%40.00%%'"""
        )
        self.assertEqual(notes, [(1,)], "accountants read what is open, and why")
        self.worker = Worker(self.database)
        self.addCleanup(self.worker.stop)
        self.remove_all()

    def remove_all(self):
        """The bills' addon goes and comes back, with the deposits' on top of it."""
        self.smtp.clear()
        self.worker.run("invoice", names=["Ina", "Olaf"])
        for job in ("decide", "compose", "send"):
            self.worker.run(job)
        self.worker.run("pay", name="Ina")
        self.assertEqual(len(self.smtp.messages), 2)
        before = self.ledger()
        self.assertTrue(self.leftovers())
        self.odoo("shell", script=UNINSTALL.format("clinic_dunning"))
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.ledger(), before)
        self.odoo("-i", "clinic_payment_deposit", "--stop-after-init")
        self.assertEqual(self.ledger(), before)
        computed = self.sql(
            "SELECT COUNT(*) FROM account_move WHERE clinic_guarantor_id IS NOT NULL"
        )
        self.assertEqual(computed, [(0,)])
        self.use_again()
        addresses = [got.recipients[0] for got in self.smtp.messages]
        self.assertEqual(addresses, ["olaf@example.com"])

    def use_again(self):
        """Whoever still owes is reminded, by a process that loads the addon anew."""
        self.smtp.clear()
        worker = Worker(self.database)
        self.addCleanup(worker.stop)
        worker.run("open_clinic", port=self.smtp.port)
        for job in ("decide", "compose", "send"):
            worker.run(job)
        self.assertEqual(self.take_deposit(worker, 1), [("paid", 40.0, 40.0)])
