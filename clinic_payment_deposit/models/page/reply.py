from odoo import fields, models


class ResPartner(models.Model):
    """What patients answer about appointments: BOOK, CONFIRM, CANCEL."""

    _inherit = "res.partner"

    def _clinic_reply_appointment(self, word, company, message=None):
        if word == "book":
            return self._clinic_answer_book(company)
        booking = self._get_asked_appointment(company, message)
        return bool(booking) and getattr(self, f"_clinic_answer_{word}")(booking)

    def _clinic_answer_book(self, company):
        """Send an address by which this person books without proving who it is."""
        if not self.env["resource.booking.type"]._get_online(company):
            return False
        return {"topic_code": "booking_invitation"}

    def _clinic_answer_confirm(self, booking):
        """Note that the person comes; what is not paid gets its link once more."""
        if booking._is_deposit_missing():
            return self._clinic_answer_cancel(booking)
        booking._note_coming()
        return {"topic_code": "appointment_noted", "source": booking}

    def _clinic_answer_cancel(self, booking):
        """Send the address where it is cancelled: the refund is shown there first."""
        return {"topic_code": "appointment_link", "source": booking}

    def _get_asked_appointment(self, company, message):
        """Return the appointment that a message asked about if it is still ahead.

        Else the next one (sudo).
        """
        asked = message and message._get_booking()
        if not asked:
            return self._get_next_appointment(company)
        now = fields.Datetime.now()
        return asked.filtered(lambda b: b.active and b.start and b.start > now)

    def _get_next_appointment(self, company):
        """Return the next appointment of this person at a clinic (sudo), or none."""
        return (
            self.env["resource.booking"]
            .sudo()
            .search(
                [
                    ("partner_ids", "in", self.ids),
                    ("clinic_company_id", "=", company.id),
                    ("start", ">", fields.Datetime.now()),
                ],
                order="start",
                limit=1,
            )
        )


class ResourceBooking(models.Model):
    _inherit = "resource.booking"

    clinic_attendance_confirmed_at = fields.Datetime(
        string="Said to Come", readonly=True, copy=False
    )

    def _note_coming(self):
        """Note that the patient said so; a visit on another date is another one."""
        self.ensure_one()
        self.sudo().clinic_attendance_confirmed_at = fields.Datetime.now()

    def _move_to(self, start, combination=None, by_desk=False):
        result = super()._move_to(start, combination, by_desk)
        self.sudo().clinic_attendance_confirmed_at = False
        return result
