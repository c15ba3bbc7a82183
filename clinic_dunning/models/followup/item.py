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
        asked = SQL("COALESCE(credits.asked_id, line.guarantor_id)")
        restrict = SQL()
        if partners is not None:
            restrict = SQL("WHERE %s IN %s", asked, tuple(partners.ids) or (0,))
        return SQL(
            """
            WITH lines AS MATERIALIZED (%(lines)s), credits AS (%(credits)s)
            SELECT line.move_id, line.partner_id, line.date_maturity, line.currency_id,
                   %(asked)s AS guarantor_id, SUM(line.residual) AS residual,
                   SUM(line.residual_company) AS residual_company,
                   BOOL_OR(line.no_followup) AS no_followup,
                   MIN(line.invoice_date) AS invoice_date,
                   MIN(line.first_request_at) AS first_request_at,
                   BOOL_OR(line.disputed) AS disputed
              FROM lines line LEFT JOIN credits ON credits.credit_id = line.credit_id
              %(restrict)s
             GROUP BY 1, 2, 3, 4, 5
            """,
            lines=self._lines_sql(company, today, partners),
            credits=self._credits_sql(),
            asked=asked,
            restrict=restrict,
        )

    def _lines_sql(self, company, today, partners=None, with_credits=True):
        """The open journal items of one company, each with whoever is asked for it.

        `credit_id` is the line of a credit, and null for a bill. People are only
        narrowed down here: whom a credit counts for is seen from the bills beside it.
        """
        lines = self.env["account.move.line"].sudo()
        accounts = self._get_receivable_ids(company)
        source = SQL("account_move_line")
        counts = SQL("account_move_line.amount_residual > 0")
        if with_credits:
            netting = lines._search(lines._get_netting_domain(), bypass_access=True)
            source = netting.from_clause
            counts = SQL("(%s OR %s)", counts, netting.where_clause or SQL("TRUE"))
        return SQL(
            """
            SELECT account_move_line.move_id, account_move_line.partner_id,
                   COALESCE(account_move_line.date_maturity, account_move_line.date)
                       AS date_maturity,
                   account_move_line.currency_id, %(guarantor)s AS guarantor_id,
                   CASE WHEN account_move_line.amount_residual < 0
                        THEN account_move_line.id END AS credit_id,
                   CASE WHEN move.clinic_confidential THEN move.clinic_patient_id
                        ELSE move.clinic_guarantor_id END AS made_out_to_id,
                   account_move_line.amount_residual_currency AS residual,
                   account_move_line.amount_residual AS residual_company,
                   COALESCE(account_move_line.no_followup, FALSE) AS no_followup,
                   COALESCE(account_move_line.invoice_date, account_move_line.date)
                       AS invoice_date,
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
               AND %(counts)s %(near)s
            """,
            guarantor=self._guarantor_sql(today),
            company=company.id,
            accounts=accounts,
            source=source,
            counts=counts,
            near=SQL()
            if partners is None
            else SQL("AND %s", self._near_sql(accounts, partners)),
        )

    def _credits_sql(self):
        """Whom a credit among `lines` counts for: who is asked for a bill beside it.

        So nobody is reminded of what was paid: who it was made out to goes first, then
        the person, then the guarantor. Without a bill it counts for its own guarantor.
        """
        return SQL(
            """
            SELECT DISTINCT ON (credit.credit_id) credit.credit_id,
                   bill.guarantor_id AS asked_id
              FROM lines credit
              JOIN lines bill ON bill.partner_id = credit.partner_id
                             AND bill.currency_id = credit.currency_id
             WHERE credit.residual_company < 0 AND bill.residual_company > 0
             ORDER BY credit.credit_id,
                   CASE bill.guarantor_id WHEN credit.made_out_to_id THEN 0
                        WHEN credit.partner_id THEN 1 WHEN credit.guarantor_id THEN 2
                        ELSE 3 END,
                   bill.guarantor_id
            """
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

    def _guarantor_sql(self, today):
        """SQL of whoever is asked to pay a bill (`move`) of a person (`debtor`)."""
        return SQL(
            """COALESCE(
                CASE WHEN move.clinic_confidential
                     THEN move.clinic_patient_id END,
                move.clinic_guarantor_id,
                CASE WHEN COALESCE(debtor.clinic_guarantor_until >= %(today)s, TRUE)
                     THEN debtor.clinic_guarantor_id END,
                debtor.id)""",
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
