import hashlib
import re
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from .amount import get_least_amount, parse_amount

NONCE = re.compile(r"[\w-]+", re.ASCII)


def is_nonce(text):
    """Return whether this may be a nonce at all: others never reach PostgreSQL."""
    return bool(NONCE.fullmatch(text or ""))


def get_renewed_nonce(nonce):
    """Return the nonce of the same choice for a further try."""
    return hashlib.sha256(f"{nonce}+".encode()).hexdigest()[:32]


class ClinicPaymentCheckout(models.Model):
    """What somebody chose to pay on the page: items and amounts, fixed by the server.

    The nonce names it in addresses instead of the link's secret; one transaction at
    most comes of it, so that a form sent twice pays once.
    """

    _name = "clinic.payment.checkout"
    _description = "Choice of What to Pay"
    _order = "id desc"
    _rec_name = "id"

    nonce = fields.Char(required=True, readonly=True, groups="base.group_system")
    link_id = fields.Many2one("clinic.link", readonly=True, ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    lang = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    is_early = fields.Boolean(
        readonly=True, help="The amount is less an early payment discount."
    )
    started_at = fields.Datetime(readonly=True)
    allocation_ids = fields.One2many(
        "clinic.payment.allocation", "checkout_id", readonly=True
    )
    transaction_id = fields.Many2one(
        "payment.transaction",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    replaced_by_id = fields.Many2one(
        "clinic.payment.checkout",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The same choice, paid with another method.",
    )

    _nonce = models.Constraint("UNIQUE (nonce)", "This choice already exists.")
    _transaction = models.Constraint(
        "UNIQUE (transaction_id)", "A transaction pays one choice only."
    )

    # -- choosing ----------------------------------------------------------------------

    @api.model
    def _find(self, nonce):
        """Return the latest form of the choice that this nonce names, or none."""
        if not is_nonce(nonce):
            return self.sudo().browse()
        checkout = self.sudo().search([("nonce", "=", nonce)], limit=1)
        while checkout.replaced_by_id:
            checkout = checkout.replaced_by_id
        return checkout

    @api.model
    def _get_nonce(self, link, wish):
        """Return the nonce of one wish of one link: sent twice, it gives the same one.

        Nobody guesses it without the link's secret, even if the wish is known.

        :param wish: names the form that was sent, and what was filled in
        """
        text = f"{link.sudo().token_hash}:{wish}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @api.model
    def _open(self, link, currency, choice, amount="", keys=None, form="", lang=None):
        """Fix what will be paid, from the ledger.

        :param link: `clinic.link` of whoever pays
        :param currency: `res.currency` of the items
        :param str choice: "now" (what is due), "all" (what is open), "items" (those of
            `keys`) or "other" (`amount`, the oldest items first)
        :param str amount: as typed, in that currency
        :param str form: names the form that was sent; sent twice with the same in it,
            it is one choice
        :raise ValidationError: in words for the patient, when the amount is impossible
        """
        link._touch()
        wish = (form, currency.id, choice, amount, *(keys or ()))
        nonce = self._get_nonce(link, wish)
        if known := self._find(nonce):
            return known
        statement = link._get_statement()
        chosen = keys if choice == "items" else None
        items = statement.get_asked(currency, choice == "now", chosen)
        if choice == "items" and not items:
            raise ValidationError(self.env._("Please tick what you would like to pay."))
        total = statement.get_amount(currency, items)
        wanted = self._get_wanted(currency, choice, amount, items, total)
        early = self._get_early_amount(currency, items, total)
        is_early = bool(early) and currency.compare_amounts(wanted, early) == 0
        parts = self._prepare_allocations(currency, items, wanted)
        return self.create(
            {
                **self._prepare_vals(link, currency, lang),
                "nonce": nonce,
                "amount": wanted,
                "is_early": is_early,
                "allocation_ids": [Command.create(vals) for vals in parts],
            }
        )

    def _prepare_vals(self, link, currency, lang):
        return {
            "link_id": link.id,
            "partner_id": link.partner_id.id,
            "company_id": link.company_id.id,
            "currency_id": currency.id,
            "lang": lang or link._get_lang(),
        }

    def _get_wanted(self, currency, choice, amount, items, total):
        """Return the amount to pay; for all of one invoice less its early discount."""
        wanted = total
        if choice == "other":
            wanted = parse_amount(amount, currency.decimal_places)
        self._check_amount(currency, wanted, total)
        if choice == "other":
            return currency.round(wanted)
        return self._get_early_amount(currency, items, total) or total

    def _check_amount(self, currency, wanted, total):
        if currency.compare_amounts(total, 0) <= 0:
            raise ValidationError(self.env._("Nothing is due, thank you."))
        if wanted is None:
            raise ValidationError(
                self.env._("Please write the amount in figures, such as 12.50.")
            )
        if currency.compare_amounts(wanted, 0) <= 0:
            raise ValidationError(self.env._("Please choose an amount above zero."))
        if currency.compare_amounts(wanted, total) > 0:
            raise ValidationError(
                self.env._(
                    "This is more than the %s that can be paid here.",
                    currency.format(total),
                )
            )
        least = min(self._get_minimum(currency), total)
        if currency.compare_amounts(wanted, least) < 0:
            raise ValidationError(
                self.env._("The smallest payment is %s.", currency.format(least))
            )

    def _get_minimum(self, currency):
        return get_least_amount(currency.name, currency.decimal_places)

    def _get_early_amount(self, currency, items, total):
        """Return what all of one invoice costs today with its early payment discount.

        :return: the discounted amount, or 0 where there is no discount to be had
        """
        move = self.env["account.move"].browse({item["move_id"] for item in items})
        if len(move) != 1 or not move.is_invoice(include_receipts=True):
            return 0.0
        is_whole = currency.compare_amounts(move.amount_residual, total) == 0
        return move._get_early_amount() if is_whole else 0.0

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

    @api.autovacuum
    def _gc_unused(self):
        limit = fields.Datetime.now() - timedelta(days=2)
        self.search(
            [("create_date", "<", limit), ("transaction_id", "=", False)], limit=5000
        ).unlink()
