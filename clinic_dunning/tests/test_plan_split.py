from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..models.payment.plan_split import fill_up, get_monthly_days, split_amount

ROUNDINGS = st.sampled_from([("0.01", 2), ("1", 0), ("0.001", 3), ("0.05", 2)])


@tagged("post_install", "-at_install")
class TestPlanSplit(BaseCase):
    @settings(derandomize=True, deadline=None)
    @given(st.integers(1, 10**9), st.integers(1, 60), ROUNDINGS)
    def test_parts_make_the_whole_and_differ_by_one_unit(self, units, count, rounding):
        unit, decimals = rounding
        amount = float(units * Decimal(unit))
        parts = split_amount(amount, count, float(unit))
        exact = [Decimal(f"{part:.{decimals}f}") for part in parts]
        self.assertEqual(sum(exact), units * Decimal(unit))
        self.assertEqual(exact, sorted(exact, reverse=True))
        self.assertLessEqual(exact[0] - exact[-1], Decimal(unit))
        self.assertEqual([float(part) for part in exact], parts)

    @settings(derandomize=True, deadline=None)
    @given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20), st.integers(0))
    def test_what_comes_in_fills_the_first_ones_first(self, amounts, paid):
        shares = fill_up(amounts, paid)
        self.assertEqual(sum(shares), min(paid, sum(amounts)))
        full = [share == amount for share, amount in zip(shares, amounts, strict=True)]
        started = [share > 0 for share in shares]
        self.assertEqual(full, sorted(full, reverse=True))
        self.assertEqual(started, sorted(started, reverse=True))
        self.assertLessEqual(sum(started) - sum(full), 1)

    def test_last_day_of_a_month_stays_the_last(self):
        days = get_monthly_days(date(2026, 1, 31), 4)
        self.assertEqual([day.day for day in days], [31, 28, 31, 30])
        self.assertEqual([day.month for day in days], [1, 2, 3, 4])
