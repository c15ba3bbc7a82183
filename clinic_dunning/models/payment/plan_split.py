"""Amounts and days of instalments. Pure Python, no `env`."""

from dateutil.relativedelta import relativedelta


def split_amount(amount, count, rounding):
    """Return an amount in equal parts, whole to the last unit; the first are larger.

    :param float amount: above zero, a multiple of `rounding`
    :param int count: number of parts
    :param float rounding: the currency's smallest unit, such as 0.01, 1 or 0.001
    """
    units = round(amount / rounding)
    small, rest = divmod(units, count)
    decimals = max(0, -_get_exponent(rounding))
    return [
        round((small + (place < rest)) * rounding, decimals) for place in range(count)
    ]


def _get_exponent(rounding):
    """Return the power of ten of the last digit of a rounding: -2 for 0.05."""
    text = f"{rounding:.6f}".rstrip("0")
    return -len(text.partition(".")[2])


def get_monthly_days(first, count):
    """Return a day a month: at the end of shorter ones, where the day is missing.

    :param date first: the first of them
    """
    return [first + relativedelta(months=place) for place in range(count)]


def fill_up(amounts, paid):
    """Return how much of each amount is paid: what comes in fills the first ones first.

    :param amounts: list of amounts in order
    :param paid: what came in over all
    """
    shares = []
    for amount in amounts:
        share = min(amount, max(paid, 0.0))
        shares.append(share)
        paid -= share
    return shares
