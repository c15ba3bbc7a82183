from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..followup.hold import LONGEST_PAUSE

# The pause ends the day after the promise, and no pause is longer than that.
MAX_DAYS = LONGEST_PAUSE - 1


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
        search="_search_state",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Noted by",
        readonly=True,
        help="Empty: by the patient on the pay page.",
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
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = self.sudo().search(Domain.TRUE).filtered(lambda p: p.state in value)
        return Domain("id", "in", found.ids)

    @api.model
    def _make(self, link, currency, day, amount=None, note=False, user=None):
        """Note that the person pays by that day, and hold the reminders until then.

        One way for all: patients promise on their page, others at the desk.

        :param link: of the person, also one that is stored nowhere
        :param date day: tomorrow at the earliest, in 29 days at the latest; an officer
            may agree on a later one
        :param float amount: in `currency`, or None for all that is open
        :param str note: neutral words for the staff
        :param user: who notes it at the desk, or None for the patient on the page
        :raise ValidationError: in words for the patient
        """
        self._check_day(day, link.company_id._get_clinic_today(), user)
        if not user:
            link._check_promises_left()
        statement = link._get_statement()
        items = statement.get_asked(currency)
        asked = statement.get_amount(currency, items)
        amount = asked if amount is None else amount
        self._check_amount(currency, amount, asked)
        moves_sudo = (
            self.env["account.move"].sudo().browse({i["move_id"] for i in items})
        )
        promise_sudo = self.sudo().create(
            {
                "partner_id": link.partner_id.id,
                "company_id": link.company_id.id,
                "currency_id": currency.id,
                "date": day,
                "amount": amount,
                "move_ids": moves_sudo.ids,
                "residual": sum(moves_sudo.mapped("amount_residual")),
                "user_id": user and user.id,
            }
        )
        promise_sudo._hold_case(note)
        return promise_sudo.sudo(self.env.su)

    @api.model
    def _get_days(self, company):
        """Return the first and the last day that a patient may promise."""
        today = company._get_clinic_today()
        return today + timedelta(days=1), today + timedelta(days=MAX_DAYS)

    def _check_day(self, day, today, user):
        is_free = user and user.has_group("clinic_dunning.group_billing_officer")
        last = date.max if is_free else today + timedelta(days=MAX_DAYS)
        if not day or not today < day <= last:
            raise ValidationError(
                self.env._("Please choose a day within the next %s days.", MAX_DAYS)
            )

    def _check_amount(self, currency, amount, asked):
        if currency.compare_amounts(asked, 0) <= 0:
            raise ValidationError(self.env._("Nothing is due, thank you."))
        if (
            currency.compare_amounts(amount, 0) <= 0
            or currency.compare_amounts(amount, asked) > 0
        ):
            raise ValidationError(
                self.env._("Please choose an amount up to %s.", currency.format(asked))
            )

    def _hold_case(self, note):
        """Pause the follow-up until the day after, and say so on the case."""
        case = self.env["clinic.followup.case"]._get_or_create(
            self.partner_id, self.company_id
        )
        today = self.company_id._get_clinic_today()
        case._message_log(
            body=self.env._(
                "Promise to pay %(amount)s by %(date)s.",
                amount=self.currency_id.format(self.amount),
                date=format_date(self.env, self.date),
            )
        )
        case._hold("promise", days=(self.date - today).days + 1, note=note)
