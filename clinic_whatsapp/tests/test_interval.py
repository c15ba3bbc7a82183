from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import SQL

from ..tools import interval


@tagged("post_install", "-at_install")
class TestInterval(BaseCase):
    def test_known_values(self):
        """As published for Wilson's interval at 95 %."""
        for count, total, low, high in (
            (0, 10, 0.0, 0.2775),
            (10, 10, 0.7225, 1.0),
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (1, 29, 0.0061, 0.1718),
        ):
            found = interval.get_interval(count, total)
            self.assertAlmostEqual(found[0], low, places=4)
            self.assertAlmostEqual(found[1], high, places=4)

    @settings(derandomize=True, max_examples=200, deadline=None)
    @given(st.integers(1, 10**6), st.floats(0, 1))
    def test_share_lies_in_it(self, total, part):
        count = round(total * part)
        low, high = interval.get_interval(count, total)
        self.assertLessEqual(0, low)
        self.assertLessEqual(low, count / total + 1e-12)
        self.assertLessEqual(count / total - 1e-12, high)
        self.assertLessEqual(high, 1)


@tagged("post_install", "-at_install")
class TestIntervalSql(TransactionCase):
    def test_sql_says_the_same_and_hides_few(self):
        for count, total in ((0, 10), (10, 10), (81, 263), (4, 9), (0, 0)):
            numbers = SQL("%s::bigint", count), SQL("%s::bigint", total)
            self.env.cr.execute(
                SQL(
                    "SELECT %s, %s, %s",
                    interval.get_share_sql(*numbers),
                    interval.get_bound_sql(*numbers, -1),
                    interval.get_bound_sql(*numbers, 1),
                )
            )
            share, low, high = self.env.cr.fetchone()
            if total < 10:
                self.assertEqual((share, low, high), (None, None, None))
                continue
            expected = interval.get_interval(count, total)
            self.assertAlmostEqual(float(share), 100 * count / total, places=6)
            self.assertAlmostEqual(low, 100 * expected[0], places=6)
            self.assertAlmostEqual(high, 100 * expected[1], places=6)
