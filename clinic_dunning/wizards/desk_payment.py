from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ClinicDeskPayment(models.TransientModel):
    """Take a payment at the desk, for users without any right to the ledger.

    The one act that passes the ledger's doors: in a journal that is meant for it, never
    more than what is open, the oldest due first, once.
    """

    _name = "clinic.desk.payment"
    _description = "Payment at the Desk"
    _inherit = ["clinic.dialog", "clinic.desk.means"]

    case_id = fields.Many2one("clinic.followup.case", required=True, readonly=True)
    partner_id = fields.Many2one(related="case_id.partner_id")
    company_id = fields.Many2one(related="case_id.company_id")
    currency_ids = fields.Many2many(
        "res.currency", string="Open Currencies", compute="_compute_currency_ids"
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        domain="[('id', 'in', currency_ids)]",
    )
    amount_due = fields.Monetary(string="Open in All", compute="_compute_amounts_open")
    amount_overdue = fields.Monetary(string="Overdue", compute="_compute_amounts_open")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    memo = fields.Char(help="In neutral words: it is printed on the receipt.")

    # -- what is open ----------------------------------------------

    @api.depends("case_id")
    def _compute_currency_ids(self):
        for desk in self:
            desk.currency_ids = self.env["res.currency"].browse(
                {i["currency_id"] for i in desk._get_items() if i["residual"] > 0}
            )

    @api.depends("case_id")
    def _compute_currency_id(self):
        for desk in self:
            own = desk.case_id._origin.currency_id
            others = desk.currency_ids._origin
            desk.currency_id = own if own in others else others[:1] or own

    @api.depends("case_id", "currency_id")
    def _compute_amounts_open(self):
        for desk in self:
            today = desk.company_id._get_clinic_today()
            items = desk._get_items(desk.currency_id)
            late = [i for i in items if i["residual"] < 0 or i["date_maturity"] < today]
            desk.amount_due = desk._sum(items)
            desk.amount_overdue = min(desk._sum(late), desk.amount_due)

    @api.depends("case_id", "currency_id")
    def _compute_amount(self):
        for desk in self:
            desk.amount = desk.amount_overdue or desk.amount_due

    def _sum(self, items):
        """Return the sum of open amounts less credits, never negative."""
        return max(0.0, sum(float(item["residual"]) for item in items))

    def _get_items(self, currency=None):
        """Return the open items and credits of the person, oldest due date first."""
        case = self.case_id._origin
        items = self.env["clinic.followup.decision"]._get_open_items(
            case.partner_id, case.company_id
        )
        return [i for i in items if not currency or i["currency_id"] in currency.ids]

    # -- recording ----------------------------------------------

    def action_record(self):
        """Record the payment and print its receipt."""
        action = self._record().action_print()
        return {**action, "close_on_report_download": True}

    def action_record_only(self):
        """Record the payment without printing a receipt."""
        self._record()
        return {"type": "ir.actions.act_window_close"}

    def _record(self):
        """Post the payment once and return its receipt, also when it is asked again."""
        self.ensure_one()
        self.case_id.check_access("write")
        known = self._get_receipt()
        if not known:
            self._lock_case()
            self._check()
            self._post()
            known = self._get_receipt()
            self._tell_case(known)
        return known

    def _get_receipt(self):
        return self.env["clinic.desk.receipt"].search([("token", "=", self.token)])

    def _lock_case(self):
        """Two clicks or two desks wait for each other; the second one looks again.

        The row is changed, not only locked: PostgreSQL then refuses the later one, and
        Odoo runs it again with what the first one booked in sight.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE clinic_followup_case SET write_date = %s WHERE id = %s",
                fields.Datetime.now(),
                self.case_id.id,
            )
        )

    def _check(self):
        """Refuse what can't be booked here, and say why."""
        currency = self.currency_id
        self._check_journal()
        if currency.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Enter the amount that you received."))
        if currency.compare_amounts(self.amount, self.amount_due) > 0:
            raise UserError(
                self.env._(
                    "%(amount)s is more than the %(due)s that %(person)s owes.",
                    amount=currency.format(self.amount),
                    due=currency.format(self.amount_due),
                    person=self.partner_id.name,
                )
            )
        if self.memo:
            self.env["clinic.service.label"]._check_label(self.memo)

    def _post(self):
        """Post a payment for each receivable account and match it, oldest due first."""
        for account_sudo, (amount, lines_sudo) in self._allocate().items():
            payment_sudo = self._create_payment_sudo(account_sudo, amount)
            payment_sudo.action_post()
            paid_sudo = payment_sudo.move_id.line_ids.filtered(
                lambda line, account=account_sudo: line.account_id == account
            )
            (paid_sudo | lines_sudo).reconcile()

    def _allocate(self):
        """Return {receivable account: (amount, lines)}, in the payment's currency."""
        left, shares = self.amount, {}
        for line_sudo in self._get_open_lines_sudo():
            part = self.currency_id.round(min(left, line_sudo.amount_residual_currency))
            if self.currency_id.compare_amounts(part, 0) <= 0:
                break
            amount, lines_sudo = shares.get(line_sudo.account_id, (0.0, line_sudo))
            shares[line_sudo.account_id] = (amount + part, lines_sudo | line_sudo)
            left -= part
        return shares

    def _get_open_lines_sudo(self):
        items = [i for i in self._get_items(self.currency_id) if i["residual"] > 0]
        keys = {(i["move_id"], i["partner_id"], i["date_maturity"]) for i in items}
        moves_sudo = self.env["account.move"].sudo().browse({key[0] for key in keys})
        return moves_sudo.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
            and line.amount_residual_currency > 0
            and (line.move_id.id, line.partner_id.id, line.date_maturity or line.date)
            in keys
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _create_payment_sudo(self, account, amount):
        method = self.journal_id.sudo().inbound_payment_method_line_ids[:1]
        payments_sudo = self.env["account.payment"].sudo().with_company(self.company_id)
        # Without a journal entry nothing could be matched with the invoices.
        forced = payments_sudo.with_context(
            force_payment_move=not method.payment_account_id
        )
        payment_sudo = forced.create(
            {
                **self._prepare_payment_vals(account, amount),
                "payment_method_line_id": method.id,
            }
        )
        return payment_sudo.with_env(payments_sudo.env)

    def _prepare_payment_vals(self, account, amount):
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "journal_id": self.journal_id.id,
            "currency_id": self.currency_id.id,
            "destination_account_id": account.id,
            "amount": amount,
            "date": self.company_id._get_clinic_today(),
            "memo": self.memo or self.env._("Payment at the desk"),
            "clinic_desk_user_id": self.env.uid,
            "clinic_desk_token": self.token,
        }

    def _tell_case(self, receipt):
        self.case_id._message_log(
            body=self.env._(
                "Payment at the desk: %(amount)s, %(means)s, receipt %(number)s.",
                amount=self.currency_id.format(self.amount),
                means=self.journal_id.name,
                number=receipt.number,
            )
        )
