from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from .page import HEADERS, POSTS_PER_MINUTE, VIEWS_PER_MINUTE, PatientPage

RENEWALS_PER_HOUR = 5


class ClinicPay(PatientPage, http.Controller):
    """The patient's page behind a secret link."""

    @http.route(
        "/p/<string:secret>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def page(self, secret, lang=None, stale=None, **_kwargs):
        """Show what is due. Writes nothing: scanners and previews fetch links too.

        :param stale: whether a form of this page has just been refused, too old
        """
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found(secret)
        error = stale and self._get_stale_text(link, lang)
        return self._show_page(link, secret, lang, error=error)

    @http.route(
        "/p/<string:secret>/checkout",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def choose(self, secret, choice="now", amount="", form="", lang=None, **post):
        """Fix what will be paid and go to the ways to pay it."""
        if not self._allows("choose", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        if choice == "items" and not self._is_unlocked(link):
            return request.redirect(f"/p/{secret}/details")
        lang = link._get_lang(lang)
        try:
            checkout = self._open_checkout(link, choice, amount, form, lang, post)
        except ValidationError as error:
            show = self._show_details if choice == "items" else self._show_page
            return show(link, secret, lang, error=error.args[0], status=422)
        request.env["clinic.access.log"]._note(link.partner_id, link.company_id, "page")
        return request.redirect(f"/p/checkout/{checkout.nonce}")

    @http.route(
        "/p/<string:secret>/stop",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def stop(self, secret, lang=None, **_kwargs):
        """Note that the person wants no more messages on this channel."""
        if not self._allows("stop", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        link._opt_out(request.httprequest.remote_addr)
        values = link._get_header(link._get_lang(lang))
        return self._render("clinic_dunning.pay_stopped", values | {"secret": secret})

    @http.route(
        "/p/<string:secret>/other",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def other(self, secret, lang=None, **_kwargs):
        """Forget the announced bank transfer: the other ways to pay are open again."""
        if not self._allows("choose", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        link._drop_transfers()
        return request.redirect(f"/p/{secret}?lang={link._get_lang(lang)[:2]}")

    @http.route(
        "/p/<string:secret>/renew",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def renew(self, secret, **_kwargs):
        """Send a new link for an expired one; the answer is the same for any link."""
        if not self._allows(
            "renew", secret, RENEWALS_PER_HOUR, 3600, when_broken=False
        ):
            return self._too_many()
        self._be_public()
        request.env["clinic.link"]._renew(secret)
        return self._say("clinic_dunning.pay_renewed", 200)

    @http.route(
        "/p/<string:secret>/qr",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def qr(self, secret, **_kwargs):
        """Return the code that a bank's app scans from a desktop screen."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link(secret)
        image = link and link._get_qr_image()
        if not image:
            return self._not_found()
        headers = {**HEADERS, "Content-Type": "image/png"}
        return request.make_response(image, headers=list(headers.items()))

    @http.route(
        "/p/<string:secret>/<path:_rest>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def elsewhere(self, secret, **_kwargs):
        """Go to the page from an address that takes forms only, or was cut."""
        return request.redirect(f"/p/{secret}")

    # -- helpers -----------------------------------------------------------------------

    def _open_checkout(self, link, choice, amount, form, lang, post):
        link = link.with_context(lang=lang)
        return link.env["clinic.payment.checkout"]._open(
            link,
            self._get_currency(link, post),
            choice,
            amount=amount,
            keys=request.httprequest.form.getlist("item"),
            form=form,
            lang=lang,
        )

    def _get_stale_text(self, link, lang):
        return link.with_context(lang=link._get_lang(lang)).env._(
            "That did not work: the page was open for too long, or your browser keeps "
            "no cookies. Please try again, or call us."
        )

    def _get_currency(self, link, post):
        """Return the currency that was chosen, the clinic's for anything unknown."""
        wanted = str(post.get("currency_id", ""))
        known = link.env["res.currency"].browse(link._get_statement().currency_ids)
        chosen = known.filtered(lambda currency: str(currency.id) == wanted)
        return chosen or known[:1] or link.company_id.currency_id

    def _show_page(self, link, secret, lang=None, error=None, status=200):
        values = link._get_page_values(lang)
        query = urlencode({"lang": lang[:2]}) if lang else ""
        values |= {"secret": secret, "error": error, "query": query}
        return self._render("clinic_dunning.pay_page", values, status)
