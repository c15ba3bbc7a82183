from odoo import api, models


class ClinicCached(models.AbstractModel):
    """Small tables read with every message; what is in memory follows each change."""

    _name = "clinic.cached"
    _description = "Rows kept in memory"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
