from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

HISTORY = 20
BILLS = 60


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
            self._get_bills_domain(partner)
            & Domain("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
            ["company_id"],
        )
        cases = self.env["clinic.followup.case"].sudo()
        found = cases.search([("partner_id", "=", partner.id)]).company_id
        return found.union(*[company for (company,) in groups])

    def _get_history(self, lang):
        """Return the latest payments of this person, the newest first.

        What was paid for a contact's bill is booked on its parent: it is found by the
        bill, or by who chose it on the page.
        """
        payments = self.env["account.payment"].search(
            (
                Domain("partner_id", "child_of", self.partner_id.id)
                | Domain("reconciled_invoice_ids", "in", self._get_own_bills().ids)
                | Domain(
                    "payment_transaction_id.clinic_checkout_id.partner_id",
                    "=",
                    self.partner_id.id,
                )
            )
            & Domain("company_id", "=", self.company_id.id)
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "in", ("in_process", "paid")),
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

    def _get_own_bills(self):
        """Return the latest of these bills: what was paid of them is shown."""
        return self.env["account.move"].search(
            self._get_bills_domain(self.partner_id)
            & Domain("company_id", "=", self.company_id.id),
            limit=BILLS,
        )

    @api.model
    def _get_bills_domain(self, partner):
        """Return the domain of the bills made out for this person, or asked of him."""
        asked = Domain("clinic_guarantor_id", "=", partner.id)
        return (asked | Domain("partner_id", "=", partner.id)) & Domain(
            "state", "=", "posted"
        )

    def _may_read_payment(self, payment):
        """What was paid for a confidential bill is its patient's alone.

        Payers see what they paid; others see what was paid for their own bills only.
        """
        bills = payment.reconciled_invoice_ids
        payer = payment.payment_transaction_id.clinic_checkout_id.partner_id
        own = bills.filtered(self._is_own_bill)
        hidden = bills.filtered("clinic_confidential").filtered(
            lambda move: move.clinic_patient_id != self.partner_id
        )
        return not hidden and (own == bills or payer == self.partner_id)

    def _is_own_bill(self, move):
        people = move.clinic_patient_id | move.partner_id | move.clinic_guarantor_id
        return self.partner_id in people
