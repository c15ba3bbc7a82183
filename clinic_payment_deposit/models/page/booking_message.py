from odoo import fields, models

# Somebody has just written to us and waits for these, at any hour.
AWAITED = {"appointment_link", "appointment_noted", "booking_invitation"}
# What has no sense once the appointment is cancelled.
ABOUT_COMING = AWAITED | {"appointment_confirmed"}


class ResourceBooking(models.Model):
    """The desk sends the patient's own page of an appointment once more."""

    _inherit = "resource.booking"

    def action_send_link(self):
        """Send the address by which the patient pays, changes or cancels, again."""
        self.check_access("read")
        now = f"{fields.Datetime.now():%Y%m%d%H%M}"
        for booking in self:
            if booking._is_deposit_missing():
                booking.sudo().clinic_deposit_id._tell_requested(f":{now}")
            else:
                booking._tell("appointment_link", key=now)


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _is_awaited(self):
        return super()._is_awaited() or self.topic_id.code in AWAITED

    def _get_stop_reason(self):
        """What is cancelled is neither confirmed nor to be changed any more."""
        booking = self._get_booking()
        if booking and not booking.active and self.topic_id.code in ABOUT_COMING:
            return self.env._("The appointment was cancelled.")
        return super()._get_stop_reason()

    def _make_link(self, attempt):
        """An invitation leads to the page of who was invited."""
        if self.topic_id.code != "booking_invitation":
            return super()._make_link(attempt)
        return self.env["clinic.link"]._issue_invitation(
            self.partner_id,
            self.company_id,
            message_id=self.id,
            attempt_id=attempt.id,
        )
