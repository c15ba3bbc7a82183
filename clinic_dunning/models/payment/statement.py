"""What one person may be asked for, read once from the ledger. Pure Python."""


class Statement:
    """The open items and credits of one guarantor in one clinic.

    :param list items: rows of `_get_open_items`, the oldest first
    :param date today: the clinic's day
    """

    def __init__(self, items, today):
        self.items = items
        self.today = today
        self.currency_ids = list(dict.fromkeys(item["currency_id"] for item in items))

    def get_asked(self, currency, only_due=False, keys=None):
        """Return the items to pay in one currency, the oldest first.

        Disputed items stay out; `only_due` leaves out what is due after today; `keys`
        keeps the chosen ones only.
        """
        return [
            item
            for item in self.items
            if item["residual"] > 0
            and item["currency_id"] == currency.id
            and not item["disputed"]
            and (not only_due or item["date_maturity"] <= self.today)
            and (keys is None or get_item_key(item) in keys)
        ]

    def get_amount(self, currency, items):
        """Return what may be asked for these items: their sum, less open credits."""
        asked = self._sum(items)
        everything = self._sum(self.get_asked(currency)) + self.get_credits(currency)
        return currency.round(max(0.0, min(asked, everything)))

    def get_credits(self, currency):
        """Return the open credits in one currency, zero or negative."""
        return self._sum(
            item
            for item in self.items
            if item["residual"] < 0 and item["currency_id"] == currency.id
        )

    def get_next_due(self, currency):
        """Return the first due date of what is asked, or None."""
        days = [item["date_maturity"] for item in self.get_asked(currency)]
        return min(days, default=None)

    def _sum(self, items):
        return float(sum(item["residual"] for item in items))


def get_item_key(item):
    """Return the name of an item in a form: move, debtor and due date."""
    return f"{item['move_id']}-{item['partner_id']}-{item['date_maturity']:%Y%m%d}"
