from datetime import UTC, datetime
from urllib.parse import urlencode

from dateutil.parser import isoparse

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from odoo.addons.clinic_dunning.controllers.page import PatientPage
from odoo.addons.resource_booking.controllers.portal import CustomerPortal

from ..models.booking.slot_lock import SlotRefused

POSTS_PER_MINUTE = 10
_page = PatientPage()


class BookingPortal(CustomerPortal):
    """The portal changes an appointment by a form of its own, and says why it can't."""

    @route(methods=["GET", "POST"])
    def portal_booking_confirm(
        self, booking_id, access_token=None, when=None, **kwargs
    ):
        """Ask before the appointment takes a slot (GET); then take it (POST)."""
        booking_sudo = self._find_booking(booking_id, access_token)
        if not booking_sudo:
            return request.redirect("/my")
        try:
            start = self._read_moment(when)
            booking_sudo._check_portal_slot(start)
            if request.httprequest.method == "GET":
                return self._ask(booking_sudo, access_token, "confirm", when=when)
            self._count_post(booking_id)
            booking_sudo._move_to(start)
        except UserError as error:
            return self._show_calendar(booking_sudo, error)
        return request.redirect(booking_sudo._get_next_url(), local=False)

    @route(methods=["GET", "POST"])
    def portal_booking_cancel(self, booking_id, access_token=None, **kwargs):
        """Ask before the appointment is cancelled (GET); then cancel it (POST).

        What was paid for it is shown first, on the page of the appointment.
        """
        booking_sudo = self._find_booking(booking_id, access_token)
        if not booking_sudo:
            return request.redirect("/my")
        try:
            booking_sudo._check_may_change()
            if request.httprequest.method == "GET":
                return self._ask(booking_sudo, access_token, "cancel")
            self._count_post(booking_id)
            if url := booking_sudo._get_cancel_url():
                return request.redirect(url, local=False)
            booking_sudo._cancel("patient")
        except UserError as error:
            return self._ask(booking_sudo, access_token, "refused", error=error)
        return request.redirect("/my")

    def _find_booking(self, booking_id, access_token):
        """Return the booking (sudo) that this visitor may see, or None."""
        try:
            return self._get_booking_sudo(booking_id, access_token)
        except (AccessError, MissingError):
            return None

    def _read_moment(self, text):
        """Return the moment of a form as naive UTC.

        :raise SlotRefused: when it is none
        """
        try:
            moment = isoparse(text or "")
            return datetime.fromtimestamp(moment.timestamp(), UTC).replace(tzinfo=None)
        except (ValueError, OverflowError, OSError) as error:
            raise SlotRefused(
                request.env._(
                    "This time is not offered. Please choose one of the list."
                )
            ) from error

    def _count_post(self, booking_id):
        subject = f"booking:{booking_id}"
        if not _page._allows("booking", subject, POSTS_PER_MINUTE, when_broken=False):
            raise SlotRefused(request.env._("Please wait a minute, then try again."))

    def _ask(self, booking_sudo, access_token, question, **values):
        values = {
            **self._booking_get_page_view_values(booking_sudo, access_token),
            "question": question,
            "page_name": "booking",
            **values,
        }
        return request.render("clinic_payment_deposit.portal_booking_ask", values)

    def _show_calendar(self, booking_sudo, error):
        return request.redirect(
            booking_sudo.get_portal_url(
                suffix="/schedule",
                query_string="&" + urlencode({"error": error.args[0]}),
            )
        )
