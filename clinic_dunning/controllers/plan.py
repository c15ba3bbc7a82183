from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from .checkout import ClinicCheckout
from .details import ClinicDetails
from .page import POSTS_PER_MINUTE, VIEWS_PER_MINUTE


class ClinicPlanWishes(ClinicDetails):
    """Instalments, or one payment on a date: drafted, accepted, ended on the page."""

    def _tell_plan(self, link, post):
        currency = self._get_free_currency(link)
        card, wants_card = link._find_card(currency, post.get("card", ""))
        count = post.get("count", "")[:3]
        link.env["clinic.payment.plan"]._ask(
            link, currency, int(count) if count.isdecimal() else 0, card, wants_card
        )

    def _tell_later(self, link, post):
        currency = self._get_free_currency(link)
        card, _wants_card = link._find_card(currency, post.get("card", "new"))
        link.env["clinic.payment.plan"]._ask_for_day(
            link, currency, self._get_day(post), card
        )

    def _tell_accept(self, link, post):
        """Take the acceptance; a card that is not saved yet comes next."""
        plan = link._find_plan(post.get("plan"))
        plan._accept(ip=request.httprequest.remote_addr)
        return self._tell_card(link, post) if plan._needs_card() else None

    def _tell_card(self, link, post):
        plan = link._find_plan(post.get("plan"))
        return request.redirect(f"/p/card/{plan.nonce}")

    def _tell_cancel(self, link, post):
        plan = link._find_plan(post.get("plan"))
        case = plan.case_id._for_staff()
        plan._end("cancelled", case.env._("Ended by the patient."))

    def _get_free_currency(self, link):
        """Return the currency of the oldest bill that a plan could cover."""
        case = link._get_known_case()
        items = link.env["clinic.payment.plan"]._get_free_items(case)
        ids = [item["currency_id"] for item in items[:1]]
        return link.env["res.currency"].browse(ids) or link.company_id.currency_id


class ClinicCard(ClinicCheckout):
    """Saving a card for an accepted plan, by Odoo's own payment form."""

    @http.route(
        "/p/card/<string:nonce>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        multilang=False,
        sitemap=False,
    )
    def clinic_card(self, nonce, way="", **_kwargs):
        """Offer the providers that save a card; nothing is paid here."""
        if not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return self._too_many()
        plan = self._find_waiting_plan(nonce)
        if not plan:
            return request.redirect(f"/p/card/done/{nonce}")
        values = self._get_card_values(plan, nonce)
        return self._show_form("clinic_dunning.pay_card", values, way)

    @http.route("/p/card/transaction/<string:nonce>", type="jsonrpc", auth="public")
    def clinic_card_transaction(
        self, nonce, provider_id=None, payment_method_id=None, flow=None, **post
    ):
        """Begin to save a card; who owns it and the way back are the server's.

        :return: what Odoo's payment form needs to go on
        :raise ValidationError: in words for the patient
        """
        plan = self._find_waiting_plan(nonce)
        is_ours = self._comes_from_here() and request.validate_csrf(
            post.get("csrf_token")
        )
        if not plan or not is_ours or flow not in ("redirect", "direct"):
            raise ValidationError(self._get_stale_text())
        if not self._allows(
            "card", f"plan:{plan.id}", POSTS_PER_MINUTE, 3600, when_broken=False
        ):
            raise ValidationError(
                request.env._("Too many tries. Please wait a while, or call us.")
            )
        try:
            plan._check_way_to_save(provider_id, payment_method_id)
            return self._begin_to_save(plan, provider_id, payment_method_id, flow)
        except UserError as error:
            raise ValidationError(error.args[0]) from None

    @http.route(
        "/p/card/done/<string:nonce>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def clinic_card_done(self, nonce, **_kwargs):
        """Say in words whether the card is saved, and what happens next."""
        if not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return self._too_many()
        self._be_public()
        plan = request.env["clinic.payment.plan"]._find_shown(nonce)
        if not plan:
            return self._say("clinic_dunning.pay_over", 404)
        lang = plan.lang or request.env.lang
        link = request.env["clinic.link"]._get_virtual(plan.partner_id, plan.company_id)
        values = link._get_header(lang) | {"plan": plan._get_page_values(lang)}
        return self._render("clinic_dunning.pay_card_done", values | {"nonce": nonce})

    def _find_waiting_plan(self, nonce):
        self._be_public()
        plan = request.env["clinic.payment.plan"]._find_waiting(nonce)
        request.update_context(lang=plan.lang or request.env.lang)
        return plan.with_context(lang=plan.lang)

    def _get_card_values(self, plan, nonce):
        """Return the context of core's `payment.form` for saving a card."""
        providers, methods = plan._get_card_options(
            plan.company_id, plan.partner_id, plan.currency_id
        )
        link = request.env["clinic.link"]._get_virtual(plan.partner_id, plan.company_id)
        return {
            **link._get_header(plan.lang),
            "lang": plan.lang or request.env.lang,
            "plan": plan._get_page_values(plan.lang),
            "res_company": plan.company_id,
            "mode": "validation",
            "allow_token_selection": False,
            "allow_token_deletion": False,
            "amount": None,
            "currency": plan.currency_id,
            "partner_id": plan.partner_id.id,
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": request.env["payment.token"].sudo(),
            "transaction_route": f"/p/card/transaction/{nonce}",
            "landing_route": f"/p/card/done/{nonce}",
            "submit_button_label": request.env._("Save this card"),
            "access_token": "",
            "no_header": True,
            "no_footer": True,
        }

    def _begin_to_save(self, plan, provider_id, payment_method_id, flow):
        plan._touch()
        transaction = self._create_transaction(
            provider_id=provider_id,
            payment_method_id=payment_method_id,
            token_id=None,
            amount=None,
            currency_id=None,
            partner_id=plan.partner_id.id,
            flow=flow,
            tokenization_requested=True,
            landing_route=f"/p/card/done/{plan.nonce}",
            reference_prefix=f"CARD-{plan.id}",
            is_validation=True,
            custom_create_values={"clinic_plan_id": plan.id},
        )
        return transaction._get_processing_values()
