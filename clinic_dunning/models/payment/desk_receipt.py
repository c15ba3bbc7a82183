from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ClinicDeskReceipt(models.Model):
    """What one act at the front desk took in.

    A narrow window on `account.payment`: the front desk has no right to the ledger. One
    act makes a payment for each receivable account; they share a token.
    """

    _name = "clinic.desk.receipt"
    _description = "Payment Recorded at the Desk"
    _auto = False
    _order = "id desc"
    _rec_name = "number"
    _depends = {
        "account.payment": [
            *(
                "name",
                "amount",
                "currency_id",
                "journal_id",
                "partner_id",
                "company_id",
            ),
            *("date", "memo", "state", "clinic_desk_token", "clinic_desk_user_id"),
        ],
        "clinic.followup.case": ["partner_id", "company_id"],
    }

    number = fields.Char(readonly=True)
    token = fields.Char(readonly=True)
    case_id = fields.Many2one("clinic.followup.case", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Paid by", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    journal_id = fields.Many2one("account.journal", string="Means", readonly=True)
    date = fields.Date(readonly=True)
    recorded_at = fields.Datetime(readonly=True)
    memo = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Recorded by", readonly=True)
    state = fields.Selection(
        [("done", "Recorded"), ("undone", "Undone")], readonly=True
    )
    can_undo = fields.Boolean(compute="_compute_can_undo")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(payment.id) AS id, payment.clinic_desk_token AS token,
                   STRING_AGG(payment.name, ', ' ORDER BY payment.id) AS number,
                   MIN(cases.id) AS case_id, MIN(payment.partner_id) AS partner_id,
                   MIN(payment.company_id) AS company_id,
                   MIN(payment.currency_id) AS currency_id,
                   SUM(payment.amount) AS amount,
                   MIN(payment.journal_id) AS journal_id, MIN(payment.date) AS date,
                   MIN(payment.create_date) AS recorded_at, MIN(payment.memo) AS memo,
                   MIN(payment.clinic_desk_user_id) AS user_id,
                   CASE WHEN BOOL_OR(payment.state IN ('in_process', 'paid'))
                        THEN 'done' ELSE 'undone' END AS state
              FROM account_payment payment
              LEFT JOIN clinic_followup_case cases
                     ON cases.partner_id = payment.partner_id
                    AND cases.company_id = payment.company_id
             WHERE payment.clinic_desk_token IS NOT NULL
             GROUP BY payment.clinic_desk_token
            """
        )

    def _compute_can_undo(self):
        for receipt in self:
            receipt.can_undo = not receipt._get_undo_obstacle()

    def _get_payments_sudo(self):
        return (
            self.env["account.payment"]
            .sudo()
            .search([("clinic_desk_token", "in", self.mapped("token"))])
        )

    def _get_undo_obstacle(self):
        """Return why this user can't undo this payment now, or ''."""
        self.ensure_one()
        if self.state == "undone":
            return self.env._("This payment is undone already.")
        if self.user_id != self.env.user:
            return self.env._("Only %s can undo this payment.", self.user_id.name)
        if self.date != self.company_id._get_clinic_today():
            return self.env._(
                "A payment can be undone on its own day only: ask the accountant."
            )
        if self._get_payments_sudo().reconciled_statement_line_ids:
            return self.env._(
                "This payment was found on a bank statement: ask the accountant."
            )
        return ""

    def action_undo(self):
        """Take back a payment that was recorded by mistake today by the same user.

        Raises UserError with the reason where that is not possible.
        """
        self.ensure_one()
        if obstacle := self._get_undo_obstacle():
            raise UserError(obstacle)
        self._get_payments_sudo().action_cancel()
        self.case_id._message_log(
            body=self.env._(
                "Payment %(number)s of %(amount)s undone.",
                number=self.number,
                amount=self.currency_id.format(self.amount),
            )
        )
        self.invalidate_model()

    def action_print(self):
        """Print these receipts."""
        return self.env.ref("clinic_dunning.action_report_desk_receipt").report_action(
            self
        )
