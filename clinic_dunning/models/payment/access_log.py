from datetime import timedelta

from odoo import api, fields, models

KEPT_DAYS = 3 * 365


class ClinicAccessLog(models.Model):
    """Who saw which patient's balance or document, and when."""

    _name = "clinic.access.log"
    _description = "Access to Patient Data"
    _order = "id desc"
    _log_access = False
    _rec_name = "what"

    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner", string="Patient", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    what = fields.Selection(
        [
            ("case", "Follow-up case"),
            ("page", "Pay page"),
            ("document", "Document"),
            ("evidence", "Evidence file"),
            ("reply", "Reply set aside"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)

    @api.model
    def _note(self, partners, company, what, user=None):
        """Append one line a person."""
        self.sudo().create(
            [
                {
                    "user_id": user and user.id,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "what": what,
                }
                for partner in partners
            ]
        )

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("date", "<", limit)], limit=10000).unlink()
