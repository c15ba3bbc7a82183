import re
from datetime import datetime

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# As people say and write a birth date; a four-digit year first or last.
BIRTH_DATES = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d %m %Y")
FEWEST_DIGITS = 4
MOST_INVOICES = 200


class ClinicFollowupCase(models.Model):
    """Find the person who is on the phone, or whoever owes most."""

    _inherit = "clinic.followup.case"

    caller = fields.Char(
        string="Name, Phone or Birth Date",
        store=False,
        search="_search_caller",
        help="Finds the person on the phone, also by the name of a dependant.",
    )
    invoice_number = fields.Char(store=False, search="_search_invoice_number")

    @api.model
    def _search_caller(self, operator, value):
        if operator not in ("ilike", "=") or not isinstance(value, str):
            return NotImplemented
        domain = self._get_caller_domain(value.strip())
        people = self.env["res.partner"].sudo().with_context(active_test=False)
        dependants = people.search(domain & Domain("clinic_guarantor_id", "!=", False))
        return Domain("partner_id", "in", people._search(domain)) | Domain(
            "partner_id", "in", dependants.clinic_guarantor_id.ids
        )

    @api.model
    def _get_caller_domain(self, text):
        """Return the domain of people whose name, phone or birth date is `text`."""
        if day := self._read_birth_date(text):
            return Domain("clinic_birth_date", "=", day)
        digits = re.sub(r"\D", "", text)
        if len(digits) >= FEWEST_DIGITS and not re.search(r"[^\W\d]", text):
            return Domain("phone_mobile_search", "ilike", digits.lstrip("0")) | Domain(
                "phone_sanitized", "like", digits.lstrip("0")
            )
        return Domain("complete_name", "ilike", text) | Domain("ref", "=ilike", text)

    @api.model
    def _read_birth_date(self, text):
        for pattern in BIRTH_DATES:
            try:
                return datetime.strptime(text, pattern).date()
            except ValueError:
                continue
        return None

    @api.model
    def _search_invoice_number(self, operator, value):
        if operator not in ("ilike", "="):
            return NotImplemented
        moves_sudo = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("name", operator, value),
                    ("company_id", "in", self.env.companies.ids),
                    ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                ],
                limit=MOST_INVOICES,
            )
        )
        people = moves_sudo.commercial_partner_id | moves_sudo.clinic_guarantor_id
        return Domain("partner_id", "in", people.ids)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """The largest overdue amount first: amounts are sorted by the ledger."""
        if field_name != "amount_overdue":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        self.env.flush_all()
        balances = self.env["clinic.followup.decision"]._get_balance_query(
            self.env.companies
        )
        owed = query.make_alias(alias, "owed")
        query.add_join(
            "LEFT JOIN",
            owed,
            SQL("(%s)", balances),
            SQL(
                "%s = %s AND %s = %s",
                SQL.identifier(owed, "guarantor_id"),
                SQL.identifier(alias, "partner_id"),
                SQL.identifier(owed, "company_id"),
                SQL.identifier(alias, "company_id"),
            ),
        )
        overdue = SQL("COALESCE(%s, 0)", SQL.identifier(owed, "overdue"))
        return SQL("%s %s %s", overdue, direction, nulls)
