from odoo import api, fields, models


class ClinicPaymentPlanLine(models.Model):
    _name = "clinic.payment.plan.line"
    _description = "Instalment"
    _order = "date, id"
    _rec_name = "date"

    plan_id = fields.Many2one(
        "clinic.payment.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    partner_id = fields.Many2one(related="plan_id.partner_id")
    currency_id = fields.Many2one(related="plan_id.currency_id")
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
    paid = fields.Monetary(compute="_compute_paid")
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("due", "Due"),
            ("charging", "Being charged"),
            ("paid", "Paid"),
            ("late", "Late"),
        ],
        compute="_compute_paid",
    )
    notice_id = fields.Many2one("clinic.message", readonly=True, ondelete="set null")
    transaction_ids = fields.One2many(
        "payment.transaction",
        "clinic_plan_line_id",
        readonly=True,
        groups="clinic_dunning.group_billing_officer",
    )
    problem = fields.Char(readonly=True, help="Why the card was not charged.")

    _positive = models.Constraint(
        "CHECK (amount > 0)", "An instalment must be above zero."
    )
    _one_a_day = models.Constraint(
        "UNIQUE (plan_id, date)", "A plan has one instalment a day."
    )

    @api.depends("amount", "date", "plan_id.line_ids.amount")
    def _compute_paid(self):
        left = self.plan_id._get_left()
        for plan, lines in self.grouped("plan_id").items():
            shares = plan._get_shares(left.get(plan, 0.0))
            for line in lines:
                line.paid = shares.get(line, 0.0)
                line.state = line._get_standing(line.paid)

    def _get_standing(self, paid):
        """Return how this instalment stands, so much of it being paid."""
        today = self.company_id._get_clinic_today()
        if self.currency_id.compare_amounts(paid, self.amount) >= 0:
            return "paid"
        if self.sudo()._is_being_charged():
            return "charging"
        if not self.date or self.date > today:
            return "planned"
        return "due" if self.date == today else "late"

    def _is_being_charged(self):
        """Return whether a charge of this instalment is under way, or may be."""
        return bool(self.transaction_ids._get_unsettled())

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.plan_id._check_editable()
        return lines

    def write(self, vals):
        if {"date", "amount", "plan_id"} & set(vals):
            self.plan_id._check_editable()
        return super().write(vals)

    def unlink(self):
        self.plan_id._check_editable()
        return super().unlink()
