from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

# Days that a patient has to pay what the insurer refused.
DAYS_AFTER_REFUSAL = 30


class ResPartner(models.Model):
    """Who pays which part of a patient's bills."""

    _inherit = "res.partner"

    clinic_payer_id = fields.Many2one(
        "res.partner",
        string="Third-Party Payer",
        domain=[("clinic_is_third_party_payer", "=", True)],
        index="btree_not_null",
        help="Insurer or scheme that pays a part of this patient's bills.",
    )
    clinic_payer_share = fields.Float(
        string="Payer's Share", help="In percent of a bill, proposed on the next ones."
    )

    _payer_share = models.Constraint(
        "CHECK(clinic_payer_share BETWEEN 0 AND 100)",
        "The payer's share is between 0 and 100 percent.",
    )

    def _get_clinic_payer_share(self, total, currency):
        """Return (payer, amount) of a bill of that total."""
        self.ensure_one()
        payer = self.clinic_payer_id.filtered("clinic_is_third_party_payer")
        return payer, currency.round(total * self.clinic_payer_share / 100)


class AccountMove(models.Model):
    """The insurer's part of a bill stands in the books as the insurer's debt.

    A transfer entry moves it from the patient to the payer and is reconciled with the
    bill: what is open, its age and the pay page then tell the patient's part only.
    """

    _inherit = "account.move"

    clinic_payer_id = fields.Many2one(
        "res.partner",
        string="Third-Party Payer",
        domain=[("clinic_is_third_party_payer", "=", True)],
        copy=False,
        tracking=True,
        help="Owes its share instead of the patient once the bill is posted.",
    )
    clinic_payer_amount = fields.Monetary(
        string="Payer's Share", copy=False, tracking=True
    )
    clinic_share_move_id = fields.Many2one(
        "account.move",
        string="Transfer to the Payer",
        copy=False,
        readonly=True,
        index="btree_not_null",
    )

    @api.constrains("clinic_payer_id", "clinic_payer_amount", "amount_total")
    def _check_clinic_payer_amount(self):
        for move in self.filtered(lambda one: one.state == "draft"):
            amount, currency = move.clinic_payer_amount, move.currency_id
            if currency.is_zero(amount):
                continue  # A credit note in the making has a total below zero.
            if currency.compare_amounts(amount, 0) < 0 or (
                currency.compare_amounts(amount, move.amount_total) > 0
            ):
                raise ValidationError(
                    self.env._("The payer's share can't be more than the bill.")
                )
            if not move.clinic_payer_id:
                raise ValidationError(
                    self.env._("Say which third-party payer pays this share.")
                )

    def _post(self, soft=True):
        posted = super()._post(soft)
        for move in posted.filtered(lambda one: one._has_share_to_transfer()):
            move._transfer_share()
        return posted

    def _has_share_to_transfer(self):
        return (
            self.move_type == "out_invoice"
            and self.clinic_payer_id
            and not self.clinic_share_move_id
            and self.currency_id.compare_amounts(self.clinic_payer_amount, 0) > 0
        )

    def _transfer_share(self):
        """Book the payer's share as the payer's debt, reconciled with the bill."""
        move = self.sudo().with_company(self.company_id)
        open_lines = move._get_share_lines()
        transfer = move.create(move._prepare_share_vals(open_lines[:1]))
        transfer.action_post()
        move.clinic_share_move_id = transfer
        (open_lines | transfer._get_share_lines(self.partner_id)).reconcile()

    def _get_share_lines(self, partner=None):
        """Return the receivable lines, of one commercial partner where one is given."""
        lines = self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).sorted("date_maturity")
        wanted = (partner or self.partner_id).commercial_partner_id
        return lines.filtered(
            lambda line: line.partner_id.commercial_partner_id == wanted
        )

    def _prepare_share_vals(self, line):
        """Return the transfer: the payer's receivable against that line's."""
        payer = self.clinic_payer_id.with_company(self.company_id)
        amount = self.clinic_payer_amount
        balance = self.company_currency_id.round(
            amount / (self.invoice_currency_rate or 1)
        )
        label = self.env._("Share of %s", self.name)
        sides = (
            (payer, payer.property_account_receivable_id, 1),
            (line.partner_id, line.account_id, -1),
        )
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": self._get_share_journal().id,
            "date": self.date,
            "ref": label,
            "clinic_patient_id": (self.clinic_patient_id or self.partner_id).id,
            "line_ids": [
                Command.create(
                    {
                        "name": label,
                        "partner_id": partner.id,
                        "account_id": account.id,
                        "currency_id": self.currency_id.id,
                        "amount_currency": sign * amount,
                        "balance": sign * balance,
                        "date_maturity": self.invoice_date_due,
                    }
                )
                for partner, account, sign in sides
            ],
        }

    def _get_share_journal(self):
        journals = self.env["account.journal"]
        journal = journals.search(
            [
                *journals._check_company_domain(self.company_id),
                ("type", "=", "general"),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(self.env._("A journal of miscellaneous entries is needed."))
        return journal

    def action_reject_share(self):
        """The payer refuses: the patient owes it all, with time, and is told so."""
        self.check_access("write")
        for move in self.filtered("clinic_share_move_id"):
            transfer = move.clinic_share_move_id
            move._take_share_back()
            move.sudo().clinic_payer_amount = 0
            move.sudo()._give_time()
            move.sudo()._tell_share_refused(transfer)

    def button_draft(self):
        """A bill that is taken back takes its transfer back."""
        for move in self.filtered("clinic_share_move_id"):
            move._take_share_back()
        return super().button_draft()

    def _take_share_back(self):
        """Reverse the transfer; the patient's bill is open for that part again.

        :raise UserError: when the payer has paid already
        """
        transfer = self.sudo().clinic_share_move_id
        if transfer._get_share_lines(self.clinic_payer_id)._get_matched():
            raise UserError(
                self.env._("The payer has paid a part of its share: undo that first.")
            )
        transfer.line_ids.remove_move_reconcile()
        today = self.company_id._get_clinic_today()
        transfer._reverse_moves(
            [{"date": max(today, transfer.date), "ref": transfer.ref}], cancel=True
        )
        self.sudo().clinic_share_move_id = False

    def _give_time(self):
        """Count the due date of what is open from today: nobody was late with it."""
        due = self.company_id._get_clinic_today() + timedelta(days=DAYS_AFTER_REFUSAL)
        lines = self._get_share_lines().filtered(lambda line: not line.reconciled)
        lines.filtered(lambda line: line.date_maturity < due).date_maturity = due


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_matched(self):
        return self.matched_debit_ids | self.matched_credit_ids
