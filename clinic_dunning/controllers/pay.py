import ipaddress
from urllib.parse import urlencode

from odoo import http
from odoo.http import request

from odoo.addons.payment import utils as payment_utils

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
VIEWS_PER_MINUTE = 60
POSTS_PER_MINUTE = 10


class ClinicPay(http.Controller):
    """The patient's page behind a secret link; whoever opens it, the link is the user."""

    @http.route(
        "/p/<string:secret>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def page(self, secret, **_kwargs):
        """Show what is due. Writes nothing: scanners and previews fetch links too."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        return self._render("clinic_dunning.pay_page", link, secret)

    @http.route(
        "/p/<string:secret>/pay", type="http", auth="public", methods=["POST"], sitemap=False
    )
    def pay(self, secret, **_kwargs):
        """Go to the payment of the oldest open item; amounts come from the ledger."""
        if not self._allows("pay", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        item = link and link._get_item_to_pay()
        if not link:
            return self._not_found()
        if not item:
            return self._redirect(secret)
        request.env["clinic.access.log"]._note(link.partner_id, link.company_id, "page")
        return request.redirect(self._get_payment_url(item))

    @http.route(
        "/p/<string:secret>/stop", type="http", auth="public", methods=["POST"], sitemap=False
    )
    def stop(self, secret, **_kwargs):
        """Note that the person wants no more messages on this channel."""
        if not self._allows("stop", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        link._opt_out(request.httprequest.remote_addr)
        return self._render("clinic_dunning.pay_stopped", link, secret)

    # -- helpers -----------------------------------------------------------------------------------

    def _find_link(self, secret):
        return request.env["clinic.link"].sudo()._find(secret, "pay")

    def _allows(self, scope, secret, limit, when_broken=True):
        """Count the request for its link and for its address."""
        limiter = request.env["clinic.rate.limit"]
        subjects = (secret, self._get_network())
        answers = [
            limiter._allows(scope, subject, limit, 60, when_broken) for subject in subjects
        ]
        return all(answers)

    def _get_network(self):
        """Return the visitor's address, an IPv6 one by its /64."""
        address = ipaddress.ip_address(request.httprequest.remote_addr or "0.0.0.0")
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address, 64), strict=False))

    def _get_payment_url(self, item):
        """Return Odoo's own payment page of one invoice, for what is open of the item."""
        move = request.env["account.move"].sudo().browse(item["move_id"])
        amount = move.currency_id.round(float(item["residual"]))
        values = (move.partner_id.id, amount, move.currency_id.id)
        query = {
            "amount": amount,
            "currency_id": move.currency_id.id,
            "partner_id": move.partner_id.id,
            "company_id": move.company_id.id,
            "invoice_id": move.id,
            "access_token": payment_utils.generate_access_token(*values),
        }
        return f"/payment/pay?{urlencode(query)}"

    def _render(self, template, link, secret, status=200):
        values = link._get_page_values()
        body = (
            request.env["ir.qweb"]
            .sudo()
            ._render(
                template,
                values | {"secret": secret, "csrf_token": request.csrf_token()},
                lang=values["lang"],
            )
        )
        return self._respond("<!DOCTYPE html>" + str(body), status)

    def _respond(self, body, status):
        return request.make_response(
            body,
            headers=[("Content-Type", "text/html; charset=utf-8"), *HEADERS.items()],
            status=status,
        )

    def _redirect(self, secret):
        return request.redirect(f"/p/{secret}")

    def _not_found(self):
        """Unknown, expired and revoked links answer alike."""
        return self._message("clinic_dunning.pay_gone", 404)

    def _too_many(self):
        return self._message("clinic_dunning.pay_wait", 429)

    def _message(self, template, status):
        body = request.env["ir.qweb"].sudo()._render(template, {"lang": "en_US"})
        return self._respond("<!DOCTYPE html>" + str(body), status)
