"""How sure a share is: Wilson's score interval. No `env`.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", Journal of the American Statistical Association 22 (1927). It holds for few
people and for shares near 0 and 1, where the textbook interval does not.
"""

import math

from odoo.tools import SQL

# 95 %: so many standard deviations on both sides.
Z = 1.959964
# Shares of fewer people are not shown: they say nothing, and may say who it was.
ENOUGH = 10


def get_interval(count, total):
    """Return (low, high) of the share `count / total`, from 0 to 1.

    :param int total: at least 1
    """
    share = count / total
    middle = share + Z**2 / (2 * total)
    spread = Z * math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    scale = 1 + Z**2 / total
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


def get_share_sql(count, total):
    """Return the share in percent as SQL: NULL where there are too few."""
    return _hide_few(SQL("100.0 * %s / NULLIF(%s, 0)", count, total), total)


def get_bound_sql(count, total, sign):
    """Return the lower (`sign` -1) or upper (1) end of the interval in percent."""
    people, total = total, SQL("NULLIF(%s, 0)", total)
    share = SQL("(%s)::float / %s", count, total)
    spread = SQL(
        "%(z)s * sqrt((%(p)s) * (1 - %(p)s) / %(n)s + %(zz)s / (4 * %(n)s ^ 2))",
        z=Z,
        zz=Z**2,
        p=share,
        n=total,
    )
    bound = SQL(
        "100.0 * (%(p)s + %(zz)s / (2 * %(n)s) + %(sign)s * %(spread)s)"
        " / (1 + %(zz)s / %(n)s)",
        p=share,
        zz=Z**2,
        n=total,
        sign=sign,
        spread=spread,
    )
    return _hide_few(SQL("LEAST(GREATEST(%s, 0), 100)", bound), people)


def _hide_few(value, total):
    return SQL("CASE WHEN %s >= %s THEN %s END", total, ENOUGH, value)
