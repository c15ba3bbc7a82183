import re

from markupsafe import Markup

from odoo import Command, http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from odoo.tools import format_amount

from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .page import HEADERS, POSTS_PER_MINUTE, VIEWS_PER_MINUTE, PatientPage

TRANSACTIONS_PER_HOUR = 10
# Providers whose forms load nothing from another server.
AT_HOME = ("none", "custom", "demo")
SCRIPT = re.compile(r'<script[^>]*src="https?://([^/"]+)[^>]*>\s*</script>')


def keep_scripts_of(providers, form):
    """Leave out the scripts of providers that are not offered here.

    Core's form loads those of every installed one: a stranger would learn of the visit.

    :param form: rendered `payment.form`, to be read with `str`
    """
    codes = providers.mapped("code")

    def judge(script):
        return script[0] if any(code in script[1] for code in codes) else ""

    return Markup(SCRIPT.sub(judge, str(form)))


class ClinicCheckout(PatientPage, PaymentPortal):
    """The way from a choice to its payment, by Odoo's own payment form."""

    @http.route(
        "/p/checkout/<string:nonce>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        multilang=False,
        sitemap=False,
    )
    def clinic_checkout(self, nonce, way="", **_kwargs):
        """Offer the ways to pay what was chosen, then the form of the one taken."""
        if not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return self._too_many()
        checkout = self._find_checkout(nonce)
        if not checkout:
            return self._not_found()
        if not self._may_begin(checkout):
            return request.redirect(f"/p/done/{nonce}")
        values = self._get_form_values(checkout, nonce)
        return self._show_form("clinic_dunning.pay_checkout", values, way)

    def _show_form(self, template, values, way):
        """Show the ways, or Odoo's payment form of the one taken.

        Nothing is asked of a provider's server, and no script runs, before somebody
        takes the way that needs it. Odoo's page of the progress speaks the same
        language.

        :param str way: provider and method as `_get_ways` names them
        """
        ways = self._get_ways(values)
        if [provider.code in AT_HOME for provider, _method in ways.values()] == [True]:
            way = next(iter(ways))
        if way not in ways:
            labels = self._get_way_labels(ways)
            return self._render("clinic_dunning.pay_ways", {**values, "ways": labels})
        provider, method = ways[way]
        response = request.render(
            template,
            {
                **values,
                "providers_sudo": provider,
                "payment_methods_sudo": method,
                "other_ways": len(ways) > 1 and request.httprequest.path,
                "keep_own_scripts": lambda form: keep_scripts_of(provider, form),
            },
        )
        response.headers.update(HEADERS)
        request.future_response.set_cookie("frontend_lang", values["lang"])
        return response

    @http.route("/p/transaction/<string:nonce>", type="jsonrpc", auth="public")
    def clinic_transaction(
        self, nonce, provider_id=None, payment_method_id=None, flow=None, **post
    ):
        """Begin the payment; amount, currency, payer and way back are the server's.

        :return: what Odoo's payment form needs to go on
        :raise ValidationError: in words for the patient
        """
        checkout = self._find_checkout(nonce)
        self._check_request(checkout, post.get("csrf_token"))
        if flow not in ("redirect", "direct"):
            raise ValidationError(self._get_stale_text())
        try:
            return self._begin(checkout, provider_id, payment_method_id, flow)
        except UserError as error:
            raise ValidationError(error.args[0]) from None

    @http.route(
        "/p/done/<string:nonce>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def clinic_done(self, nonce, **_kwargs):
        """Say in words how the payment stands."""
        if not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return self._too_many()
        checkout = self._find_checkout(nonce)
        if not checkout or not checkout._is_shown():
            return self._say("clinic_dunning.pay_over", 404)
        return self._render("clinic_dunning.pay_done", checkout._get_done_values())

    @http.route(
        "/p/checkout/<string:nonce>/other",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def clinic_other_way(self, nonce, **_kwargs):
        """Forget the announced bank transfer and offer the other ways to pay."""
        if not self._allows("choose", nonce, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        checkout = self._find_checkout(nonce)
        if not checkout:
            return self._not_found()
        checkout._get_awaited_transfers()._drop_transfers()
        return request.redirect(f"/p/checkout/{nonce}")

    # -- helpers -----------------------------------------------------------------------

    def _get_ways(self, values):
        """Return {name: (provider, method)}, each method by all who offer it."""
        providers = values["providers_sudo"]
        return {
            f"{provider.id}-{method.id}": (provider, method)
            for method in values["payment_methods_sudo"]
            for provider in providers
            if provider in method.provider_ids
        }

    def _get_way_labels(self, ways):
        """Return {name: method}, with the provider where several have the same one."""
        methods = [method for _provider, method in ways.values()]
        return {
            way: method.name
            if methods.count(method) == 1
            else f"{method.name} – {provider.name}"
            for way, (provider, method) in ways.items()
        }

    def _may_begin(self, checkout):
        """Return whether this choice is fresh and nothing is on its way for it."""
        return (
            checkout._is_usable()
            and checkout.transaction_id.state != "done"
            and not checkout._get_live_transaction()
            and not checkout._get_awaited_transfers()
        )

    def _find_checkout(self, nonce):
        self._be_public()
        checkout = request.env["clinic.payment.checkout"]._find(nonce)
        # No page belongs to a charge of a plan, nor to a link that was deleted.
        checkout = checkout.filtered("link_id")
        request.update_context(lang=checkout.lang or request.env.lang)
        return checkout.with_context(lang=checkout.lang)

    def _check_request(self, checkout, csrf_token):
        """Refuse foreign pages, unknown choices and too many tries."""
        is_ours = self._comes_from_here() and request.validate_csrf(csrf_token)
        if not is_ours or not checkout:
            raise ValidationError(self._get_stale_text())
        subject = f"link:{checkout.link_id.id}"
        if not self._allows(
            "transaction", subject, TRANSACTIONS_PER_HOUR, 3600, when_broken=False
        ):
            raise ValidationError(
                request.env._("Too many tries. Please wait a while, or call us.")
            )

    def _get_stale_text(self):
        return request.env._("This page is too old. Please open your link again.")

    def _get_form_values(self, checkout, nonce):
        """Return the context of core's `payment.form`: no saved cards, none to save."""
        providers, methods = checkout._get_options()
        amount = format_amount(
            request.env, checkout.amount, checkout.currency_id, checkout.lang
        )
        return {
            **checkout.link_id._get_header(checkout.lang),
            "res_company": checkout.company_id,
            "amount": checkout.amount,
            "currency": checkout.currency_id,
            "begun": checkout._has_begun(),
            "partner_id": checkout.partner_id.id,
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": request.env["payment.token"].sudo(),
            "show_tokenize_input_mapping": dict.fromkeys(providers.ids, False),
            "transaction_route": f"/p/transaction/{nonce}",
            "landing_route": f"/p/done/{nonce}",
            # Core's own label is in English where it has no translation.
            "submit_button_label": request.env._("Pay %s", amount),
            "access_token": "",
            "no_header": True,
            "no_footer": True,
        }

    def _begin(self, checkout, provider_id, payment_method_id, flow):
        """Return the processing values of the one transaction of this choice."""
        checkout._lock()
        checkout._check_payable()
        checkout._check_way(provider_id, payment_method_id)
        checkout = checkout._join_twin(provider_id, payment_method_id)
        if checkout._is_same_way(provider_id, payment_method_id):
            # Another browser may have begun it: this one is told how it ends, too.
            PaymentPostProcessing.monitor_transaction(checkout.transaction_id)
            return checkout.transaction_id._get_processing_values()
        if checkout.transaction_id:
            checkout = checkout._renew()
        transaction = self._create_transaction(
            provider_id=provider_id,
            payment_method_id=payment_method_id,
            token_id=None,
            amount=checkout.amount,
            currency_id=checkout.currency_id.id,
            partner_id=checkout.partner_id.id,
            flow=flow,
            tokenization_requested=False,
            landing_route=f"/p/done/{checkout.nonce}",
            reference_prefix=f"PAY-{checkout.id}",
            custom_create_values={
                "clinic_checkout_id": checkout.id,
                "invoice_ids": [Command.set(checkout.allocation_ids.move_id.ids)],
            },
        )
        return transaction._get_processing_values()
