from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.checkout import ClinicCheckout
from odoo.addons.clinic_dunning.controllers.page import (
    POSTS_PER_MINUTE,
    VIEWS_PER_MINUTE,
)


class ClinicDepositPay(ClinicCheckout):
    """The page of a deposit behind a secret link, and what follows its payment."""

    @http.route(
        "/d/<string:secret>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def deposit_page(self, secret, lang=None, **_kwargs):
        """Show what is asked for, or what became of it. Writes nothing."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_deposit_link(secret)
        if not link:
            return self._not_found()
        return self._show_deposit(link, secret, lang)

    @http.route(
        "/d/<string:secret>/checkout",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def deposit_choose(self, secret, form="", lang=None, **post):
        """Take the acceptance of the terms and go on to the ways to pay."""
        if not self._allows("choose", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_deposit_link(secret)
        if not link:
            return self._not_found()
        try:
            checkout = self._open_deposit(link, form, lang, post)
        except UserError as error:
            return self._show_deposit(link, secret, lang, error=error.args[0])
        return request.redirect(f"/p/checkout/{checkout.nonce}")

    @http.route(
        "/d/<string:secret>/<path:_rest>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def deposit_elsewhere(self, secret, **_kwargs):
        """Go to the page from an address that takes forms only, or was cut."""
        return request.redirect(f"/d/{secret}")

    # -- the same way as for bills -----------------------------------------------------

    @http.route()
    def clinic_done(self, nonce, **kwargs):
        """Say in words how the deposit stands, where it is one."""
        checkout = self._find_checkout(nonce)
        deposit = checkout.clinic_deposit_id
        if not deposit or not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return super().clinic_done(nonce, **kwargs)
        values = deposit._get_page_values(checkout.link_id, checkout.lang)
        if values["standing"] == "open":
            values["standing"] = checkout._get_standing()
        values |= {"nonce": nonce, "secret": None, "own_path": f"/p/done/{nonce}"}
        return self._render("clinic_payment_deposit.deposit_done", values)

    def _get_form_values(self, checkout, nonce):
        """A hold is a hold for the provider's own form, too."""
        values = super()._get_form_values(checkout, nonce)
        deposit = checkout.clinic_deposit_id
        if deposit.way == "hold":
            values["providers_sudo"] = values["providers_sudo"].with_context(
                clinic_is_hold=True
            )
        if deposit.way == "card":
            values |= {
                "mode": "validation",
                "allow_token_selection": False,
                "allow_token_deletion": False,
                "amount": None,
            }
        return values | {
            "deposit_amount": deposit and deposit._format(deposit.amount),
            "deposit_what": deposit and deposit._get_what_text(),
            "deposit_deadline": deposit and deposit._get_deadline_text(checkout.lang),
        }

    def _create_transaction(self, *args, custom_create_values=None, **kwargs):
        """Saving a card for a deposit is a transaction without an amount."""
        custom = custom_create_values or {}
        checkouts = request.env["clinic.payment.checkout"].sudo()
        checkout = checkouts.browse(custom.get("clinic_checkout_id") or ())
        if checkout.clinic_deposit_id.way == "card":
            kwargs |= {
                "amount": None,
                "currency_id": None,
                "tokenization_requested": True,
                "is_validation": True,
            }
            custom.pop("invoice_ids", None)
        return super()._create_transaction(*args, custom_create_values=custom, **kwargs)

    # -- helpers -----------------------------------------------------------------------

    def _find_deposit_link(self, secret):
        self._be_public()
        link = request.env["clinic.link"]._find(secret, "booking")
        return link.filtered("clinic_deposit_id")

    def _open_deposit(self, link, form, lang, post):
        lang = link._get_lang(lang)
        deposit = link.clinic_deposit_id.with_context(lang=lang)
        if post.get("accept") and not deposit.acceptance_id:
            version = post.get("version", "")
            deposit._accept(
                {
                    "version": version if version.isdecimal() else 0,
                    "lang": lang,
                    "ip": request.httprequest.remote_addr,
                }
            )
        checkouts = link.with_context(lang=lang).env["clinic.payment.checkout"]
        checkout = checkouts._open_deposit(deposit, link, form=form, lang=lang)
        request.env["clinic.access.log"]._note(link.partner_id, link.company_id, "page")
        return checkout

    def _show_deposit(self, link, secret, lang=None, error=None):
        values = link.clinic_deposit_id._get_page_values(link, lang)
        query = urlencode({"lang": lang[:2]}) if lang else ""
        values |= {
            "secret": secret,
            "own_path": f"/d/{secret}",
            "error": error,
            "query": query,
        }
        status = 422 if error else 200
        return self._render("clinic_payment_deposit.deposit_page", values, status)
