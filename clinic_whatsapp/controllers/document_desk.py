from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from .document_stream import stream


class ClinicDocumentDesk(http.Controller):
    """How staff read a document: always by this door, which keeps who came."""

    @http.route(
        "/clinic/document/<int:document_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def show(self, document_id, **_kwargs):
        """Show a document to a member of staff who may; not found for others."""
        document = request.env["clinic.patient.document"].browse(document_id).exists()
        try:
            document.check_access("read")
        except AccessError:
            raise request.not_found() from None
        if not document or document.state == "erased":
            raise request.not_found()
        document.sudo()._note_seen("document", request.env.user)
        return stream(document.sudo(), inline=True)
