from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import (
    POSTS_PER_MINUTE,
    VIEWS_PER_MINUTE,
)

from ..tools.moment import tell_moment
from .booking_page import BookingPage


class ClinicManage(BookingPage, http.Controller):
    """The page of one appointment: see it, move it, cancel it."""

    @http.route(
        "/b/<string:secret>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def manage(self, secret, done=None, **_kwargs):
        """Show the appointment, or the way to make one."""
        return self._with_link(secret, lambda link: self._show(link, secret, done=done))

    @http.route(
        "/b/<string:secret>/calendar",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def manage_calendar(self, secret, **_kwargs):
        """Return the calendar file."""
        return self._with_link(secret, self._get_calendar)

    @http.route(
        "/b/<string:secret>/move",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def move_to(self, secret, **query):
        """Offer other times, or show the one that was chosen."""
        return self._with_link(secret, lambda link: self._ask_move(link, secret, query))

    @http.route(
        "/b/<string:secret>/cancel",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def cancel(self, secret, **_kwargs):
        """Show what is given back before anything is cancelled."""
        return self._with_link(secret, lambda link: self._ask_cancel(link, secret))

    @http.route(
        "/b/<string:secret>/<string:step>",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def change(self, secret, step, **post):
        """Do it: confirm, move, cancel, pay, or begin to book by an invitation."""
        if not self._allows("manage", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link_of(secret)
        act = getattr(self, f"_manage_{step}", None)
        if not link or not act:
            return self._not_found()
        link._touch()
        try:
            with request.env.cr.savepoint():
                answer = act(link, secret, post)
        except UserError as error:
            return self._show(link, secret, error=error.args[0], status=422)
        return answer or self._to_page(secret, step)

    # -- steps -------------------------------------------------------------------------

    def _manage_move(self, link, _secret, post):
        booking = link.booking_id
        start = self._parse_start(post.get("start"))
        kind = booking.type_id
        combination = kind._get_combination(post.get("who"))
        if not booking.start:
            raise UserError(
                request.env._("This appointment has no time now. Please call us.")
            )
        if not start or not kind._is_slot(start, combination):
            raise UserError(
                request.env._(
                    "This time is not free any more. Please choose another. Your "
                    "appointment stays as it was."
                )
            )
        booking._move_to(start, combination or None)

    def _manage_cancel(self, link, secret, post):
        """Cancel as it was shown: what is given back may have changed meanwhile."""
        booking = link.booking_id
        if not booking.active or not booking.start:
            return None
        if post.get("shown") != self._get_refund_mark(booking):
            return self._ask_cancel(link, secret, is_changed=True)
        if booking._has_live_payment():
            raise UserError(
                request.env._("We are checking your payment. Please wait a moment.")
            )
        booking._cancel("patient")
        return None

    def _manage_confirm(self, link, _secret, _post):
        """Note that the patient comes."""
        booking = link.booking_id
        if booking.active and booking.state == "confirmed":
            booking._note_coming()

    def _manage_pay(self, link, _secret, _post):
        booking = link.booking_id
        if booking.active and booking._is_deposit_missing():
            return self._to_payment(booking)
        return None

    def _manage_book(self, link, secret, _post):
        """Begin to book as the person who was invited."""
        company = link.company_id
        if link.is_invitation:
            request.session["clinic_invitation"] = secret
        return request.redirect(f"/clinic/book?clinic={company.id}&lang={self._lang()}")

    # -- helpers -----------------------------------------------------------------------

    def _find_link_of(self, secret):
        """Return the link of that secret, speaking its language (sudo), or none."""
        self._be_public()
        link = request.env["clinic.link"]._find_booking_link(secret)
        lang = link._get_lang(request.params.get("lang"))
        request.update_context(lang=lang)
        return link.with_context(lang=lang, active_test=False)

    def _with_link(self, secret, show):
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link_of(secret)
        return show(link) if link else self._not_found()

    def _lang(self):
        return (request.env.lang or "")[:2]

    def _to_page(self, secret, done):
        return request.redirect(f"/b/{secret}?lang={self._lang()}&done={done}")

    def _show(self, link, secret, done=None, error=None, status=200):
        path = f"/b/{secret}"
        values = self._get_values(link.company_id, path, lang=link.env.lang)
        values |= {"path": path, "error": error, "done": done}
        if link.is_invitation:
            return self._render("clinic_payment_deposit.book_invited", values, status)
        values |= self._get_booking_values(link.booking_id, values["lang"])
        return self._render("clinic_payment_deposit.book_manage", values, status)

    def _get_booking_values(self, booking, lang):
        """Return what an address tells: the time; nothing of what for, or with whom."""
        deposit = booking.clinic_deposit_id
        return {
            "moment": booking.start and self._tell_start(booking, lang),
            "is_undated": booking.active and not booking.start,
            "is_over": booking.stop and booking.stop < fields.Datetime.now(),
            "is_confirmed": booking.state == "confirmed",
            "is_coming": bool(booking.clinic_attendance_confirmed_at),
            "is_missing": booking.active and booking._is_deposit_missing(),
            "live": booking.active and booking._has_live_payment(),
            "paid": deposit and self._tell_deposit(deposit, lang),
            "may_move": booking.active and booking._may_change(),
        }

    def _tell_start(self, booking, lang):
        """Return the time where the patient lives."""
        company = booking.type_id.company_id
        name = booking.partner_id._get_clinic_tz(company)
        return tell_moment(booking.start, self._get_zone(company, name), lang)

    def _get_calendar(self, link):
        booking = link.booking_id
        if not booking.start:
            return self._not_found()
        return self._send_calendar(booking)

    def _ask_move(self, link, secret, query):
        booking = link.booking_id
        if not booking.start:
            return self._to_page(secret, "")
        try:
            booking._check_may_change()
            booking.type_id._get_combination(query.get("who"))
        except UserError as error:
            return self._show(link, secret, error=error.args[0], status=422)
        start = self._parse_start(query.get("start"))
        if start:
            return self._confirm_move(booking, secret, start, query)
        return self._show_times(booking, secret, query)

    def _confirm_move(self, booking, secret, start, query):
        path = f"/b/{secret}"
        company = booking.type_id.company_id
        asked = {
            "start": query["start"],
            "who": query.get("who"),
            "tz": query.get("tz"),
        }
        values = self._get_values(
            company, f"{path}/move", lang=booking.env.lang, **asked
        )
        zone = self._get_zone(company, query.get("tz"))
        values |= {
            "path": path,
            "old": tell_moment(booking.start, zone, values["lang"]),
            "moment": tell_moment(start, zone, values["lang"]),
            "asked_fields": asked,
        }
        return self._render("clinic_payment_deposit.book_move", values)

    def _show_times(self, booking, secret, query):
        path = f"/b/{secret}/move"
        kind = booking.type_id
        asked = {key: query.get(key) for key in ("who", "tz", "from")}
        values = self._get_values(kind.company_id, path, lang=booking.env.lang, **asked)
        lang = values["lang"]
        patient = booking.partner_id
        zone = self._get_zone(
            kind.company_id, query.get("tz") or patient._get_clinic_tz(kind.company_id)
        )
        combination = kind._get_combination(query.get("who"))
        values |= self._get_slot_values(
            kind, zone, combination, query.get("from"), lang
        )
        values |= {
            "who": combination.id or "",
            "people": self._get_people(kind),
            "action": path,
            "path": path,
            "back": f"/b/{secret}?lang={lang[:2]}",
        }
        return self._render("clinic_payment_deposit.book_slots", values)

    def _ask_cancel(self, link, secret, is_changed=False):
        booking = link.booking_id
        if not booking.active or not booking.start:
            return self._to_page(secret, "")
        path = f"/b/{secret}"
        values = self._get_values(link.company_id, f"{path}/cancel", lang=link.env.lang)
        values |= {
            "path": path,
            "moment": self._tell_start(booking, values["lang"]),
            "shown": self._get_refund_mark(booking),
            "is_changed": is_changed,
            **self._get_refund_values(booking, values["lang"]),
        }
        return self._render(
            "clinic_payment_deposit.book_cancel", values, 409 if is_changed else 200
        )

    def _get_refund_values(self, booking, lang):
        """Return what comes back and what is kept, in words."""
        refund = booking._preview_cancel()
        if not refund:
            return {"refunded": "", "kept": ""}
        currency = refund.currency
        return {
            "refunded": not currency.is_zero(refund.refunded)
            and self._tell_amount(refund.refunded, currency, lang),
            "kept": not currency.is_zero(refund.kept)
            and self._tell_amount(refund.kept, currency, lang),
            "reason": refund.reason,
        }

    def _get_refund_mark(self, booking):
        """Return what the form says was shown: never what is given back."""
        refund = booking._preview_cancel()
        return f"{refund.refunded:.3f}/{refund.kept:.3f}" if refund else "none"

    def _tell_deposit(self, deposit, lang):
        """Return what was paid or is held, in words, '' for nothing."""
        is_held = deposit.state == "authorized"
        amount = deposit.amount if is_held else deposit.paid
        currency = deposit.currency_id
        if currency.is_zero(amount):
            return ""
        return self._tell_amount(amount, currency, lang)
