import base64
import io

import qrcode
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

# Where the window of an envelope is on the right, the address goes there.
RIGHT_WINDOW = ("FR", "BE", "LU", "CH", "MC")


class ReportLetter(models.AbstractModel):
    _name = "report.clinic_dunning.report_letter"
    _description = "Letters to Patients"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Render each letter with a fresh link, as the one who may print letters.

        :raise UserError: for a letter that waits no more: a fresh link would end the
            one on the paper that was posted
        """
        attempts = self.env["clinic.message.attempt"].browse(docids)
        attempts.check_access("write")
        if attempts.filtered(lambda attempt: attempt.state != "accepted"):
            raise UserError(
                self.env._("A letter that was posted or withdrawn is not printed.")
            )
        return {
            "docs": attempts,
            "letters": [self._prepare_letter(attempt.sudo()) for attempt in attempts],
        }

    def _prepare_letter(self, attempt_sudo):
        letter = attempt_sudo._get_letter()
        company = attempt_sudo.company_id
        return {
            "attempt": attempt_sudo,
            "company": company,
            "partner": attempt_sudo.partner_id,
            "clinic": company.with_context(lang=letter.lang)._get_clinic_message_name(),
            "subject": letter.subject,
            "paragraphs": [
                Markup("<br/>").join(paragraph.split("\n"))
                for paragraph in letter.body.split("\n\n")
            ],
            "also_open": letter.also_open,
            "url": letter.url,
            "qr": self._get_qr(letter.url),
            "lang": letter.lang,
            "date": fields.Date.context_today(
                attempt_sudo.with_context(tz=company._get_clinic_tz())
            ),
            "bank": self._get_bank(company),
            "reference": (attempt_sudo.message_id.values or {}).get("reference"),
            "right": company.country_id.code in RIGHT_WINDOW,
        }

    def _get_qr(self, address):
        """Return the QR code as a data address: the link is in no server's log."""
        picture = io.BytesIO()
        qrcode.make(address, border=1).save(picture)
        return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()

    def _get_bank(self, company):
        """Return the bank account to which patients may transfer, or none."""
        journals = (
            self.env["account.journal"]
            .sudo()
            .search(
                [
                    ("type", "=", "bank"),
                    ("bank_account_id", "!=", False),
                    ("company_id", "parent_of", company.id),
                ],
                limit=1,
            )
        )
        return journals.bank_account_id or company.partner_id.bank_ids[:1]
