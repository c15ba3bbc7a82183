from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

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
        return self._show_kind(type_id, query, self._show_wait)

    @http.route(
        f"{PATH}/<int:type_id>/wait",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def ask_to_wait(self, type_id, **post):
        """Keep the wish, and send a code; nobody is on the list yet."""
        return self._take_wish(type_id, post, self._get_wait_wish, self._show_wait)

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
