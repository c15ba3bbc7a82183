from odoo import http
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.page import VIEWS_PER_MINUTE

from .booking_page import BookingPage


class ClinicDepositCalendar(BookingPage, http.Controller):
    """Whoever has just paid takes the appointment along into the own calendar."""

    @http.route(
        "/d/<string:secret>/calendar",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def deposit_calendar(self, secret, **_kwargs):
        """Return the calendar file of a confirmed appointment, from its pay page."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        self._be_public()
        link = request.env["clinic.link"]._find(secret, "booking")
        return self._send_confirmed(link.clinic_deposit_id)

    @http.route(
        "/p/done/<string:nonce>/calendar",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def paid_calendar(self, nonce, **_kwargs):
        """Return it from the page that follows the payment."""
        if not self._allows("view", nonce, VIEWS_PER_MINUTE):
            return self._too_many()
        self._be_public()
        checkout = request.env["clinic.payment.checkout"]._find(nonce)
        request.update_context(lang=checkout.lang or request.env.lang)
        return self._send_confirmed(checkout.clinic_deposit_id)

    def _send_confirmed(self, deposit):
        booking = deposit.sudo().booking_id
        if not booking.start or booking.state != "confirmed":
            return self._not_found()
        return self._send_calendar(booking)
