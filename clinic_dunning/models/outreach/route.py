from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ClinicContactRoute(models.Model):
    _name = "clinic.contact.route"
    _description = "Contact Route"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    line_ids = fields.One2many("clinic.contact.route.line", "route_id", copy=True)

    @api.constrains("line_ids")
    def _check_first_line(self):
        for route in self:
            if route.line_ids.sorted()[:1].condition == "if_failed":
                raise ValidationError(
                    self.env._(
                        "The first channel of “%s” can't wait for a failure.",
                        route.name,
                    )
                )

    def _get_legs(self):
        """Return the channels as lists: each begins a message, the rest is its
        fallback.
        """
        legs = []
        for line in self.line_ids.sorted():
            if line.condition == "always" or not legs:
                legs.append([])
            legs[-1].append(line.channel)
        return legs
