from odoo import models

# Where a message went, and the letters.
TOLD = (
    "address_hash",
    "provider_ref",
    "letter_subject",
    "letter_body",
    "registered_number",
    "scan",
)


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _is_at_provider(self):
        """Return whether it is on its way: its receipt or its answer is awaited."""
        silent = self._get_silent_channels()
        return self.state == "in_progress" and any(
            attempt.channel not in silent
            and attempt.state in ("leased", "unknown", "accepted", "sent")
            for attempt in self.attempt_ids
        )

    def _wipe(self):
        """Keep that it was sent, when and with what outcome; nothing of the person."""
        self.filtered("values").values = False
        at_provider = self.filtered(lambda message: message._is_at_provider())
        (self - at_provider).attempt_ids._wipe()


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _wipe(self):
        told = self.filtered(lambda attempt: any(attempt[name] for name in TOLD))
        told.write(dict.fromkeys(TOLD, False))
