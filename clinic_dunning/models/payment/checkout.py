import secrets
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

MINUTES = 60
LIVE = ("draft", "pending", "authorized", "done")


class ClinicPaymentCheckout(models.Model):
    """What somebody chose to pay on the page: items and amounts, fixed by the server.

    The nonce names it in addresses instead of the link's secret; one transaction at most
    comes of it, so that a form sent twice pays once.
    """

    _name = "clinic.payment.checkout"
    _description = "Choice of What to Pay"
    _order = "id desc"
    _rec_name = "id"

    nonce = fields.Char(
        required=True,
        readonly=True,
        default=lambda self: secrets.token_urlsafe(16),
        groups="base.group_system",
    )
    link_id = fields.Many2one("clinic.link", readonly=True, ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    allocation_ids = fields.One2many(
        "clinic.payment.allocation", "checkout_id", readonly=True
    )
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _nonce = models.Constraint("UNIQUE (nonce)", "This choice already exists.")
    _transaction = models.Constraint(
        "UNIQUE (transaction_id)", "A transaction pays one choice only."
    )

    @api.model
    def _open(self, link, currency, choice, amount=0.0):
        """Fix what will be paid, from the ledger.

        :param link: `clinic.link` of whoever pays
        :param currency: `res.currency` of the items
        :param str choice: "now" (what is due), "all" (what is open) or "other"
        :param float amount: for "other", in that currency
        :raise ValidationError: in words for the patient, when the amount is impossible
        """
        items = link._get_payable_items(currency, only_due=choice == "now")
        open_amount = link._get_payable_amount(currency, items)
        wanted = amount if choice == "other" else open_amount
        self._check_amount(currency, wanted, open_amount)
        return self.create(
            {
                "link_id": link.id,
                "partner_id": link.partner_id.id,
                "company_id": link.company_id.id,
                "currency_id": currency.id,
                "amount": wanted,
                "allocation_ids": [
                    Command.create(vals)
                    for vals in self._prepare_allocations(currency, items, wanted)
                ],
            }
        )

    def _check_amount(self, currency, wanted, open_amount):
        if currency.compare_amounts(open_amount, 0) <= 0:
            raise ValidationError(self.env._("Nothing is due, thank you."))
        if currency.compare_amounts(wanted, 0) <= 0:
            raise ValidationError(self.env._("Please choose an amount above zero."))
        if currency.compare_amounts(wanted, open_amount) > 0:
            raise ValidationError(self.env._("This is more than what is due."))

    def _prepare_allocations(self, currency, items, amount):
        """Spread an amount over the items, the oldest first, to the last cent."""
        left = amount
        for item in items:
            part = currency.round(min(left, float(item["residual"])))
            if currency.compare_amounts(part, 0) <= 0:
                return
            left -= part
            yield {
                "move_id": item["move_id"],
                "partner_id": item["partner_id"],
                "date_maturity": item["date_maturity"],
                "amount": part,
            }

    def _is_usable(self):
        """Return whether the choice is fresh and not paid yet."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(minutes=MINUTES)
        return self.create_date > since and not self.transaction_id

    def _get_live_transaction(self):
        """Return a transaction that is paying one of these items right now, if any."""
        self.ensure_one()
        moves = self.allocation_ids.move_id
        return self.env["payment.transaction"].search(
            [
                "|",
                ("invoice_ids", "in", moves.ids),
                ("clinic_allocation_ids.move_id", "in", moves.ids),
                "|",
                ("state", "in", ("pending", "authorized")),
                "&",
                ("state", "=", "done"),
                ("is_post_processed", "=", False),
            ],
            limit=1,
        )

    @api.autovacuum
    def _gc_unused(self):
        limit = fields.Datetime.now() - timedelta(days=2)
        self.search(
            [("create_date", "<", limit), ("transaction_id", "=", False)], limit=5000
        ).unlink()
