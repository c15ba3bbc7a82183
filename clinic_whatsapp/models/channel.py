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
        blocked, last_error = self._read_history(channel, number)
        if blocked:
            return self.env._("the number asked not to be written to")
        if last_error in codes.UNREACHABLE_NUMBER:
            return self.env._("the number takes no such messages")
        return ""

    def _read_history(self, channel, number):
        """Return whether the number is blocked, and the code of its last failure.

        One statement: it is asked for each message at least twice.
        """
        self.env["phone.blacklist"].sudo().flush_model(["number", "active"])
        self.attempt_ids.flush_model(
            ["address_hash", "claimed_at", "channel", "state", "error_code"]
        )
        self.env.cr.execute(
            """
            SELECT EXISTS (SELECT FROM phone_blacklist WHERE number = %s AND active),
                   (SELECT CASE WHEN state = 'failed' THEN error_code END
                      FROM clinic_message_attempt
                     WHERE address_hash = %s AND claimed_at > %s AND channel = %s
                       AND state NOT IN ('leased', 'unknown')
                     ORDER BY id DESC LIMIT 1)
            """,
            [
                number,
                self.env["clinic.contact.address"]._hash(number),
                fields.Datetime.now() - FORGOTTEN,
                channel,
            ],
        )
        return self.env.cr.fetchone()

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
