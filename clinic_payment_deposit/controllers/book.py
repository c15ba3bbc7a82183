from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import POSTS_PER_MINUTE

from .booking_page import BookingPage

ASKS_PER_HOUR = 5
PATH = "/clinic/book"
# A field that no person sees: programs fill in all they find.
TRAP = "nickname"
CAPTCHA_ACTION = "clinic_book"


class ClinicBook(BookingPage, http.Controller):
    """Anybody makes an appointment: what, with whom, when, who; no JavaScript.

    Reading writes nothing. What a visitor chose stands in the address until he says
    who he is; from then on he goes on under a secret (`ClinicWish`).
    """

    @http.route(PATH, type="http", auth="public", methods=["GET"])
    def start(self, clinic="", **_kwargs):
        """Offer the kinds of visit of a clinic, or the clinics of this Odoo."""
        if not self._allows_view():
            return self._too_many()
        self._be_public()
        clinics = self._get_clinics()
        chosen = clinics.filtered(lambda company: str(company.id) == clinic)
        company = chosen or clinics
        if not clinics:
            return self._not_found()
        if len(company) > 1:
            return self._show_clinics(clinics)
        values = self._get_values(company, PATH, clinic=clinic)
        values |= {"public": True, "kinds": self._get_kinds(company, values["lang"])}
        return self._render("clinic_payment_deposit.book_start", values)

    @http.route(
        f"{PATH}/<int:type_id>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def slots(self, type_id, **query):
        """Offer the free slots of a kind of visit."""
        return self._show_kind(type_id, query, self._show_slots)

    @http.route(
        f"{PATH}/<int:type_id>/you",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def you(self, type_id, **query):
        """Ask who comes."""
        return self._show_kind(type_id, query, self._show_you)

    @http.route(
        f"{PATH}/<int:type_id>/you",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def ask(self, type_id, **post):
        """Keep what is wished for, and send a code; nothing is held yet."""
        return self._take_wish(type_id, post, self._get_slot_wish, self._show_you)

    # -- helpers -----------------------------------------------------------------------

    def _show_kind(self, type_id, query, show):
        """Show a page about a kind of visit, where strangers may book it."""
        if not self._allows_view():
            return self._too_many()
        kind = self._find_kind(type_id)
        return show(kind, query) if kind else self._not_found()

    def _take_wish(self, type_id, post, get_wish, show):
        """Keep what a form wishes for and send a code, or show it again, with why not.

        :param get_wish: reads the form: (kind, post, lang) -> wish
        :param show: the page of that form
        """
        network = self._get_network()
        if not self._allows("book-ask", network, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        kind = self._find_kind(type_id)
        if not kind:
            return self._not_found()
        lang = self._get_values(kind.company_id, PATH)["lang"]
        try:
            with request.env.cr.savepoint():
                secret = self._ask_for(get_wish(kind, post, lang), post)
        except UserError as error:
            return show(kind, post, error.args[0], 422)
        return request.redirect(f"{PATH}/go/{secret}?lang={lang[:2]}")

    def _get_slot_wish(self, kind, query, lang):
        """Return what somebody chose, if it can still be had.

        :raise UserError: in words
        """
        wish = self._get_wish(kind, query, lang)
        self._check_wish(kind, wish)
        return wish

    def _get_clinics(self):
        companies = request.env["res.company"].sudo()
        clinics = companies.search([("clinic_booking_open", "=", True)])
        kinds = request.env["resource.booking.type"]
        return clinics.filtered(kinds._get_online)

    def _show_clinics(self, clinics):
        values = self._get_values(clinics[0], PATH)
        names = [
            (company.id, company.with_context(lang=values["lang"]))
            for company in clinics
        ]
        values |= {
            "public": True,
            "clinic": "",
            "clinics": [
                (number, company._get_clinic_message_name(), company.city)
                for number, company in names
            ],
        }
        return self._render("clinic_payment_deposit.book_clinics", values)

    def _get_kinds(self, company, lang):
        kinds = request.env["resource.booking.type"]._get_online(company)
        return [
            {
                "url": f"{PATH}/{kind.id}?lang={lang[:2]}",
                "name": kind.name,
                "price": kind._get_price_text(lang),
                "minutes": round(kind.duration * 60),
            }
            for kind in kinds.with_context(lang=lang)
        ]

    def _find_kind(self, type_id):
        """Return a kind of visit that strangers may book (sudo), or none."""
        self._be_public()
        kind = request.env["resource.booking.type"].sudo().browse(type_id).exists()
        return kind if kind and kind._is_online() else kind.browse()

    def _show_slots(self, kind, query, error=None, status=200):
        path = f"{PATH}/{kind.id}"
        asked = {key: query.get(key) for key in ("who", "tz", "from")}
        values = self._get_values(kind.company_id, path, **asked)
        lang = values["lang"]
        kind = kind.with_context(lang=lang)
        try:
            wish = self._get_wish(kind, query, lang)
        except UserError as stranger:
            return self._show_slots(kind, {**query, "who": ""}, stranger.args[0], 422)
        zone = self._get_zone(kind.company_id, wish["tz"])
        values |= self._get_slot_values(
            kind, zone, wish["combination_id"], query.get("from"), lang
        )
        values |= {
            "kind": kind.name,
            "price": kind._get_price_text(lang),
            "who": wish["combination_id"].id or "",
            "people": self._get_people(kind),
            "action": f"{path}/you",
            "wait": f"{path}/wait",
            "path": path,
            "back": f"{PATH}?clinic={kind.company_id.id}&lang={lang[:2]}",
            "error": error,
        }
        return self._render("clinic_payment_deposit.book_slots", values, status)

    def _show_you(self, kind, query, error=None, status=200):
        """Ask who comes; a slot that is gone leads back to the others."""
        path = f"{PATH}/{kind.id}/you"
        asked = {key: query.get(key) for key in ("who", "tz", "start")}
        values = self._get_values(kind.company_id, path, **asked)
        lang = values["lang"]
        kind = kind.with_context(lang=lang)
        try:
            wish = self._get_slot_wish(kind, query, lang)
        except UserError as gone:
            return self._show_slots(kind, query, gone.args[0], 422)
        query_back = {**asked, "lang": lang[:2]}
        values |= {
            **self._get_summary(wish),
            **self._get_person_values(kind.company_id, query),
            "path": path,
            "asked_fields": asked,
            "error": error,
            "back": f"{PATH}/{kind.id}?{urlencode(query_back)}",
        }
        return self._render("clinic_payment_deposit.book_you", values, status)

    def _get_person_values(self, company, query):
        """Return what the form of who comes needs, with what was typed before."""
        return {
            "typed": query,
            "invited": self._get_invited(company),
            "by_phone": "sms" in company._get_clinic_code_channels(),
            "captcha": self._get_captcha_key(),
        }

    def _get_captcha_key(self):
        """Return the public key of the captcha, '' where none is set up in Odoo."""
        add = getattr(request.env["ir.http"], "_add_public_key_to_session_info", dict)
        return add({}).get("recaptcha_public_key", "")

    def _check_human(self, post):
        """Refuse what only a program fills in, and what the captcha finds.

        :raise UserError: in words
        """
        if post.get(TRAP):
            raise UserError(
                request.env._("That did not work. Please try again, or call us.")
            )
        request.env["ir.http"]._verify_request_recaptcha_token(CAPTCHA_ACTION)

    def _check_wish(self, kind, wish):
        requests = request.env["clinic.booking.request"].sudo()
        requests._check_slot(kind, wish["start"], wish["combination_id"])

    def _ask_for(self, wish, post):
        """Return the secret under which the visitor goes on.

        :raise UserError: in words
        """
        company = wish["type_id"].company_id
        requests = request.env["clinic.booking.request"].sudo()
        ip = request.httprequest.remote_addr
        if post.get("invited"):
            partner = self._get_invited(company)
            if not partner:
                raise UserError(
                    request.env._("This link is too old. Please say who you are.")
                )
            return requests._ask_as(partner, wish, ip)
        self._check_human(post)
        if not post.get("consent"):
            raise UserError(
                request.env._("Please agree that we keep this to make the appointment.")
            )
        contact = company._parse_clinic_contact(post.get("contact"))
        if not self._allows(
            "book-code", contact.address, ASKS_PER_HOUR, 3600, when_broken=False
        ):
            raise UserError(
                request.env._("Too many tries. Please wait a while, or call us.")
            )
        return requests._ask(wish, post, ip)

    def _get_invited(self, company):
        """Return whom an invitation of ours has brought here (sudo), or nobody."""
        secret = request.session.get("clinic_invitation")
        link = request.env["clinic.link"]._find_booking_link(secret)
        fits = link.is_invitation and link.company_id == company
        return link.partner_id if fits else link.partner_id.browse()
