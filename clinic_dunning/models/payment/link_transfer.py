import io
from urllib.parse import quote, urlencode

import qrcode

from odoo import models


class ClinicLink(models.Model):
    """Paying from the bank: what to copy, a code on a desktop, an app on a phone."""

    _inherit = "clinic.link"

    def _get_transfer(self, statement, currency):
        """Return the transfer details of what is due, or None.

        :param statement: the `Statement` of the person
        :param currency: `res.currency` of the amount
        """
        items = self._get_items_of_transfer(statement, currency)
        account = self.company_id.partner_id.bank_ids[:1]
        upi = self._get_upi_address()
        if not items or not (account or upi):
            return None
        return {
            "holder": account.acc_holder_name
            or self.company_id._get_clinic_message_name(),
            "account": account.acc_number,
            "bic": account.bank_bic,
            "reference": self._get_transfer_reference(items),
            "upi": self._get_upi_link(statement, currency) if upi else "",
            "has_qr": bool(self._get_qr_text(statement, currency)),
        }

    def _get_transfer_reference(self, items):
        move = self.env["account.move"].browse(items[0]["move_id"])
        return move.payment_reference or move.name

    def _get_items_of_transfer(self, statement, currency):
        return statement.get_asked(currency, only_due=True) or statement.get_asked(
            currency
        )

    def _get_upi_address(self):
        """Return the clinic's UPI id where the Indian localisation keeps one."""
        company = self.company_id
        if "l10n_in_upi_id" not in company._fields or company.currency_id.name != "INR":
            return ""
        return company.l10n_in_upi_id or ""

    def _get_upi_link(self, statement, currency):
        """Return the address that opens a payment app on a phone."""
        items = self._get_items_of_transfer(statement, currency)
        query = {
            "pa": self._get_upi_address(),
            "pn": self.company_id._get_clinic_message_name(),
            "am": f"{statement.get_amount(currency, items):.2f}",
            "cu": "INR",
            "tn": self._get_transfer_reference(items),
        }
        return f"upi://pay?{urlencode(query, quote_via=quote)}"

    def _get_qr_text(self, statement, currency):
        """Return what a code for a desktop says (UPI, else the bank's way), or ''."""
        items = self._get_items_of_transfer(statement, currency)
        if not items:
            return ""
        if self._get_upi_address():
            return self._get_upi_link(statement, currency)
        account = self.company_id.partner_id.bank_ids[:1]
        amount = statement.get_amount(currency, items)
        reference = self._get_transfer_reference(items)
        values = account and account._build_qr_code_vals(
            amount, reference, reference, currency, self.partner_id, silent_errors=True
        )
        params = values and account._get_qr_code_generation_params(**values)
        return params["value"] if params else ""

    def _get_qr_image(self):
        """Return the PNG of the code for what is due, or b'' where there is none."""
        statement = self._get_statement()
        currency = self.env["res.currency"].browse(statement.currency_ids[:1])
        text = self._get_qr_text(statement, currency) if currency else ""
        if not text:
            return b""
        image = io.BytesIO()
        qrcode.make(text, box_size=6, border=2).save(image, format="PNG")
        return image.getvalue()
