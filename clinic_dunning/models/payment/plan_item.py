from odoo import api, fields, models

from .plan import LIVE


class ClinicPaymentPlanItem(models.Model):
    """An item that a plan covers: move, debtor and due date name it."""

    _name = "clinic.payment.plan.item"
    _description = "Bill in a Payment Plan"
    _order = "date_maturity, id"
    _rec_name = "move_name"

    plan_id = fields.Many2one(
        "clinic.payment.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    state = fields.Selection(related="plan_id.state", store=True)
    move_id = fields.Many2one(
        "account.move", required=True, readonly=True, ondelete="restrict", index=True
    )
    move_name = fields.Char(string="Bill", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Debtor",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    date_maturity = fields.Date(string="Due Date", required=True, readonly=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    amount = fields.Monetary(readonly=True, help="What was open of it then.")

    _one_live_plan = models.UniqueIndex(
        f"(move_id, partner_id, date_maturity) WHERE state IN {LIVE}",
        "This bill is in another plan already.",
    )

    def _get_key(self):
        """Return (move id, debtor id, due date)."""
        return (self.move_id.id, self.partner_id.id, self.date_maturity)

    @api.model
    def _mark(self, rows, but=None):
        """Note on open items the plan they are in, and return the rows.

        `plan` is a live plan or nothing; where it runs, `now` is what is due of the
        item today, and `next_on` the day of the next instalment.

        :param rows: rows of `_get_open_items` of one person
        :param but: a plan that does not count
        """
        items = self._get_live(rows)
        return items.filtered(lambda item: item.plan_id != but)._mark_theirs(rows)

    @api.model
    def _get_live(self, rows):
        """Return what live plans hold of these open items (sudo)."""
        return self.sudo().search(
            [
                ("move_id", "in", [row["move_id"] for row in rows]),
                ("state", "in", LIVE),
            ]
        )

    def _mark_theirs(self, rows):
        """Note on open items what these of plans say of them; return the rows."""
        plans = {item._get_key(): item.plan_id for item in self}
        for row in rows:
            if plan := plans.get(self.plan_id._key_of(row)):
                row["plan"] = plan
        for plan in dict.fromkeys(row["plan"] for row in rows if "plan" in row):
            if plan.state == "active":
                mine = [row for row in rows if row.get("plan") == plan]
                self._mark_due(plan, rows, mine)
        return rows

    def _mark_due(self, plan, rows, mine):
        """Spread what is due of a plan over its items, the oldest first."""
        unpaid = plan._get_shares(min(plan._weigh(rows), plan.amount), unpaid=True)
        due = plan._get_due(unpaid)
        for row in mine:
            row["now"] = min(float(row["residual"]), due)
            row["next_on"] = min((line.date for line in unpaid), default=None)
            due = plan.currency_id.round(due - row["now"])

    def unlink(self):
        """Take bills out of plans, whose amounts follow."""
        plans = self.plan_id
        plans._check_editable()
        result = super().unlink()
        for plan in plans.exists():
            plan.sudo().amount = plan._get_open()
        return result


class ClinicPaymentAllocation(models.Model):
    _inherit = "clinic.payment.allocation"

    def _get_plans(self):
        """Return the running plans that cover what is paid here (sudo)."""
        keys = {part._get_key() for part in self}
        items = (
            self.env["clinic.payment.plan.item"]
            .sudo()
            .search(
                [("move_id", "in", self.move_id.ids), ("state", "=", "active")],
                order="plan_id",
            )
        )
        return items.filtered(lambda item: item._get_key() in keys).plan_id

    def _get_key(self):
        return (self.move_id.id, self.partner_id.id, self.date_maturity)
