from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.tools import ormcache

from ..tools.client import TwilioError
from .route_line import CHANNELS

# A price comes some time after the message; so long after it none will.
NOT_BEFORE = timedelta(hours=1)
KEPT_DAYS = timedelta(days=7)


class ClinicMessageAttempt(models.Model):
    """What a message really cost: the provider says it later, or never."""

    _inherit = "clinic.message.attempt"

    @api.model
    def _cron_price(self):
        """Scheduled action: fetch the prices that were not known yet, page by page.

        Commits after each page; an account that does not answer is asked tomorrow.
        """
        outbox = self.env["clinic.message"]
        groups = self._read_group(
            self._get_unpriced_domain(), ["twilio_account_id"], ["sent_at:min"]
        )
        outbox._commit(remaining=len(groups))
        for account, since in groups:
            try:
                for receipts in (
                    account.sudo()
                    ._get_client()
                    .fetch_pages(since=since.replace(tzinfo=timezone.utc))
                ):
                    outbox._insist(self._take_prices, receipts)
            except TwilioError:
                outbox._commit()
            outbox._commit(processed=1)

    @api.model
    def _get_unpriced_domain(self):
        now = fields.Datetime.now()
        return [
            ("channel", "in", CHANNELS),
            ("twilio_account_id", "!=", False),
            ("provider_ref", "!=", False),
            ("price_unit", "=", False),
            ("sent_at", ">", now - KEPT_DAYS),
            ("sent_at", "<=", now - NOT_BEFORE),
        ]

    @api.model
    def _take_prices(self, receipts):
        """Note the prices among a page of receipts; return the attempts they are of."""
        priced = {r.sid: r for r in receipts if r.price is not None}
        attempts = self.search(
            [
                ("provider_ref", "in", list(priced)),
                ("price_unit", "=", False),
                ("channel", "in", CHANNELS),
            ]
        )
        for attempt in attempts:
            receipt = priced[attempt.provider_ref]
            attempt._take_price(receipt.price, receipt.price_unit)
        return attempts

    def _take_price(self, price, unit):
        """Note what the provider asked, and as cost what that is for the company.

        :param float price: in the currency `unit` (such as "USD")
        """
        cost = self._to_company_currency(price, unit)
        self.write(
            {
                "price": price,
                "price_unit": unit,
                **({"cost": cost} if cost is not None else {}),
            }
        )

    def _to_company_currency(self, price, unit):
        """Return the price for the company, None where no rate says it."""
        money = self.env["res.currency"].sudo().browse(self._find_currency(unit))
        ours = self.company_id.currency_id
        if money == ours:
            return price
        rates = (money | ours).sudo().rate_ids
        if not money or not rates.filtered(
            lambda rate: rate.company_id in (rate.company_id.browse(), self.company_id)
        ):
            return None
        day = (self.sent_at or fields.Datetime.now()).date()
        return money._convert(price, ours, self.company_id, day, round=False)

    @api.model
    @ormcache("unit")
    def _find_currency(self, unit):
        """Return the id of the currency of that code, or False."""
        currencies = self.env["res.currency"].sudo().with_context(active_test=False)
        return currencies.search([("name", "=", unit)], limit=1).id


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    cost_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Cost"
    )
    cost = fields.Float(
        compute="_compute_cost",
        digits=(12, 5),
        help="Of all attempts: an estimate until Twilio tells its price.",
    )

    @api.depends("attempt_ids.cost")
    def _compute_cost(self):
        groups = self.env["clinic.message.attempt"]._read_group(
            [("message_id", "in", self.ids), ("cost", "!=", 0)],
            ["message_id"],
            ["cost:sum"],
        )
        costs = {message.id: cost for message, cost in groups}
        for message in self:
            message.cost = costs.get(message.id, 0.0)
