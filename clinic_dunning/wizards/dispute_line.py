from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicDisputeLine(models.TransientModel):
    """One open invoice that may be disputed, as the front desk may see it."""

    _name = "clinic.dispute.line"
    _description = "Invoice that May Be Disputed"
    _inherit = ["clinic.dialog"]

    dispute_id = fields.Many2one("clinic.dispute", ondelete="cascade")
    call_id = fields.Many2one("clinic.call.outcome", ondelete="cascade")
    move_id = fields.Many2one("account.move", string="Invoice", required=True)
    number = fields.Char(readonly=True)
    patient = fields.Char(readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    residual = fields.Monetary(string="Open", readonly=True)
    chosen = fields.Boolean(string="Disputed", default=True)

    @api.model
    def _prepare_lines(self, moves, chosen=()):
        """Return the values of a line for each invoice not yet disputed."""
        return [
            {
                "move_id": move_sudo.id,
                "number": move_sudo.name,
                "patient": move_sudo.clinic_patient_id.name
                or move_sudo.partner_id.name,
                "date_maturity": move_sudo.invoice_date_due,
                "currency_id": move_sudo.currency_id.id,
                "residual": move_sudo.amount_residual,
                "chosen": len(moves) == 1 or move_sudo in chosen,
            }
            for move_sudo in moves.sudo()
            if not move_sudo.clinic_dispute_since
        ]

    @api.model
    def _keep_disputable(self, moves):
        """Return the open customer invoices of this user's clinics, of those (sudo)."""
        return moves.sudo().filtered(
            lambda move: move.company_id in self.env.user.company_ids
            and move._is_clinic_debt()
        )

    def _dispute(self, reason, case):
        """Mark the chosen invoices as disputed and tell the case.

        Raises UserError when none is chosen, or one can't be disputed here.
        """
        moves_sudo = self.filtered("chosen").move_id.sudo()
        if not moves_sudo:
            raise UserError(self.env._("Choose the invoices that are disputed."))
        if moves_sudo - self._keep_disputable(moves_sudo):
            raise UserError(self.env._("Only open customer invoices can be disputed."))
        for company, disputed_sudo in moves_sudo.grouped("company_id").items():
            disputed_sudo.write(
                {
                    "clinic_dispute_since": company._get_clinic_today(),
                    "clinic_dispute_reason": reason,
                }
            )
        for one in case or self._find_cases(moves_sudo):
            one._message_log(
                body=self.env._(
                    "Disputed: %(invoices)s. %(reason)s",
                    invoices=", ".join(moves_sudo.mapped("name")),
                    reason=reason,
                )
            )

    def _find_cases(self, moves_sudo):
        return self.env["clinic.followup.case"].search(
            [
                ("partner_id", "in", moves_sudo._get_people_asked().ids),
                ("company_id", "in", moves_sudo.company_id.ids),
            ]
        )
