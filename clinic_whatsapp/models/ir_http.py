from werkzeug.exceptions import HTTPException

from odoo import models
from odoo.exceptions import AccessDenied
from odoo.http import SessionExpiredException, request

API = "/clinic/api/"
# What a program that hands in documents is told, by status; the rest is a 500.
API_ERRORS = {
    400: ("form", "The form could not be read."),
    401: ("key", "The key is missing, wrong or has expired."),
    404: ("unknown", "There is nothing at this address."),
    413: ("too_large", "The file is too large."),
}


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Spare a webhook the three statements that find out the language."""
        if rule.endpoint.routing.get("speechless"):
            installed = request.env["res.lang"].sudo().get_installed()
            request.update_context(lang=installed[0][0])
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _handle_error(cls, exception):
        """A program gets its errors as JSON, and never a word of the server's."""
        if not request.httprequest.path.startswith(API):
            return super()._handle_error(exception)
        status = cls._get_api_status(exception)
        code, text = API_ERRORS.get(status, ("server", "Something went wrong here."))
        return request.make_json_response(
            {"error": code, "message": text}, status=status
        )

    @classmethod
    def _get_api_status(cls, exception):
        if isinstance(exception, AccessDenied | SessionExpiredException):
            return 401
        is_known = isinstance(exception, HTTPException) and exception.code in API_ERRORS
        return exception.code if is_known else 500
