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

        Disputed items stay out; `only_due` leaves out what is due after today, and of
        bills in a payment plan what its next instalments ask for; `keys` keeps the
        chosen ones only.
        """
        asked = [
            item
            for item in self.items
            if item["residual"] > 0
            and item["currency_id"] == currency.id
            and not item["disputed"]
            and (keys is None or get_item_key(item) in keys)
        ]
        if not only_due:
            return asked
        due = [item | {"residual": self._get_due(item)} for item in asked]
        return [item for item in due if item["residual"] > 0]

    def _get_due(self, item):
        """Return what is due of an item today."""
        is_due = item["date_maturity"] <= self.today
        return item.get("now", item["residual"] if is_due else 0)

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
        days = [
            item.get("next_on") or item["date_maturity"]
            for item in self.get_asked(currency)
        ]
        return min(days, default=None)

    def _sum(self, items):
        return float(sum(item["residual"] for item in items))


def get_item_key(item):
    """Return the name of an item in a form: move, debtor and due date."""
    return f"{item['move_id']}-{item['partner_id']}-{item['date_maturity']:%Y%m%d}"
