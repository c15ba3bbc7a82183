"""Where a laboratory's or a scanner's software hands in documents."""

from odoo import http
from odoo.http import request

from ..tools import upload
from ..tools.upload import UploadError

PREFIX = "/clinic/api/documents"
# One document and its form; more is not even read.
MOST_READ = upload.MOST_BYTES + 64 * 1024
LONGEST_REFERENCE = 64
CALLS_PER_MINUTE = 300
STATUSES = {"empty": 400, "too_large": 413, "kind": 415}
ROUTE = {
    "type": "http",
    "auth": "bearer",
    "csrf": False,
    "save_session": False,
    "readonly": False,
}


class ClinicDocumentApi(http.Controller):
    """One document a request, by a key of Odoo; answers are JSON."""

    @http.route(PREFIX, methods=["POST"], max_content_length=MOST_READ, **ROUTE)
    def take(self, reference="", announce="", confidential="", company="", **_form):
        """Take a file; 201 when it is new, 200 when it was there, see the readme."""
        if refusal := self._refuse(company):
            return refusal
        reference = reference.strip()
        if not reference or len(reference) > LONGEST_REFERENCE:
            return self._fail(400, "reference", "A reference is missing or too long.")
        file = request.httprequest.files.get("file")
        options = {"reference": reference, "confidential": confidential == "1"}
        if announce in ("0", "1"):
            options["announce"] = announce == "1"
        try:
            return self._take(company, file, options)
        except UploadError as error:
            text = request.env["clinic.patient.document"]._explain(error)
            return self._fail(STATUSES[error.code], error.code, text)

    @http.route(f"{PREFIX}/<int:document_id>", methods=["GET"], **ROUTE)
    def look(self, document_id, company="", **_kwargs):
        """Tell how far a document has come: its state and how often it was read."""
        if refusal := self._refuse(company):
            return refusal
        document = self._get_documents().search(
            [
                ("id", "=", document_id),
                ("company_id", "=", self._get_company(company).id),
            ]
        )
        if not document:
            return self._fail(404, "unknown", "There is no such document.")
        return self._answer(document, 200)

    # -- helpers -----------------------------------------------------------------------

    def _take(self, company, file, options):
        name, content = (file.filename, file.read()) if file else ("", b"")
        document, is_new = self._get_documents()._take(
            self._get_company(company), name, content, source="api", **options
        )
        return self._answer(document.sudo(), 201 if is_new else 200)

    def _refuse(self, company):
        """Return why this user may not hand anything in there, or None."""
        user = request.env.user
        if not (
            user.has_group("clinic_whatsapp.group_document_interface")
            or user.has_group("clinic_dunning.group_front_desk")
        ):
            return self._fail(403, "rights", "This key may not hand in documents.")
        limiter = request.env["clinic.rate.limit"].sudo()
        if not limiter._allows("document", f"user:{user.id}", CALLS_PER_MINUTE, 60):
            return self._fail(429, "too_many", "Please wait a minute.")
        if not self._get_company(company):
            return self._fail(403, "company", "This key is not for that company.")
        return None

    def _get_company(self, company):
        """Return the company of that id that the user works in, the user's by default.

        :param str company: id as text, or ''
        """
        user = request.env.user
        wanted = company or str(user.company_id.id)
        return user.company_ids.filtered(lambda known: str(known.id) == wanted)

    def _get_documents(self):
        return request.env["clinic.patient.document"].sudo()

    def _answer(self, document, status):
        return request.make_json_response(
            {
                "id": document.id,
                "state": document.state,
                "opened": document.opens,
                "downloaded": document.downloads,
            },
            status=status,
            headers=[("Cache-Control", "no-store")],
        )

    def _fail(self, status, code, text):
        """Return an error: `code` for a program, `text` for a person."""
        return request.make_json_response(
            {"error": code, "message": str(text)}, status=status
        )
