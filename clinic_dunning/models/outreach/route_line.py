from odoo import fields, models


class ClinicContactRouteLine(models.Model):
    _name = "clinic.contact.route.line"
    _description = "Channel of a Contact Route"
    _order = "route_id, sequence, id"

    route_id = fields.Many2one(
        "clinic.contact.route", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    channel = fields.Selection(
        [("email", "Email"), ("letter", "Letter"), ("phone", "Phone call")],
        required=True,
    )
    condition = fields.Selection(
        [("always", "always"), ("if_failed", "if the previous one failed")],
        required=True,
        default="if_failed",
    )
