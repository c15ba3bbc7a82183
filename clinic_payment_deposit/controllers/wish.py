from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import POSTS_PER_MINUTE

from ..tools.moment import tell_day, tell_moment, tell_time
from .book import PATH
from .booking_page import BookingPage

TRIES_PER_HOUR = 20
CODES_PER_HOUR = 4
# What can be done with a place on the waiting list.
WAITING_STEPS = {"code", "again", "leave"}
REFRESH = 30  # seconds between two looks at the clock of a hold


class ClinicWish(BookingPage, http.Controller):
    """A visitor goes on with his wish: code, terms, hold, appointment."""

    @http.route(
        f"{PATH}/go/<string:secret>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def wish(self, secret, **_kwargs):
        """Show the step that the wish has come to."""
        if not self._allows_view():
            return self._too_many()
        wish = self._find_wish(secret)
        return self._show_wish(wish, secret) if wish else self._not_found()

    @http.route(
        f"{PATH}/go/<string:secret>/slots",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def other_slots(self, secret, **query):
        """Offer other slots to somebody whose address is known."""
        if not self._allows_view():
            return self._too_many()
        wish = self._find_wish(secret)
        if not wish or wish.booking_id.start or wish.wait_until:
            return self._not_found()
        query.setdefault("who", str(wish.combination_id.id or ""))
        return self._show_other_slots(wish, secret, query)

    @http.route(
        f"{PATH}/go/<string:secret>/calendar",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def wish_calendar(self, secret, **_kwargs):
        """Return the calendar file of what was booked."""
        if not self._allows_view():
            return self._too_many()
        booking = self._find_wish(secret).booking_id
        if not booking.start or booking.state != "confirmed":
            return self._not_found()
        return self._send_calendar(booking)

    @http.route(
        f"{PATH}/go/<string:secret>/<string:step>",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def go_on(self, secret, step, **post):
        """Take one step: code, again, slot, accept, pay, back, manage, leave."""
        limit = TRIES_PER_HOUR if step == "code" else POSTS_PER_MINUTE
        seconds = 3600 if step == "code" else 60
        if not self._allows(f"wish-{step}", secret, limit, seconds, when_broken=False):
            return self._too_many()
        wish = self._find_wish(secret)
        act = getattr(self, f"_wish_{step}", None)
        if not wish or not act or (wish.wait_until and step not in WAITING_STEPS):
            return self._not_found()
        try:
            with request.env.cr.savepoint():
                answer = act(wish, post)
        except UserError as error:
            return self._show_wish(wish, secret, error.args[0], 422)
        return answer or self._to_wish(secret)

    # -- steps -------------------------------------------------------------------------

    def _wish_code(self, wish, post):
        """Prove the address. A wrong code is counted, and answered alike."""
        if not wish._verify(post.get("code")):
            return self._show_wish(
                wish,
                self._get_secret(),
                request.env._("That did not work. Please try again, or call us."),
                422,
            )
        if wish.wait_until:
            wish._join()

    def _wish_leave(self, wish, _post):
        """Leave the waiting list."""
        if wish.verified_at:
            wish.waiting_id._leave()

    def _wish_again(self, wish, _post):
        if not self._allows(
            "wish-again", f"request:{wish.id}", CODES_PER_HOUR, 3600, when_broken=False
        ):
            raise UserError(
                request.env._("Too many tries. Please wait a while, or call us.")
            )
        if not wish.verified_at:
            wish._send_code()

    def _wish_slot(self, wish, post):
        """Wish for another time."""
        found = self._get_wish(wish.type_id, post, wish.lang)
        wish._move_to(found["start"], found["combination_id"])

    def _wish_accept(self, wish, post):
        """Hold the slot and go to its payment, or make the appointment at once."""
        booking = wish._book(bool(post.get("accepted")), post.get("shown"))
        if booking._is_deposit_missing():
            return self._to_payment(booking)

    def _wish_pay(self, wish, _post):
        """Go on to the payment of what is held."""
        if wish.booking_id.clinic_held_until:
            return self._to_payment(wish.booking_id)

    def _wish_back(self, wish, post):
        """Give a held slot back: this one, or the other of the same address."""
        other = wish._get_other_hold() if post.get("other") else wish
        if wish.verified_at:
            other._give_back()

    def _wish_manage(self, wish, _post):
        """Go to the page where the appointment is changed."""
        if wish.booking_id.state == "confirmed":
            return self._to_manage(wish.booking_id)

    # -- helpers -----------------------------------------------------------------------

    def _get_secret(self):
        return request.httprequest.path.split("/")[4]

    def _find_wish(self, secret):
        """Return the wish of that secret, in its own language (sudo), or none."""
        self._be_public()
        wish = request.env["clinic.link"]._find_request(secret)
        chosen = request.params.get("lang")
        lang = request.env["clinic.link"].sudo()._get_lang(chosen or wish.lang)
        request.update_context(lang=lang)
        return wish.with_context(lang=lang, active_test=False)

    def _to_wish(self, secret):
        lang = (request.params.get("lang") or "")[:2]
        return request.redirect(f"{PATH}/go/{secret}?lang={lang}")

    def _to_manage(self, booking):
        url = booking._make_manage_link()[1]
        return request.redirect(f"/b/{url.rpartition('/')[2]}")

    def _show_other_slots(self, wish, secret, query, error=None, status=200):
        """Offer other slots; choosing one is a form of its own."""
        path = f"{PATH}/go/{secret}/slots"
        kind = wish.type_id
        asked = {key: query.get(key) for key in ("who", "tz", "from")}
        values = self._get_values(kind.company_id, path, **asked)
        zone = self._get_zone(kind.company_id, query.get("tz") or wish.tz)
        try:
            combination = kind._get_combination(query.get("who"))
        except UserError as stranger:
            query = {**query, "who": ""}
            return self._show_other_slots(wish, secret, query, stranger.args[0], 422)
        values |= self._get_slot_values(
            kind, zone, combination, query.get("from"), values["lang"]
        )
        values |= {
            "kind": kind.name,
            "price": kind._get_price_text(values["lang"]),
            "who": combination.id or "",
            "people": self._get_people(kind),
            "action": f"{PATH}/go/{secret}/slot",
            "posts": True,
            "path": path,
            "back": f"{PATH}/go/{secret}?lang={values['lang'][:2]}",
            "error": error,
        }
        return self._render("clinic_payment_deposit.book_slots", values, status)

    def _show_wish(self, wish, secret, error=None, status=200):
        step = self._get_step(wish)
        path = f"{PATH}/go/{secret}"
        values = self._get_values(wish.company_id, path, lang=wish.env.lang)
        summary = {
            "type_id": wish.type_id,
            "combination_id": wish.booking_id.combination_id or wish.combination_id,
            "start": wish.booking_id.start or wish.start,
            "tz": wish.tz,
            "lang": values["lang"],
        }
        values |= {"path": path, "error": error, **self._get_summary(summary)}
        values |= getattr(self, f"_get_{step}_values")(wish, values["lang"])
        return self._render(f"clinic_payment_deposit.book_{step}", values, status)

    def _get_step(self, wish):
        """Return the name of the page that a wish has come to."""
        if not wish.verified_at:
            return "code"
        if wish.wait_until:
            return "listed"
        booking = wish.booking_id
        if not booking:
            return "terms"
        if not booking.active or not booking.start:
            return "released"
        return "done" if booking.state == "confirmed" else "held"

    def _get_code_values(self, wish, _lang):
        address = wish.visitor_id.phone or wish.visitor_id.email
        return {"sent_to": address}

    def _get_terms_values(self, wish, lang):
        """Return what is asked for, until when it can be undone, and the policy."""
        quote = wish._get_quote()
        other = wish._get_other_hold()
        return {
            "other": other
            and tell_moment(other.booking_id.start, other._get_zone(), lang),
            "quote": quote and self._get_quote_values(wish, quote, lang),
        }

    def _get_quote_values(self, wish, quote, lang):
        zone = wish._get_zone()
        is_free = quote.free_until and quote.free_until > fields.Datetime.now()
        return {
            "way": quote.way,
            "amount": self._tell_amount(quote.amount, quote.currency, lang),
            "free_until": is_free and tell_moment(quote.free_until, zone, lang),
            "minutes": quote.hold_minutes,
            "text": quote.text,
            "mark": wish._get_terms_mark(quote),
        }

    def _get_held_values(self, wish, lang):
        booking = wish.booking_id
        until = booking.clinic_held_until or fields.Datetime.now()
        left = (until - fields.Datetime.now()).total_seconds()
        return {
            "refresh": REFRESH,
            "until": tell_time(until, wish._get_zone(), lang),
            "minutes": max(int(-(-left // 60)), 0),
            "live": booking._has_live_payment(),
        }

    def _get_done_values(self, _wish, _lang):
        return {}

    def _get_listed_values(self, wish, lang):
        entry = wish.waiting_id
        return {
            "is_listed": entry.state in ("waiting", "offered"),
            "until": entry.date_to and tell_day(entry.date_to, lang),
        }

    def _get_released_values(self, _wish, _lang):
        return {}
