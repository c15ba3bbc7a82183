from odoo import http
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.portal import ClinicPortal

from .document_stream import stream


class ClinicDocumentPortal(ClinicPortal):
    """The documents of a patient who is logged in: the login is the second factor."""

    @http.route(
        "/my/clinic/document/<int:document_id>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def my_clinic_document(self, document_id, **_kwargs):
        """Download a document; it is counted and on record."""
        partner = self._get_patient()
        known = request.env["clinic.patient.document"].sudo().browse(document_id)
        company = known.exists().company_id
        mine = known._get_documents_of(partner, company) & known
        if not mine:
            raise request.not_found()
        mine._note_seen("document")
        return stream(mine)

    def _get_account(self, partner, company):
        lang = request.env.lang
        documents = request.env["clinic.patient.document"]
        found = documents._get_documents_of(partner, company).with_context(lang=lang)
        account = super()._get_account(partner, company)
        return account | {"documents": found._get_page_values(lang)}
