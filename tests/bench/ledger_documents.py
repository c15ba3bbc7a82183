"""The documents the ledger is cloned from, made and reconciled by Odoo itself.

Every stored computed field of the clones (residuals, payment state, maturity dates,
matching numbers …) therefore was computed by Odoo, for any addon installed.
"""

from datetime import timedelta
from itertools import product

from odoo import fields
from odoo.fields import Command

PATIENT = "TEMPLATE PATIENT"
LANGUAGES = ("en_US", "fr_FR", "es_ES", "de_DE", "nl_NL")
TERMS = {"single": [(100, 30)], "instalments": [(30, 30), (30, 60), (40, 90)]}
STATES = {"open": "not_paid", "partial": "partial", "paid": "paid"}
SERVICES = ("Consultation", "X-ray", "Laboratory panel")
PAID_SHARE = {"single": 0.4, "instalments": 0.45}


def make_documents(env):
    """Return the template partner and {key of the plan: document and payment}."""
    env = env(
        context={**env.context, "tracking_disable": True, "mail_create_nolog": True}
    )
    for language in LANGUAGES:
        env["res.lang"]._activate_lang(language)
    maker = DocumentMaker(env)
    documents = {
        f"{state}-{lines}-{term}": maker.document(state, lines, term)
        for state, lines, term in product(STATES, (1, 2, 3), TERMS)
    }
    documents["refund-1-single"] = maker.post(1, "single", "out_refund")
    env.flush_all()
    return maker.partner, documents


class DocumentMaker:
    """Make posted invoices, credit notes and payments of one partner in company 1."""

    def __init__(self, env):
        self.env = env
        self.today = fields.Date.context_today(env.user)
        self.partner = env["res.partner"].create(
            {
                "name": PATIENT,
                "email": "template@example.com",
                "phone": "+1 202 555 0100",
                "lang": "en_US",
                "customer_rank": 1,
                "street": "1 Main St",
                "city": "Springfield",
                "country_id": env.ref("base.us").id,
            }
        )
        self.sale, self.bank = (self._find_journal(kind) for kind in ("sale", "bank"))
        self.tax = env["account.tax"].search(
            [
                ("type_tax_use", "=", "sale"),
                ("amount", "=", 15),
                ("company_id", "=", 1),
            ],
            limit=1,
        )
        self.terms = {name: self._create_term(name) for name in TERMS}

    def _find_journal(self, kind):
        domain = [("type", "=", kind), ("company_id", "=", 1)]
        return self.env["account.journal"].search(domain, limit=1)

    def _create_term(self, name):
        lines = [
            Command.create(
                {
                    "value": "percent",
                    "value_amount": share,
                    "nb_days": days,
                    "delay_type": "days_after",
                }
            )
            for share, days in TERMS[name]
        ]
        return self.env["account.payment.term"].create(
            {"name": f"Clinic {name}", "line_ids": lines}
        )

    def document(self, state, lines, term):
        """Return an invoice in that payment state, and the payment it took."""
        move, payment = self.post(lines, term), self.env["account.move"]
        if state == "partial":
            payment = self._pay(move, round(move.amount_total * PAID_SHARE[term], 2), 0)
        elif state == "paid":
            payment = self._pay(move, move.amount_total, 15)
        if move.payment_state != STATES[state]:
            raise RuntimeError(f"template is {move.payment_state}, not {STATES[state]}")
        return move | payment

    def post(self, lines, term, move_type="out_invoice"):
        """Return a posted document of today, the second of its lines taxed."""
        vals = {
            "move_type": move_type,
            "partner_id": self.partner.id,
            "invoice_date": self.today,
            "journal_id": self.sale.id,
            "invoice_payment_term_id": self.terms[term].id,
            "invoice_line_ids": [
                Command.create(self._prepare_line_vals(index)) for index in range(lines)
            ],
        }
        move = self.env["account.move"].create(vals)
        move.action_post()
        return move

    def _prepare_line_vals(self, index):
        return {
            "name": SERVICES[index],
            "price_unit": 20.0 * (index + 1),
            "account_id": self.sale.default_account_id.id,
            "tax_ids": [Command.set(self.tax.ids if index == 1 else [])],
        }

    def _pay(self, move, amount, days):
        """Return a bank entry, reconciled with the move's receivable lines."""
        receivable = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        account = receivable.account_id
        line = {"name": "Patient payment", "partner_id": self.partner.id}
        debit = {**line, "account_id": self.bank.default_account_id.id, "debit": amount}
        credit = {**line, "account_id": account.id, "credit": amount}
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.bank.id,
                "date": self.today + timedelta(days),
                "partner_id": self.partner.id,
                "line_ids": [Command.create(debit), Command.create(credit)],
            }
        )
        entry.action_post()
        (
            receivable
            | entry.line_ids.filtered(lambda line: line.account_id == account)
        ).reconcile()
        return entry
