from odoo import fields, models


class ResCompany(models.Model):
    """Where advances stand in a clinic's books."""

    _inherit = "res.company"

    clinic_advance_account_id = fields.Many2one(
        "account.account",
        string="Account of Advances",
        domain="[('account_type', '=', 'liability_current'), "
        "('reconcile', '=', True), ('company_ids', 'parent_of', id)]",
        help="Money of patients before their visit stands here. Empty: on the account "
        "that the chart keeps for it (419100 in France), else as a credit on the "
        "receivable account.",
    )

    def _get_clinic_advance_account(self):
        """Return where advances of this company stand, a branch as its parent (sudo).

        Empty: on the receivable account of whoever pays.
        """
        self.ensure_one()
        for company in self.sudo().parent_ids[::-1]:
            account = company.clinic_advance_account_id or company._find_4191()
            if account:
                return account
        return self.env["account.account"]

    def _find_4191(self):
        """Return the account that the French chart keeps for advances, if any."""
        accounts = self.env["account.account"].sudo().with_company(self)
        if self.account_fiscal_country_id.code != "FR":
            return accounts
        domain = [
            *accounts._check_company_domain(self),
            ("account_type", "=", "liability_current"),
            ("reconcile", "=", True),
            ("code", "=like", "4191%"),
        ]
        return accounts.search(domain, limit=1)
