"""Money of the pay page, whatever happens to it: the invariants hold afterwards."""

import invariants
from common import EndsWithInvariants

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayInvariants(EndsWithInvariants, PayCase):
    def test_all_part_and_instalment(self):
        term = self._make_term(30, 30, 40)
        self._make_invoice(99.99, -1, invoice_payment_term_id=term.id)
        self._make_invoice(33.33, -20)
        for choice, amount in (("other", "40,01"), ("now", ""), ("all", "")):
            self._pay(choice, amount=amount)
        self.assertIn("nothing is due", self._read())

    def test_double_and_paid_meanwhile(self):
        invoice = self._make_invoice(100.0)
        one, two, three = (self._start_long_ago(form=name) for name in "abc")
        for transaction in (one, two):
            transaction._set_done()
            transaction._post_process()
        three._set_canceled()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFiled(two, "double", 100.0)

    def test_a_broken_sum_is_found(self):
        self._make_invoice(100.0)
        transaction = self._pay()
        transaction.clinic_allocation_ids.matched = 1.0
        self.env.flush_all()
        self.assertTrue(any("I11" in name for name in invariants.check(self.cr)))
        transaction.clinic_allocation_ids.matched = 100.0
