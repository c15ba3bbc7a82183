from odoo import models

# The patient has just done something and waits for the answer: at any hour.
AWAITED = {
    "deposit_request",
    "deposit_received",
    "appointment_confirmed",
    "waiting_offer",
}


class ResourceBooking(models.Model):
    """What patients are told about their appointments."""

    _inherit = "resource.booking"

    def _tell(self, topic_code, key="", **vals):
        """Queue one message about this appointment; the same thing is told once.

        :param str topic_code: code of the topic
        :param str key: what else makes it another message, such as the date
        :return: the `clinic.message` (sudo), none where nobody can be told
        """
        self.ensure_one()
        booking = self.sudo()
        if not booking.partner_id or not booking.clinic_start:
            return self.env["clinic.message"]
        company = booking.clinic_company_id
        message = (
            self.env["clinic.message"]
            .sudo()
            ._queue(
                topic_code,
                booking.partner_id,
                company,
                f"{topic_code}:booking:{booking.id}:{booking.clinic_start}:{key}",
                **{
                    "source": booking,
                    "patient_id": booking.clinic_patient_id.id,
                    "expires_at": booking.clinic_start,
                    "route_id": company._get_clinic_appointment_route().id,
                    **vals,
                },
            )
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()
        return message

    def _tell_confirmed(self):
        return self._tell("appointment_confirmed")

    def _tell_expired(self):
        return self._tell("hold_expired")

    def _tell_moved(self):
        """Tell the new date of confirmed appointments that staff moved."""
        for booking in self.filtered(lambda b: b.state == "confirmed"):
            booking._tell_confirmed()

    def _note_no_date(self):
        """Ask the front desk to give these appointments a date, or to cancel them."""
        self.filtered("active")._ask_desk(
            self.env._("Appointment without a date"),
            self.env._(
                "It was deleted from the calendar. Call the patient: give it a new "
                "date, or cancel it."
            ),
        )

    def _note_absence(self):
        """Ask the front desk to move what falls into a leave."""
        self._ask_desk(
            self.env._("Appointment during a leave"),
            self.env._(
                "Whoever receives is away at that time. Call the patient: choose "
                "another time or practitioner, or cancel it."
            ),
        )

    def _ask_desk(self, summary, note):
        """Give the front desk an activity on each of these, the same one once."""
        for booking in self:
            if summary in booking.activity_ids.mapped("summary"):
                continue
            desk = booking.clinic_company_id._get_clinic_staff(
                "clinic_dunning.group_front_desk"
            )
            user = self.env.user if self.env.user in desk else desk[:1]
            booking.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id or self.env.uid,
            )


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_booking(self):
        """Return the appointment that this message is about, or none (sudo)."""
        bookings = self.env["resource.booking"].sudo().with_context(active_test=False)
        if self.res_model != bookings._name:
            return bookings.browse()
        return bookings.browse(self.res_id).exists()

    def _prepare_values(self, verdict, lang):
        """Tell the date in the language of the text, as it stands when it leaves."""
        values = super()._prepare_values(verdict, lang)
        if booking := self._get_booking():
            values["appointment"] = booking._get_appointment_text(lang)
        return values

    def _is_awaited(self):
        return super()._is_awaited() or self.topic_id.code in AWAITED

    def _make_link(self, attempt):
        """Lead to the page where the patient manages the appointment."""
        booking = self._get_booking()
        if not booking:
            return super()._make_link(attempt)
        return booking._make_manage_link(message_id=self.id, attempt_id=attempt.id)
