from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ClinicDepositCash(models.Model):
    """What came and went each day beside what books and bank say."""

    _name = "clinic.deposit.cash"
    _description = "Daily Cash of Deposits"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"

    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", string="Branch", readonly=True)
    provider_id = fields.Many2one("payment.provider", readonly=True)
    journal_id = fields.Many2one("account.journal", string="At the Desk", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    payments = fields.Integer(readonly=True)
    received = fields.Monetary(readonly=True, help="Confirmed by the provider.")
    given_back = fields.Monetary(readonly=True)
    net = fields.Monetary(string="At the Provider", readonly=True)
    booked = fields.Monetary(string="In the Books", readonly=True)
    banked = fields.Monetary(
        string="At the Bank",
        readonly=True,
        help="Matched with a bank statement. What is missing after some days is the "
        "provider's fee, or did not arrive.",
    )
    kept = fields.Monetary(
        string="Kept by Fees",
        readonly=True,
        help="For visits missed or cancelled late: a part of what was received before.",
    )
    difference = fields.Monetary(
        readonly=True, help="Money that is not booked, or booked otherwise."
    )
    problems = fields.Integer(
        readonly=True,
        help="Double, late, disputed or returned: on the list to look at.",
    )
    is_matched = fields.Boolean(string="Agrees", readonly=True)

    @property
    def _table_query(self):
        """One row for each day of the clinic, branch, provider or journal, currency."""
        return SQL(
            """
            SELECT MIN(cash.id) AS id, cash.day AS date, cash.company_id,
                   cash.provider_id, cash.journal_id, cash.currency_id,
                   COUNT(*) FILTER (WHERE cash.amount != 0) AS payments,
                   SUM(GREATEST(cash.amount, 0)) AS received,
                   -SUM(LEAST(cash.amount, 0)) AS given_back,
                   SUM(cash.amount) AS net,
                   SUM(cash.booked) AS booked,
                   SUM(CASE WHEN cash.is_banked THEN cash.booked ELSE 0 END) AS banked,
                   SUM(cash.kept) AS kept,
                   SUM(cash.amount) - SUM(cash.booked) AS difference,
                   SUM(cash.problems) AS problems,
                   ABS(SUM(cash.amount) - SUM(cash.booked)) < 0.0005
                       AND SUM(cash.problems) = 0 AS is_matched
              FROM (%s UNION ALL %s UNION ALL %s) cash
             GROUP BY cash.day, cash.company_id, cash.provider_id, cash.journal_id,
                      cash.currency_id""",
            self._get_online_query(),
            self._get_desk_query(),
            self._get_kept_query(),
        )

    def _get_online_query(self):
        """Return what providers took and gave back; of a hold, its captures."""
        return SQL(
            """
            SELECT tx.id * 3 AS id,
                   (tx.last_state_change AT TIME ZONE 'UTC'
                       AT TIME ZONE zone.name)::date AS day,
                   tx.company_id, tx.provider_id, NULL::integer AS journal_id,
                   tx.currency_id, tx.amount, 0 AS kept,
                   COALESCE(CASE payment.payment_type WHEN 'inbound'
                            THEN payment.amount ELSE -payment.amount END, 0) AS booked,
                   payment.is_matched AS is_banked,
                   (SELECT COUNT(*) FROM clinic_payment_exception problem
                     WHERE problem.transaction_id = tx.id
                       AND problem.state = 'open') AS problems
              FROM payment_transaction tx
              JOIN (VALUES %s) zone (company_id, name)
                ON zone.company_id = tx.company_id
              LEFT JOIN payment_transaction source
                ON source.id = tx.source_transaction_id
              LEFT JOIN account_payment payment
                ON payment.id = tx.payment_id
               AND payment.state IN ('in_process', 'paid')
             WHERE tx.state = 'done' AND tx.operation != 'validation'
               AND COALESCE(tx.clinic_deposit_id, source.clinic_deposit_id) IS NOT NULL
               AND NOT EXISTS (
                    SELECT FROM payment_transaction part
                     WHERE part.source_transaction_id = tx.id
                       AND part.operation = tx.operation)""",
            self._get_zones(),
        )

    def _get_desk_query(self):
        """Return what was paid and given back at the desk."""
        return SQL(
            """
            SELECT payment.id * 3 + 1 AS id, payment.date AS day, payment.company_id,
                   NULL::integer AS provider_id, payment.journal_id,
                   payment.currency_id, signed.amount, 0 AS kept,
                   signed.amount AS booked,
                   payment.is_matched AS is_banked, 0 AS problems
              FROM account_payment payment
              JOIN (SELECT id, CASE payment_type WHEN 'inbound' THEN amount
                                    ELSE -amount END AS amount
                      FROM account_payment) signed ON signed.id = payment.id
             WHERE payment.payment_transaction_id IS NULL
               AND payment.state IN ('in_process', 'paid')
               AND EXISTS (SELECT FROM clinic_deposit_line line
                            WHERE line.payment_id = payment.id
                              AND line.kind IN ('paid', 'refunded'))"""
        )

    def _get_kept_query(self):
        """Return what was kept by fees, beside what brought the money."""
        return SQL(
            """
            SELECT line.id * 3 + 2 AS id, fee.invoice_date AS day, line.company_id,
                   tx.provider_id,
                   CASE WHEN tx.id IS NULL THEN payment.journal_id END AS journal_id,
                   line.currency_id, 0 AS amount, line.amount AS kept, 0 AS booked,
                   FALSE AS is_banked, 0 AS problems
              FROM clinic_deposit_line line
              JOIN account_move fee ON fee.id = line.move_id
              JOIN LATERAL (
                    SELECT payment_id, transaction_id FROM clinic_deposit_line first
                     WHERE first.deposit_id = line.deposit_id AND first.kind = 'paid'
                     ORDER BY first.id LIMIT 1) paid ON TRUE
              JOIN account_payment payment ON payment.id = paid.payment_id
              LEFT JOIN payment_transaction tx ON tx.id = paid.transaction_id
             WHERE line.kind = 'kept'"""
        )

    def _get_zones(self):
        """Return the rows (company, time zone): a day is the clinic's."""
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        return SQL(", ").join(
            SQL("(%s, %s)", company.id, company._get_clinic_tz())
            for company in companies
        )

    def action_open_deposits(self):
        """Show the deposits that money came to, or went from, on that day."""
        self.ensure_one()
        self.check_access("read")
        lines = self.env["clinic.deposit.line"].sudo()
        moved = Domain("kind", "in", ("paid", "refunded")) & Domain(
            "payment_id.date", "=", self.date
        )
        kept = Domain("kind", "=", "kept") & Domain(
            "move_id.invoice_date", "=", self.date
        )
        own = Domain("company_id", "=", self.company_id.id)
        found = lines.search(own & (moved | kept))
        return found.deposit_id.with_env(self.env)._get_list_action()
