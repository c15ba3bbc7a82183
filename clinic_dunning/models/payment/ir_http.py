from werkzeug.exceptions import BadRequest

from odoo import models
from odoo.exceptions import UserError
from odoo.http import request

PATIENT_ROUTES = ("/p/", "/invoice/transaction/")
PAGES_OF_NONCES = ("checkout", "done", "card")


def get_way_back(path):
    """Return the page whose form was sent to this address: it is shown anew.

    :param str path: such as "/p/<secret>/checkout"
    """
    head, _slash, rest = path.removeprefix("/p/").partition("/")
    if head in PAGES_OF_NONCES:
        return f"/p/{head}/{rest.partition('/')[0]}"
    return f"/p/{head}?stale=1"


class IrHttp(models.AbstractModel):
    """An error on the patients' routes is a sentence, never a traceback."""

    _inherit = "ir.http"

    @classmethod
    def _handle_error(cls, exception):
        dispatcher, path = request.dispatcher, request.httprequest.path
        is_ours = path.startswith(PATIENT_ROUTES)
        if cls._is_stale_form(exception) and path.startswith(PATIENT_ROUTES[0]):
            return request.redirect(get_way_back(path))
        if not is_ours or dispatcher.routing_type != "jsonrpc":
            return super()._handle_error(exception)
        return dispatcher._response(error=cls._get_clinic_error(exception))

    @classmethod
    def _is_stale_form(cls, exception):
        """Return whether a form was refused because its session is over."""
        return (
            isinstance(exception, BadRequest)
            and request.httprequest.method == "POST"
            and request.dispatcher.routing_type == "http"
        )

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
