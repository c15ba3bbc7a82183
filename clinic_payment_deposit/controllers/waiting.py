from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import (
    POSTS_PER_MINUTE,
    VIEWS_PER_MINUTE,
)

from ..tools.moment import tell_time
from .booking_page import BookingPage


class WaitingList(BookingPage, http.Controller):
    """The page of a slot on offer: take it, or leave it to the next one."""

    @http.route(
        "/w/<string:secret>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def offer(self, secret, **_kwargs):
        """Show the slot; nothing is taken by opening a link."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        entry = self._find_entry(secret)
        return self._show(entry, secret) if entry else self._not_found()

    @http.route(
        "/w/<string:secret>/<any(accept,decline,leave):answer>",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def answer(self, secret, answer, **_kwargs):
        """Take the slot, leave it to the next one, or leave the list."""
        if not self._allows("offer", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        entry = self._find_entry(secret)
        if not entry:
            return self._not_found()
        try:
            with request.env.cr.savepoint():
                getattr(entry, f"_{answer}")()
        except UserError as error:
            return self._show(entry, secret, error=error.args[0], status=409)
        return self._show(entry, secret)

    def _find_entry(self, secret):
        """Return the entry of the list behind that secret (sudo), or none."""
        self._be_public()
        return request.env["clinic.link"]._find(secret, "booking").waiting_id.sudo()

    def _show(self, entry, secret, error=None, status=200):
        path = f"/w/{secret}"
        own = entry.partner_id.lang
        lang = self._get_wanted_lang() if request.params.get("lang") else own
        values = self._get_values(entry.company_id, path, lang=lang)
        zone = self._get_zone(entry.company_id, None)
        values |= {
            "entry": entry,
            "when": entry.booking_id._get_appointment_text(values["lang"]),
            "until": entry.offered_until
            and tell_time(entry.offered_until, zone, values["lang"]),
            "path": path,
            "error": error,
        }
        return self._render("clinic_payment_deposit.waiting_offer", values, status)
