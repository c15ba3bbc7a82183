from odoo import api, models
from odoo.fields import Domain


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # What follow-up reads of open lines: a small part of the ledger, and nothing else
    # of its pages.
    _clinic_open = models.Index(
        """(company_id, account_id) INCLUDE (
            id, move_id, partner_id, date_maturity, date, invoice_date, currency_id,
            amount_residual, amount_residual_currency, no_followup, parent_state,
            reconciled
        ) WHERE amount_residual <> 0 AND parent_state = 'posted'
            AND reconciled IS NOT TRUE"""
    )

    @api.model
    def _get_netting_domain(self):
        """Return the domain of the credits that reduce what a reminder asks for.

        Open credit notes and unallocated payments count, whatever their journal:
        nobody is reminded of what they paid. Addons narrow it (money reserved for a
        purpose is no credit).
        """
        return Domain("amount_residual", "<", 0)

    def write(self, vals):
        if "no_followup" in vals:
            self.move_id._record_stop("changed")
        return super().write(vals)
