from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .item import RECEIVABLE
from .moment import Moment


class ClinicFollowupDecision(models.AbstractModel):
    """What people owe, read from the same items as the decision."""

    _inherit = "clinic.followup.decision"

    def _get_balance_query(self, companies, partners=None):
        """Return a SELECT of what each guarantor owes, in company currency.

        Columns: `guarantor_id`, `company_id`, `balance` (all that is open less
        credits), `overdue` (past due less credits, never negative), `oldest` (date).
        Companies without receivable account have no row.
        """
        self.env.flush_all()
        selects = [
            self._balance_sql(company, partners)
            for company in companies
            if self._has_receivable(company)
        ]
        if not selects:
            return SQL(
                """SELECT 0 AS guarantor_id, 0 AS company_id, 0 AS balance, 0 AS
                overdue, NULL::date AS oldest WHERE FALSE"""
            )
        return SQL(" UNION ALL ").join(selects)

    def _balance_sql(self, company, partners):
        today = Moment(fields.Datetime.now(), company._get_clinic_tz()).today
        return SQL(
            """
            SELECT i.guarantor_id, %(company)s AS company_id,
                   SUM(i.residual_company) AS balance,
                   GREATEST(0, SUM(i.residual_company) FILTER (
                       WHERE i.date_maturity < %(today)s OR i.residual < 0)) AS overdue,
                   MIN(i.date_maturity) FILTER (
                       WHERE i.date_maturity < %(today)s AND i.residual > 0) AS oldest
              FROM (%(items)s) i GROUP BY 1
            """,
            company=company.id,
            today=today,
            items=self._items_sql(company, today, partners),
        )

    def _has_receivable(self, company):
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        domain = Domain(accounts._check_company_domain(company)) & RECEIVABLE
        return bool(accounts.search_count(domain, limit=1))

    def _get_balances(self, partners, companies):
        """Return {guarantor id: {balance, overdue, oldest}} over the companies."""
        if not partners.ids:
            return {}
        query = self._get_balance_query(companies, partners)
        self.env.cr.execute(
            SQL(
                """SELECT guarantor_id, SUM(balance), SUM(overdue), MIN(oldest)
                FROM (%s) b GROUP BY 1""",
                query,
            )
        )
        return {
            partner: {
                "balance": float(balance),
                "overdue": float(overdue or 0),
                "oldest": oldest,
            }
            for partner, balance, overdue, oldest in self.env.cr.fetchall()
        }

    def _get_third_party_amounts(self, partners, company):
        """Return {guarantor id: what third-party payers still owe for his patients}."""
        if not partners.ids or not self._has_receivable(company):
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT COALESCE(patient.clinic_guarantor_id, patient.id),
                       SUM(line.amount_residual)
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN res_partner payer ON payer.id = line.partner_id
                  JOIN res_partner patient ON patient.id = move.clinic_patient_id
                 WHERE line.company_id = %(company)s AND line.account_id IN %(accounts)s
                   AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
                   AND payer.clinic_is_third_party_payer
                   AND COALESCE(patient.clinic_guarantor_id, patient.id) IN %(partners)s
                 GROUP BY 1
                """,
                company=company.id,
                accounts=self._get_receivable_ids(company),
                partners=tuple(partners.ids),
            )
        )
        return {partner: float(amount) for partner, amount in self.env.cr.fetchall()}

    def _get_open_items(self, partners, company):
        """Return the open items and credits of guarantors as dictionaries.

        Keys are the columns of `_items_sql`, and `move_name`; oldest due date first.
        """
        if not partners.ids or not self._has_receivable(company):
            return []
        self.env.flush_all()
        today = Moment(fields.Datetime.now(), company._get_clinic_tz()).today
        self.env.cr.execute(
            SQL(
                """
                SELECT i.*, move.name AS move_name
                  FROM (%s) i JOIN account_move move ON move.id = i.move_id
                 ORDER BY i.date_maturity, i.move_id
                """,
                self._items_sql(company, today, partners),
            )
        )
        return self.env.cr.dictfetchall()

    def _get_open_moves(self, partner, company):
        """Return the moves with an open item that this person is asked to pay."""
        items = self._get_open_items(partner, company)
        return self.env["account.move"].browse(
            dict.fromkeys(item["move_id"] for item in items if item["residual"] > 0)
        )
