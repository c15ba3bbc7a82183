from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import POSTS_PER_MINUTE

from .book import PATH, ClinicBook


class ClinicWait(ClinicBook):
    """Whoever finds no time that suits puts himself on the waiting list."""

    @http.route(
        f"{PATH}/<int:type_id>/wait",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def wait(self, type_id, **query):
        """Ask who waits, and until when."""
        if not self._allows_view():
            return self._too_many()
        kind = self._find_kind(type_id)
        if not kind:
            return self._not_found()
        return self._show_wait(kind, query)

    @http.route(
        f"{PATH}/<int:type_id>/wait",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def ask_to_wait(self, type_id, **post):
        """Keep the wish, and send a code; nobody is on the list yet."""
        network = self._get_network()
        if not self._allows("book-ask", network, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        kind = self._find_kind(type_id)
        if not kind:
            return self._not_found()
        lang = self._get_values(kind.company_id, PATH)["lang"]
        try:
            with request.env.cr.savepoint():
                wish = self._get_wait_wish(kind, post, lang)
                secret = self._ask_for(wish, post)
        except UserError as error:
            return self._show_wait(kind, post, error.args[0], 422)
        return request.redirect(f"{PATH}/go/{secret}?lang={lang[:2]}")

    def _get_wait_wish(self, kind, query, lang):
        """Return what somebody waits for.

        :raise UserError: in words
        """
        requests = request.env["clinic.booking.request"].sudo()
        until = requests._parse_wait_until(kind, query.get("until"))
        return {
            **self._get_wish(kind, query, lang),
            "start": None,
            "wait_until": until,
        }

    def _show_wait(self, kind, query, error=None, status=200):
        path = f"{PATH}/{kind.id}/wait"
        asked = {key: query.get(key) for key in ("who", "tz")}
        values = self._get_values(kind.company_id, path, **asked)
        lang = values["lang"]
        kind = kind.with_context(lang=lang)
        try:
            wish = self._get_wish(kind, {**query, "start": ""}, lang)
        except UserError as stranger:
            return self._show_wait(kind, {**query, "who": ""}, stranger.args[0], 422)
        query_back = {**asked, "lang": lang[:2]}
        first, last = request.env["clinic.booking.request"]._get_wait_span(kind)
        values |= {
            **self._get_summary(wish),
            **self._get_person_values(kind.company_id, query),
            "path": path,
            "asked_fields": asked,
            "error": error,
            "until": {"first": first.isoformat(), "last": last.isoformat()},
            "back": f"{PATH}/{kind.id}?{urlencode(query_back)}",
        }
        return self._render("clinic_payment_deposit.book_you", values, status)
