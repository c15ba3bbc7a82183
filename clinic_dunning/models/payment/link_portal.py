from odoo import api, fields, models
from odoo.tools import format_amount, format_date

HISTORY = 20


class ClinicLink(models.Model):
    """The same account for somebody who is logged in: no secret, no birth date."""

    _inherit = "clinic.link"

    @api.model
    def _get_virtual(self, partner, company):
        """Return a link that is stored nowhere, to read an account with (sudo)."""
        return self.sudo().new(
            {
                "partner_id": partner.id,
                "company_id": company.id,
                "purpose": "pay",
                "expires_at": fields.Datetime.now(),
            }
        )

    @api.model
    def _get_clinics_of(self, partner):
        """Return the companies that this person has a bill or a case in (sudo)."""
        moves = self.env["account.move"].sudo()
        groups = moves._read_group(
            [
                ("clinic_guarantor_id", "=", partner.id),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
            ],
            ["company_id"],
        )
        cases = self.env["clinic.followup.case"].sudo()
        found = cases.search([("partner_id", "=", partner.id)]).company_id
        return found.union(*[company for (company,) in groups])

    def _get_history(self, lang):
        """Return the latest payments of this person, the newest first."""
        payments = self.env["account.payment"].search(
            [
                ("partner_id", "child_of", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("payment_type", "=", "inbound"),
                ("state", "in", ("in_process", "paid")),
            ],
            order="date desc, id desc",
            limit=HISTORY,
        )
        return [
            {
                "date": format_date(self.env, payment.date, lang_code=lang),
                "amount": format_amount(
                    self.env, payment.amount, payment.currency_id, lang
                ),
                "reference": payment.payment_transaction_id.reference
                or payment.name
                or "",
            }
            for payment in payments.filtered(self._may_read_payment)
        ]

    def _may_read_payment(self, payment):
        """What was paid for a confidential bill is its patient's alone."""
        return all(
            not move.clinic_confidential or move.clinic_patient_id == self.partner_id
            for move in payment.reconciled_invoice_ids
        )
