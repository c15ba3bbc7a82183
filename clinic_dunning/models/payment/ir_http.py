from odoo import models
from odoo.exceptions import UserError
from odoo.http import request

PATIENT_ROUTES = ("/p/", "/invoice/transaction/")


class IrHttp(models.AbstractModel):
    """An error on the patients' JSON-RPC routes is a sentence, never a traceback."""

    _inherit = "ir.http"

    @classmethod
    def _handle_error(cls, exception):
        dispatcher = request.dispatcher
        is_ours = request.httprequest.path.startswith(PATIENT_ROUTES)
        if not is_ours or dispatcher.routing_type != "jsonrpc":
            return super()._handle_error(exception)
        return dispatcher._response(error=cls._get_clinic_error(exception))

    @classmethod
    def _get_clinic_error(cls, exception):
        """Return what core's scripts expect of an error, without where it broke."""
        text = request.env._("Something went wrong. Please open your link again.")
        if isinstance(exception, UserError) and exception.args:
            text = str(exception.args[0])
        data = {
            "name": "odoo.exceptions.ValidationError",
            "message": text,
            "arguments": [text],
            "context": {},
            "debug": "",
        }
        return {"code": 0, "message": text, "data": data}
