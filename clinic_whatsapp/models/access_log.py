from odoo import fields, models


class ClinicAccessLog(models.Model):
    _inherit = "clinic.access.log"

    # Whose an unmatched document is, nobody knows yet.
    partner_id = fields.Many2one(required=False)
    document_id = fields.Many2one(
        "clinic.patient.document", readonly=True, ondelete="set null"
    )
    what = fields.Selection(
        selection_add=[("opened", "Document's page")],
        ondelete={"opened": lambda lines: lines.write({"what": "document"})},
    )
