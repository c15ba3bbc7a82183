from datetime import timedelta

from odoo import api, fields, models

FRIDAY, WEEKEND = 4, timedelta(days=2)
# What is told of one date only: when the visit moves, or is cancelled, it is not said.
OF_ONE_DATE = {"appointment_confirmed", "appointment_reminder", "waiting_offer"}
# Where an SMS can't be answered: nobody is asked for a word there.
ONE_WAY = "IN"
ONE_WAY_PREFIX = "+91"


class ResourceBooking(models.Model):
    """Patients are reminded of their visit, once for each date."""

    _inherit = "resource.booking"

    clinic_reminded_for = fields.Datetime(
        string="Reminded For", readonly=True, copy=False
    )

    @api.model
    def _cron_remind(self):
        """Scheduled action: queue the reminders of the next visits; hours are kept."""
        now = fields.Datetime.now()
        bookings = self.browse()
        for company in self.env["res.company"].search(
            [("clinic_reminder_hours", ">", 0)]
        ):
            bookings |= self.search(self._get_reminder_domain(company, now))
        self.env["ir.cron"]._commit_progress(remaining=len(bookings))
        for booking in bookings:
            booking._remind()
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _get_reminder_domain(self, company, now):
        """Return whom to remind: not who was just told the same date.

        On a Friday also of the days after the weekend, when nobody is written to.
        """
        ahead = timedelta(hours=company.clinic_reminder_hours)
        if company._get_clinic_today().weekday() == FRIDAY:
            ahead += WEEKEND
        return [
            ("clinic_company_id", "=", company.id),
            ("state", "=", "confirmed"),
            ("clinic_attendance", "=", "expected"),
            ("start", ">", now),
            ("start", "<=", now + ahead),
            ("create_date", "<", now - ahead / 2),
        ]

    def _remind(self):
        """Queue the reminder of the visit's date, unless it was queued before."""
        booking = self.sudo()
        if booking.clinic_reminded_for == booking.start:
            return
        booking._tell("appointment_reminder")
        booking._by_us().clinic_reminded_for = booking.start


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_stop_reason(self):
        """Nothing is said of a visit that was cancelled, or is on another date."""
        booking = self._get_booking()
        if booking and self.topic_id.code in OF_ONE_DATE:
            if not booking._is_live():
                return self.env._("The appointment was cancelled.")
            if f":{booking.clinic_start}:" not in self.dedupe_key:
                return self.env._("The appointment was moved.")
        return super()._get_stop_reason()

    def _pick_in(self, languages, channel):
        """By an SMS that can't be answered, a reminder asks for no answer."""
        if self.topic_id.code != "appointment_reminder" or not self._is_one_way(
            channel
        ):
            return super()._pick_in(languages, channel)
        return self.env["clinic.message.template"]._pick(
            self.env.ref("clinic_payment_deposit.topic_appointment_reminder_link"),
            channel,
            languages,
            self.partner_id.id,
            self.company_id,
            person=self.partner_id,
        )

    def _is_one_way(self, channel):
        """Return whether no answer comes back on that channel."""
        number = self.partner_id.phone_sanitized or self.partner_id.phone or ""
        return channel == "sms" and (
            self.company_id.country_id.code == ONE_WAY
            or number.startswith(ONE_WAY_PREFIX)
        )
