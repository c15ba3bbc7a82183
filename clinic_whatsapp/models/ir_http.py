from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Spare a webhook the three statements that find out the language."""
        if rule.endpoint.routing.get("speechless"):
            installed = request.env["res.lang"].sudo().get_installed()
            request.update_context(lang=installed[0][0])
        return super()._pre_dispatch(rule, args)
