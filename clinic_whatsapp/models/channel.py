from datetime import timedelta

from odoo import fields, models

from ..tools import codes, phone
from .route_line import CHANNELS

# A number that took nothing is tried again after so long: people join WhatsApp.
FORGOTTEN = timedelta(days=180)


class ClinicMessage(models.Model):
    """What WhatsApp and SMS have in common: a number, an account, its limits."""

    _inherit = "clinic.message"

    def _get_parallel_channels(self):
        return super()._get_parallel_channels() | set(CHANNELS)

    def _get_texting_number(self):
        """Return the number in E.164: the clinic's country first, or ''."""
        partner = self.partner_id
        return phone.to_e164(
            partner.phone, (self.company_id.country_id.code, partner.country_id.code)
        )

    def _get_twilio_account(self, channel):
        return self.env["clinic.twilio.account"]._get_for(self.company_id, channel)

    def _get_obstacle_texting(self, channel):
        """Return why nothing can be written to this person's phone, or ''."""
        if not self._get_twilio_account(channel):
            return self.env._("no account to send through")
        if not self.partner_id.phone:
            return self.env._("no phone number")
        if self.partner_id.phone == self.partner_id.sudo().clinic_wrong_phone:
            return self.env._("the phone number is somebody else's")
        number = self._get_texting_number()
        if not number:
            return self.env._("the phone number can't be read")
        if not phone.takes_text(number):
            return self.env._("the phone number is a landline")
        return self._get_known_refusal(channel, number)

    def _get_known_refusal(self, channel, number):
        """Return what this number has answered before, or ''."""
        blocked = self.env["phone.blacklist"].sudo()
        if blocked.search_count([("number", "=", number)], limit=1):
            return self.env._("the number asked not to be written to")
        last = self.env["clinic.message.attempt"].search(
            [
                (
                    "address_hash",
                    "=",
                    self.env["clinic.contact.address"]._hash(number),
                ),
                ("claimed_at", ">", fields.Datetime.now() - FORGOTTEN),
                ("channel", "=", channel),
                ("state", "not in", ("leased", "unknown")),
            ],
            limit=1,
            order="id desc",
        )
        if last.state == "failed" and last.error_code in codes.UNREACHABLE_NUMBER:
            return self.env._("the number takes no such messages")
        return ""

    def _respect_cap(self, attempt):
        """Return whether the account may send it now; else it waits for its turn."""
        return self._respect_account(attempt) and super()._respect_cap(attempt)

    def _respect_account(self, attempt):
        if attempt.channel not in CHANNELS:
            return True
        account = self._get_twilio_account(attempt.channel)
        hold = account._get_hold(attempt)
        if hold:
            attempt.unlink()
            self._postpone(hold.until, hold.reason)
            return False
        # One segment until the text is written: the next one's budget is counted now.
        cost = account[f"{attempt.channel}_price"]
        attempt.write({"twilio_account_id": account.id, "cost": cost})
        return True
