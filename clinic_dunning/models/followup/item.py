from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

RECEIVABLE = Domain("account_type", "=", "asset_receivable")


class ClinicFollowupDecision(models.AbstractModel):
    """What is open, and who is asked for it."""

    _inherit = "clinic.followup.decision"

    def _items_sql(self, company, today, partners=None):
        """Return the SELECT of all open items and credits of one company.

        What is "in payment" was paid, even where the payment has no entry yet.

        :param company: one `res.company`
        :param date today: the clinic's day
        :param partners: guarantors to restrict to, or None for everybody
        """
        return SQL(
            """
            SELECT line.move_id, line.partner_id, line.date_maturity, line.currency_id,
                   line.guarantor_id, SUM(line.residual) AS residual,
                   SUM(line.residual_company) AS residual_company,
                   BOOL_OR(line.no_followup) AS no_followup,
                   MIN(line.invoice_date) AS invoice_date,
                   MIN(line.move_name) AS move_name,
                   MIN(line.first_request_at) AS first_request_at,
                   BOOL_OR(line.disputed) AS disputed
              FROM (%s OFFSET 0) line
             GROUP BY 1, 2, 3, 4, 5
            """,
            self._lines_sql(company, today, partners),
        )

    def _lines_sql(self, company, today, partners):
        """The journal items of `_items_sql`.

        Fenced there by its OFFSET: read in parallel, and summed up only once.
        """
        lines = self.env["account.move.line"].sudo()
        netting = lines._search(lines._get_netting_domain(), bypass_access=True)
        accounts = self._get_receivable_ids(company)
        asked = self._asked_sql(today, accounts)
        restrict = SQL()
        if partners is not None:
            restrict = SQL(
                "AND %s AND %s IN %s",
                self._near_sql(accounts, partners),
                asked,
                tuple(partners.ids) or (0,),
            )
        return SQL(
            """
            SELECT account_move_line.move_id, account_move_line.partner_id,
                   COALESCE(account_move_line.date_maturity, account_move_line.date)
                       AS date_maturity,
                   account_move_line.currency_id, %(asked)s AS guarantor_id,
                   account_move_line.amount_residual_currency AS residual,
                   account_move_line.amount_residual AS residual_company,
                   COALESCE(account_move_line.no_followup, FALSE) AS no_followup,
                   COALESCE(account_move_line.invoice_date, account_move_line.date)
                       AS invoice_date,
                   account_move_line.move_name,
                   move.clinic_first_request_at AS first_request_at,
                   move.clinic_dispute_since IS NOT NULL AS disputed
              FROM %(source)s
              JOIN account_move move ON move.id = account_move_line.move_id
              JOIN res_partner debtor ON debtor.id = account_move_line.partner_id
             WHERE account_move_line.company_id = %(company)s
               AND account_move_line.account_id IN %(accounts)s
               AND account_move_line.parent_state = 'posted'
               AND account_move_line.reconciled IS NOT TRUE
               AND debtor.clinic_is_third_party_payer IS NOT TRUE
               AND move.payment_state IS DISTINCT FROM 'in_payment'
               AND (account_move_line.amount_residual > 0 OR %(netting)s)
               %(restrict)s
            """,
            asked=asked,
            company=company.id,
            accounts=accounts,
            source=netting.from_clause,
            netting=netting.where_clause or SQL("TRUE"),
            restrict=restrict,
        )

    def _near_sql(self, accounts, partners):
        """Condition: a line may be asked of these people; found by index.

        Wider than who the guarantor is, but a few rows instead of the whole ledger.
        """
        return SQL(
            """account_move_line.id IN (
                WITH bills AS (
                    SELECT id, commercial_partner_id FROM account_move
                     WHERE clinic_guarantor_id = ANY (%(people)s)
                    UNION
                    SELECT id, commercial_partner_id FROM account_move
                     WHERE clinic_patient_id = ANY (%(people)s)
                )
                SELECT line.id FROM account_move_line line
                 WHERE line.reconciled IS NOT TRUE AND line.account_id IN %(accounts)s
                   AND line.partner_id = ANY (ARRAY(
                        SELECT unnest(%(people)s) UNION
                        SELECT id FROM res_partner
                         WHERE clinic_guarantor_id = ANY (%(people)s) UNION
                        SELECT payer.id FROM bills JOIN res_partner payer
                            ON payer.id = bills.commercial_partner_id
                         WHERE payer.clinic_is_third_party_payer IS NOT TRUE))
                UNION
                SELECT line.id FROM account_move_line line
                 WHERE line.reconciled IS NOT TRUE AND line.account_id IN %(accounts)s
                   AND line.move_id = ANY (ARRAY(SELECT id FROM bills))
            )""",
            accounts=accounts,
            people=partners.ids,
        )

    def _asked_sql(self, today, accounts):
        """SQL of whoever a line counts for: who is asked to pay it, or has paid it.

        A credit counts for somebody who is asked for a bill of the same person, so that
        nobody is reminded of what was paid: who it was made out to goes first, then the
        person, then the guarantor.
        """
        return SQL(
            """CASE WHEN account_move_line.amount_residual < 0 THEN (
                SELECT asked FROM (
                    SELECT %(bill_guarantor)s AS asked, 0 AS place
                      FROM account_move_line other
                      JOIN account_move bill ON bill.id = other.move_id
                     WHERE other.account_id IN %(accounts)s
                       AND other.partner_id = debtor.id
                       AND other.reconciled IS NOT TRUE
                       AND other.parent_state = 'posted'
                       AND other.amount_residual > 0
                       AND other.currency_id = account_move_line.currency_id
                     UNION ALL SELECT %(guarantor)s, 1) people
                 ORDER BY place, CASE asked
                     WHEN CASE WHEN move.clinic_confidential
                          THEN move.clinic_patient_id
                          ELSE move.clinic_guarantor_id END THEN 0
                     WHEN debtor.id THEN 1 WHEN %(guarantor)s THEN 2 ELSE 3 END, asked
                 LIMIT 1)
            ELSE %(guarantor)s END""",
            accounts=accounts,
            guarantor=self._guarantor_sql(today, SQL("move")),
            bill_guarantor=self._guarantor_sql(today, SQL("bill")),
        )

    def _guarantor_sql(self, today, move):
        """SQL of whoever is asked to pay a bill (`move`) of a person (`debtor`)."""
        return SQL(
            """COALESCE(
                CASE WHEN %(move)s.clinic_confidential
                     THEN %(move)s.clinic_patient_id END,
                %(move)s.clinic_guarantor_id,
                CASE WHEN COALESCE(debtor.clinic_guarantor_until >= %(today)s, TRUE)
                     THEN debtor.clinic_guarantor_id END,
                debtor.id)""",
            move=move,
            today=today,
        )

    def _get_receivable_ids(self, company):
        """Return the ids of the company's receivable accounts.

        Raises UserError when there is none: the chart of accounts is not set up.
        """
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        ids = accounts._search(
            Domain(accounts._check_company_domain(company)) & RECEIVABLE
        ).get_result_ids()
        if not ids:
            raise UserError(
                self.env._(
                    "%s has no receivable account: set up its chart of accounts first.",
                    company.name,
                )
            )
        return tuple(ids)
