import hashlib

from odoo import models

from ..tools import segments


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_sms(self):
        return self._get_texting_number()

    def _get_obstacles_sms(self):
        """Return {message: why no SMS can reach its person, or ""}."""
        return self._get_obstacles_texting("sms")


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _prepare_sms(self, verdicts):
        """Return {id: `Parcel`} of SMS: in letters that every phone knows."""
        return {
            attempt.id: attempt._pack_sms(segments.to_sms_text(letter.body))
            for attempt, letter in self._render(verdicts).items()
        }

    def _pack_sms(self, text):
        account = self.twilio_account_id.sudo()
        count = segments.count_segments(text).segments
        self.write(
            {
                # What leaves differs from what was rendered.
                "body_hash": hashlib.sha256(text.encode()).hexdigest(),
                "segments": count,
                "cost": count * account.sms_price,
            }
        )
        return self._pack(to=self.message_id._get_address_sms(), body=text)

    def _send_by_sms(self, parcels):
        """Hand the SMS to the threads; return what notes their answers."""
        return self._launch(parcels)

    def _find_proof_sms(self):
        """What was not written can't have left; else the provider is asked."""
        return "later" if self.body_hash else "absent"
