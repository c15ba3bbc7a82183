from odoo import fields, models


class ClinicLinkShow(models.TransientModel):
    """Show a fresh patient link once: its address is stored nowhere."""

    _name = "clinic.link.show"
    _description = "Link to the Pay Page"
    _inherit = ["clinic.dialog"]

    case_id = fields.Many2one("clinic.followup.case", readonly=True)
    address = fields.Char(store=False, readonly=True)
