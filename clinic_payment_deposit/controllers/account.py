from odoo import fields, http
from odoo.http import request

from odoo.addons.clinic_dunning.controllers.portal import ClinicPortal

from ..tools.moment import tell_moment
from .booking_page import BookingPage


class ClinicAppointments(BookingPage, ClinicPortal):
    """The account of a patient who is logged in shows the appointments too."""

    @http.route()
    def my_clinic(self, **kwargs):
        response = super().my_clinic(**kwargs)
        response.qcontext["appointments"] = [
            self._get_appointment(booking) for booking in self._get_appointments()
        ]
        return response

    @http.route(
        "/my/clinic/appointment",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def my_clinic_appointment(self, booking_id="", **_kwargs):
        """Go to the page of an own appointment."""
        booking = self._get_appointments().filtered(
            lambda booking: str(booking.id) == booking_id
        )
        if not booking:
            raise request.not_found()
        url = booking._make_manage_link()[1]
        return request.redirect(f"/b/{url.rpartition('/')[2]}")

    def _get_appointments(self):
        """Return what is ahead for whoever is logged in (sudo)."""
        bookings = request.env["resource.booking"].sudo()
        return bookings.search(
            [
                ("partner_ids", "in", self._get_patient().ids),
                ("stop", ">", fields.Datetime.now()),
            ],
            order="start",
        )

    def _get_appointment(self, booking):
        company = booking.type_id.company_id
        name = self._get_patient()._get_clinic_tz(company)
        zone = self._get_zone(company, name)
        return {
            "id": booking.id,
            "moment": tell_moment(booking.start, zone, request.env.lang),
            "clinic": company._get_clinic_message_name(),
        }
