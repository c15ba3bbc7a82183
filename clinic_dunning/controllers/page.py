"""What the patient's pages have in common."""

import ipaddress
import time
from urllib.parse import urlsplit

from odoo import SUPERUSER_ID
from odoo.http import request

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
VIEWS_PER_MINUTE = 60
POSTS_PER_MINUTE = 10
# A waiting room, or a whole town on mobile phones, shares one address.
NETWORK_FACTOR = 5
UNLOCKED_SECONDS = 15 * 60


class PatientPage:
    """Finds links, counts requests, renders pages; the link is the user."""

    def _be_public(self):
        """Forget who is logged in: a clerk who opens a link is not the payer."""
        public = (
            request.env["ir.model.data"].sudo()._xmlid_to_res_id("base.public_user")
        )
        request.update_env(user=public)

    def _find_link(self, secret, purpose="pay"):
        self._be_public()
        return request.env["clinic.link"]._find(secret, purpose)

    def _is_unlocked(self, link):
        """Return whether this browser gave the second factor a short while ago."""
        since = request.session.get("clinic_unlocked", {}).get(str(link.id), 0)
        return time.time() - since < UNLOCKED_SECONDS

    def _note_unlocked(self, link):
        request.session["clinic_unlocked"] = {
            **request.session.get("clinic_unlocked", {}),
            str(link.id): time.time(),
        }

    def _allows(self, scope, subject, limit, seconds=60, when_broken=True):
        """Count the request for what it is about and for its address."""
        limiter = request.env(user=SUPERUSER_ID)["clinic.rate.limit"]
        limits = {subject: limit, self._get_network(): limit * NETWORK_FACTOR}
        return limiter._allows_all(scope, limits, seconds, when_broken)

    def _get_network(self):
        """Return the visitor's address, an IPv6 one by its /64."""
        text = request.httprequest.remote_addr or ""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text  # what a proxy calls its visitor
        address = getattr(address, "ipv4_mapped", None) or address
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((int(address), 64), strict=False))

    def _comes_from_here(self):
        """Return whether the browser says the request comes from our own page."""
        origin = request.httprequest.headers.get("Origin")
        return not origin or urlsplit(origin).netloc == request.httprequest.host

    def _render(self, template, values, status=200):
        """Render a page; one that is `public` may be found by search engines."""
        values = {"csrf_token": request.csrf_token(), **values}
        qweb = request.env["ir.qweb"].sudo()
        body = qweb._render(template, values, lang=values["lang"])
        headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8"}
        if values.get("public"):
            headers.pop("X-Robots-Tag")
        return request.make_response(
            "<!DOCTYPE html>" + str(body), headers=list(headers.items()), status=status
        )

    def _show_details(self, link, secret, lang, status=200, **values):
        """Render the details where they are unlocked, else ask for the date."""
        if self._is_unlocked(link):
            values |= link._get_details(lang)
            template = "clinic_dunning.pay_details"
        else:
            values |= link._get_header(link._get_lang(lang))
            template = "clinic_dunning.pay_unlock"
        return self._render(template, values | {"secret": secret}, status)

    def _not_found(self, secret=None):
        """Unknown, expired and revoked links answer alike."""
        return self._say("clinic_dunning.pay_gone", 404, secret=secret)

    def _too_many(self):
        return self._say("clinic_dunning.pay_wait", 429)

    def _say(self, template, status, **values):
        lang = request.env["clinic.link"].sudo()._get_lang(self._get_wanted_lang())
        return self._render(template, {"lang": lang, **values}, status)

    def _get_wanted_lang(self):
        """Return the language chosen on the page, else the browser's."""
        browser = request.httprequest.accept_languages.best or ""
        return request.params.get("lang") or browser.replace("-", "_")
