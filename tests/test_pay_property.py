"""Any bills, any part of them, any currency: what was chosen is paid, to the cent."""

from contextlib import suppress

import invariants
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.pay_common import PayCase

BILLS = st.lists(st.integers(1, 99_999), min_size=1, max_size=6)


class Undo(Exception):
    """Leave no trace of an example."""


@tagged("post_install", "-at_install")
class TestPayProperty(PayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("EUR", "JPY", "TND")
        cls.currencies = (
            cls.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", names)], order="decimal_places")
        )
        cls.currencies.active = True

    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(range(3)), BILLS, st.floats(0, 1), st.booleans())
    def test_a_part_pays_the_oldest_bills_to_the_cent(self, place, bills, share, whole):
        with suppress(Undo), self.cr.savepoint():
            self.play(self.currencies[place], bills, 1 if whole else share)
            raise Undo
        self.env.invalidate_all()

    def play(self, currency, bills, share):
        amounts = [currency.round(bill * currency.rounding * 100) for bill in bills]
        invoices = [
            self._make_invoice(amount, place - 60, currency_id=currency.id)
            for place, amount in enumerate(amounts)
        ]
        total = currency.round(sum(amounts))
        least = min(self.get_least(currency), total)
        wanted = currency.round(max(least, total * share))
        transaction = self.pay_part(currency, wanted)
        self.assertEqual(currency.compare_amounts(transaction.amount, wanted), 0)
        left = wanted
        for invoice, amount in zip(invoices, amounts, strict=True):
            paid = min(left, amount)
            left = currency.round(left - paid)
            self.assertEqual(
                currency.compare_amounts(invoice.amount_residual, amount - paid), 0
            )
        self.check(currency, transaction)

    def get_least(self, currency):
        return self.env["clinic.payment.checkout"]._get_minimum(currency)

    def pay_part(self, currency, amount):
        text = f"{amount:.{currency.decimal_places}f}"
        checkout = self.env["clinic.payment.checkout"]._open(
            self.link, currency, "other", amount=text, form="any"
        )
        self._begin(checkout)
        transaction = checkout.transaction_id
        transaction._set_done()
        transaction._post_process()
        return transaction

    def check(self, currency, transaction):
        parts = transaction.clinic_allocation_ids
        for sums in (parts.mapped("amount"), parts.mapped("matched")):
            self.assertEqual(currency.compare_amounts(sum(sums), transaction.amount), 0)
        self.assertNothingFiled(transaction)
        self.env.flush_all()
        self.assertEqual(invariants.check(self.cr), {})
