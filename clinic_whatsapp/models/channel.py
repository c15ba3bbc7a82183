from datetime import timedelta

from odoo import api, fields, models

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
        return self.partner_id._get_texting_number(self.company_id)

    def _get_twilio_account(self, channel):
        return self.env["clinic.twilio.account"]._get_for(self.company_id, channel)

    def _get_obstacles_texting(self, channel):
        """Return {message: why nothing can be written to its person's phone, or ""}."""
        numbers = {message: message._get_texting_number() for message in self}
        known = self._get_known_refusals(channel, numbers.values())
        return {
            message: message._get_number_obstacle(channel, number)
            or known.get(number, "")
            for message, number in numbers.items()
        }

    def _get_number_obstacle(self, channel, number):
        """Return what is wrong with the account or the number on file, or ''.

        :param str number: as it was read, in E.164; '' where it can't be read
        """
        if not self._get_twilio_account(channel):
            return self.env._("no account to send through")
        if not self.partner_id.phone:
            return self.env._("no phone number")
        if self.partner_id._is_clinic_phone_wrong(self.company_id):
            return self.env._("the phone number is somebody else's")
        if not number:
            return self.env._("the phone number can't be read")
        if not phone.takes_text(number):
            return self.env._("the phone number is a landline")
        return ""

    @api.model
    def _get_known_refusals(self, channel, numbers):
        """Return {number: what it answered before} of those that refuse."""
        blocked = self.env._("the number asked not to be written to")
        unreachable = self.env._("the number takes no such messages")
        return {
            number: blocked if is_blocked else unreachable
            for number, is_blocked, last_error in self._read_history(channel, numbers)
            if is_blocked or last_error in codes.UNREACHABLE_NUMBER
        }

    @api.model
    def _read_history(self, channel, numbers):
        """Return (number, whether it is blocked, the code of its last failure) each.

        One statement for all of them: it is asked for each message at least twice.
        """
        hashed = self.env["clinic.contact.address"]._hash_all(numbers)
        self.env["phone.blacklist"].sudo().flush_model(["number", "active"])
        self.env["clinic.message.attempt"].flush_model(
            ["address_hash", "claimed_at", "channel", "state", "error_code"]
        )
        self.env.cr.execute(
            """
            SELECT asked.number, blocked.id IS NOT NULL, last.error_code
              FROM unnest(%s::varchar[], %s::varchar[]) asked (address_hash, number)
              LEFT JOIN phone_blacklist blocked
                ON blocked.number = asked.number AND blocked.active
              LEFT JOIN LATERAL (
                   SELECT CASE WHEN state = 'failed' THEN error_code END AS error_code
                     FROM clinic_message_attempt attempt
                    WHERE attempt.address_hash = asked.address_hash
                      AND claimed_at > %s AND channel = %s
                      AND state NOT IN ('leased', 'unknown')
                    ORDER BY id DESC LIMIT 1) last ON TRUE
            """,
            [
                list(hashed),
                list(hashed.values()),
                fields.Datetime.now() - FORGOTTEN,
                channel,
            ],
        )
        return self.env.cr.fetchall()


class ClinicMessageAttempt(models.Model):
    """No more leaves than the account may send now."""

    _inherit = "clinic.message.attempt"

    def _respect_limits(self):
        going = self._give_back(self._find_over_account())
        for (account, channel), attempts in going._group_by_account().items():
            # One segment until the text is written: the next one's budget is counted.
            cost = account[f"{channel}_price"]
            attempts.write({"twilio_account_id": account.id, "cost": cost})
        return super(ClinicMessageAttempt, going)._respect_limits()

    def _find_over_account(self):
        """Return {message: Verdict} of what the accounts can't send now."""
        verdicts = {}
        for (account, channel), attempts in self._group_by_account().items():
            account._get_gate().set_rate(account._get_pace())
            holds = account._get_holds(attempts, account[f"{channel}_price"])
            verdicts.update({a.message_id: hold for a, hold in holds.items()})
        return verdicts

    def _group_by_account(self):
        """Return {(account, channel): attempts} of those that go through an account."""
        texts = self.filtered(lambda attempt: attempt.channel in CHANNELS)
        return texts.grouped(
            lambda a: (a.message_id._get_twilio_account(a.channel), a.channel)
        )
