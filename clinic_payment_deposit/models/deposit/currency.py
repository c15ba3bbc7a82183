from odoo import models
from odoo.tools import float_round


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _round_for_cards(self, amount):
        """Return what cards can be charged with of an amount, never more than it.

        Of dinars with three decimals Stripe takes amounts that end in a zero only.
        """
        if self.decimal_places <= 2:
            return self.round(amount)
        return float_round(amount, precision_digits=2, rounding_method="DOWN")
