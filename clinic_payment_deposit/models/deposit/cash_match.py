from odoo import fields, models
from odoo.tools import SQL


class ClinicDepositCash(models.Model):
    """What providers took and gave back each day, beside what the books say."""

    _name = "clinic.deposit.cash"
    _description = "Daily Cash of Deposits"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"

    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", string="Branch", readonly=True)
    provider_id = fields.Many2one("payment.provider", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    payments = fields.Integer(readonly=True)
    received = fields.Monetary(readonly=True, help="Confirmed by the provider.")
    given_back = fields.Monetary(readonly=True)
    net = fields.Monetary(string="At the Provider", readonly=True)
    booked = fields.Monetary(string="In the Books", readonly=True)
    difference = fields.Monetary(
        readonly=True, help="Money that is not booked, or booked otherwise."
    )
    is_matched = fields.Boolean(string="Agrees", readonly=True)

    @property
    def _table_query(self):
        """One row for each day, branch, provider and currency.

        A hold is no money; its captures are.
        """
        return SQL(
            """
            SELECT MIN(tx.id) AS id, tx.day AS date, tx.company_id, tx.provider_id,
                   tx.currency_id, COUNT(*) AS payments,
                   SUM(GREATEST(tx.amount, 0)) AS received,
                   -SUM(LEAST(tx.amount, 0)) AS given_back,
                   SUM(tx.amount) AS net,
                   SUM(tx.booked) AS booked,
                   SUM(tx.amount) - SUM(tx.booked) AS difference,
                   ABS(SUM(tx.amount) - SUM(tx.booked)) < 0.0005 AS is_matched
              FROM (
                SELECT tx.id, tx.last_state_change::date AS day, tx.company_id,
                       tx.provider_id, tx.currency_id, tx.amount,
                       COALESCE(CASE payment.payment_type
                            WHEN 'inbound' THEN payment.amount
                            ELSE -payment.amount END, 0) AS booked
                  FROM payment_transaction tx
                  LEFT JOIN payment_transaction source
                    ON source.id = tx.source_transaction_id
                  LEFT JOIN account_payment payment
                    ON payment.id = tx.payment_id
                   AND payment.state IN ('in_process', 'paid')
                 WHERE tx.state = 'done' AND tx.operation != 'validation'
                   AND COALESCE(tx.clinic_deposit_id, source.clinic_deposit_id)
                       IS NOT NULL
                   AND NOT EXISTS (
                        SELECT FROM payment_transaction part
                         WHERE part.source_transaction_id = tx.id
                           AND part.operation = tx.operation)) tx
             GROUP BY tx.day, tx.company_id, tx.provider_id, tx.currency_id"""
        )
