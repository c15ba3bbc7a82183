from odoo import models

from ..outreach.recheck import Verdict


class ClinicMessage(models.Model):
    """A fresh link with what is open: said as it is when it leaves."""

    _inherit = "clinic.message"

    def _is_statement(self):
        return self.topic_id.code == "statement"

    def _recheck_amount(self, open_items, paying):
        """Ask for what is due now; who paid meanwhile is told nothing."""
        if not self._is_statement():
            return super()._recheck_amount(open_items, paying)
        link = self.env["clinic.link"]._get_virtual(self.partner_id, self.company_id)
        statement = link._get_statement()
        asked = statement.get_asked(self.currency_id)
        amount = statement.get_amount(self.currency_id, asked)
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            return Verdict("skip", self.env._("Nothing is due any more."))
        return Verdict("send", amount=amount)
