from datetime import timedelta

from odoo import api, fields, models

ERASED_AT_ONCE = 200


class ClinicPatientDocument(models.Model):
    """A document goes; that it was there, for whom and until when, stays."""

    _inherit = "clinic.patient.document"

    def action_erase(self):
        """Erase the files for good; their links stop working."""
        self.check_access("write")
        self.sudo()._erase(self.env.user)

    def _erase(self, user=None):
        """Leave a stone with dates and counts (sudo): no file, name or reference."""
        there = self.filtered(lambda document: document.state != "erased")
        for document in there:
            document._withdraw_notices()
        there.write(
            {
                "state": "erased",
                "content": False,
                "content_hash": False,
                "match_key": False,
                "file_name": False,
                "reference": False,
                "match_note": False,
                "size": 0,
                "erased_at": fields.Datetime.now(),
                "erased_by": user and user.id,
            }
        )

    @api.autovacuum
    def _gc_documents(self):
        """Erase what is older than its clinic keeps copies."""
        for company in self.env["res.company"].search(
            [("clinic_document_days", ">", 0)]
        ):
            limit = fields.Datetime.now() - timedelta(days=company.clinic_document_days)
            self.with_context(active_test=False).search(
                [
                    ("company_id", "=", company.id),
                    ("state", "!=", "erased"),
                    ("create_date", "<", limit),
                ],
                limit=ERASED_AT_ONCE,
                order="id",
            )._erase()
