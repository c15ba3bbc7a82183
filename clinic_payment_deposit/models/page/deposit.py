from odoo import api, fields, models


class ClinicDeposit(models.Model):
    """Staff read the date of a visit as the clinic's clock shows it."""

    _inherit = "clinic.deposit"

    visit_when = fields.Char(string="When", compute="_compute_visit_when")

    @api.depends("visit_start", "booking_id.clinic_when")
    @api.depends_context("lang")
    def _compute_visit_when(self):
        lang = self.env.lang or "en_US"
        for deposit in self:
            deposit.visit_when = deposit.sudo()._get_visit_text(lang)
