from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_DAYS = 30


class ClinicPromise(models.Model):
    """A patient's word to pay by a date; the ledger says whether it was kept."""

    _name = "clinic.promise"
    _description = "Promise to Pay"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date = fields.Date(string="Pays by", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    move_ids = fields.Many2many("account.move", string="Invoices", readonly=True)
    residual = fields.Monetary(
        readonly=True, help="What was open when it was promised."
    )
    paid = fields.Monetary(compute="_compute_paid", help="Paid since then.")
    state = fields.Selection(
        [("open", "Open"), ("kept", "Kept"), ("broken", "Broken")],
        compute="_compute_paid",
    )

    _positive = models.Constraint("CHECK (amount > 0)", "A promise is above zero.")

    @api.depends("move_ids.amount_residual", "amount", "date")
    def _compute_paid(self):
        for promise in self:
            today = promise.company_id._get_clinic_today()
            left = sum(promise.sudo().move_ids.mapped("amount_residual"))
            promise.paid = max(0.0, promise.residual - left)
            missing = (
                promise.currency_id.compare_amounts(promise.paid, promise.amount) < 0
            )
            if missing:
                promise.state = "broken" if promise.date < today else "open"
            else:
                promise.state = "kept"

    @api.model
    def _make(self, link, currency, day):
        """Note that the person pays what is open by that day, and hold the reminders.

        :param date day: tomorrow at the earliest, in thirty days at the latest
        :raise ValidationError: in words for the patient
        """
        today = link.company_id._get_clinic_today()
        if not day or not today < day <= today + timedelta(days=MAX_DAYS):
            raise ValidationError(
                self.env._("Please choose a day within the next %s days.", MAX_DAYS)
            )
        statement = link._get_statement()
        items = statement.get_asked(currency)
        amount = statement.get_amount(currency, items)
        if currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("Nothing is due, thank you."))
        moves = self.env["account.move"].browse({item["move_id"] for item in items})
        link._get_case()._hold("promise", days=(day - today).days + 1)
        return self.sudo().create(
            {
                "partner_id": link.partner_id.id,
                "company_id": link.company_id.id,
                "currency_id": currency.id,
                "date": day,
                "amount": amount,
                "move_ids": moves.ids,
                "residual": sum(moves.mapped("amount_residual")),
            }
        )
