import os
import subprocess
import sys

from common import ProcessCase, Worker

from odoo.tests import tagged

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "clinic_dunning")])
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

    def test_accounting_survives(self):
        self.worker.run("invoice", names=["Ina", "Olaf"])
        for job in ("decide", "compose", "send"):
            self.worker.run(job)
        self.worker.run("pay", name="Ina")
        self.assertEqual(len(self.smtp.messages), 2)
        before = self.ledger()
        self.assertTrue(self.leftovers())
        self.odoo("shell", script=UNINSTALL)
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.ledger(), before)
        self.odoo("-i", "clinic_dunning", "--stop-after-init")
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
