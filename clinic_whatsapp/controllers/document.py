from urllib.parse import urlencode

from odoo import http
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.details import (
    CODES_PER_HOUR,
    TRIES_PER_HOUR,
)
from odoo.addons.clinic_dunning.controllers.page import (
    POSTS_PER_MINUTE,
    VIEWS_PER_MINUTE,
)
from odoo.addons.clinic_dunning.controllers.pay import ClinicPay

from .document_stream import stream

POST = {"type": "http", "auth": "public", "methods": ["POST"], "sitemap": False}
PAY_DAYS = 1


class ClinicDocumentPage(ClinicPay):
    """The page behind a link to a document; a link to pay opens none of it."""

    @http.route()
    def page(self, secret, lang=None, **kwargs):
        """Show the documents' page where the link is one. Writes nothing."""
        link = self._find_document_link(secret)
        if not link:
            return super().page(secret, lang=lang, **kwargs)
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        return self._show_documents(link, secret, lang)

    @http.route("/p/<string:secret>/document/code", **POST)
    def document_code(self, secret, lang=None, **_kwargs):
        """Send a code another way than the link came; the answer is always the same."""
        if not self._allows("code", secret, CODES_PER_HOUR, 3600, when_broken=False):
            return self._too_many()
        link = self._find_document_link(secret)
        if not link:
            return self._not_found()
        link._request_code()
        return self._show_documents(link, secret, lang, code_sent=True)

    @http.route("/p/<string:secret>/document/unlock", **POST)
    def document_unlock(self, secret, code="", birth_date="", lang=None, **_kwargs):
        """Open the documents for a quarter of an hour; all failures answer alike."""
        if not self._allows("unlock", secret, TRIES_PER_HOUR, 3600, when_broken=False):
            return self._too_many()
        link = self._find_document_link(secret)
        if not link:
            return self._not_found()
        if not self._is_right(link, code, birth_date):
            return self._show_documents(link, secret, lang, wrong=True, status=422)
        self._note_unlocked(link)
        link._get_documents()._note_seen("opened")
        return self._to_page(secret, lang)

    @http.route("/p/<string:secret>/document/get/<int:document_id>", **POST)
    def document_get(self, secret, document_id, lang=None, **_kwargs):
        """Download one document; it is counted and on record."""
        if not self._allows("choose", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_document_link(secret)
        if not link:
            return self._not_found()
        if not self._is_unlocked(link):
            return self._to_page(secret, lang)
        document = link._get_documents().filtered(lambda d: d.id == document_id)
        if not document:
            return self._not_found()
        document._note_seen("document")
        return stream(document)

    @http.route("/p/<string:secret>/document/pay", **POST)
    def document_pay(self, secret, lang=None, **_kwargs):
        """Go from the note of the balance to the pay page, by a link of one day."""
        if not self._allows("choose", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_document_link(secret)
        if not link:
            return self._not_found()
        if not self._is_unlocked(link):
            return self._to_page(secret, lang)
        _link, url = link._issue(link.partner_id, link.company_id, days=PAY_DAYS)
        return self._to_page(url.rpartition("/")[2], lang)

    # -- helpers -----------------------------------------------------------------------

    def _find_document_link(self, secret):
        """Return the link that opens something now, or none."""
        self._be_public()
        link = request.env["clinic.link"]._find(secret, "document")
        return link.filtered(lambda link: link._get_documents())

    def _is_right(self, link, code, birth_date):
        """Return whether the second factor is right, of a kind this clinic takes."""
        if code or not link.company_id.clinic_document_birth_date:
            return link._unlock_by_code(code)
        return link._unlock(birth_date)

    def _show_documents(self, link, secret, lang, status=200, **values):
        is_open = self._is_unlocked(link)
        values |= link._get_document_page(link._get_lang(lang), is_open)
        return self._render(
            "clinic_whatsapp.document_page", values | {"secret": secret}, status
        )

    def _to_page(self, secret, lang):
        query = urlencode({"lang": (lang or "")[:2]})
        return request.redirect(f"/p/{secret}?{query}")
