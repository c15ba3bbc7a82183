from odoo import fields, models


class ResPartner(models.Model):
    """What patients answer about appointments: BOOK, CONFIRM, CANCEL."""

    _inherit = "res.partner"

    def _clinic_reply_appointment(self, word, company):
        return getattr(self, f"_clinic_answer_{word}")(company)

    def _clinic_answer_book(self, company):
        """Send an address by which this person books without proving who it is."""
        if not self.env["resource.booking.type"]._get_online(company):
            return False
        return {"topic_code": "booking_invitation"}

    def _clinic_answer_confirm(self, company):
        """Note that the person comes; what is not paid gets its link once more."""
        booking = self._get_next_appointment(company)
        if not booking:
            return False
        if booking._is_deposit_missing():
            return self._clinic_answer_cancel(company)
        booking._note_coming()
        return {"topic_code": "appointment_noted", "source": booking}

    def _clinic_answer_cancel(self, company):
        """Send the address where it is cancelled: the refund is shown there first."""
        booking = self._get_next_appointment(company)
        if not booking:
            return False
        return {"topic_code": "appointment_link", "source": booking}

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
