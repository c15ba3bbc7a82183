import hashlib
import time
from datetime import timedelta, timezone

from odoo import api, fields, models

from odoo.addons.clinic_dunning.models.payment.link import SECRET_IN_TEXT

from ..tools.client import TwilioError
from .route_line import CHANNELS

# Absent at both moments after the lease: it was never taken.
LOOKUPS = (timedelta(minutes=2), timedelta(minutes=10))
HOPELESS = timedelta(hours=24)
AGAIN = timedelta(minutes=2)
# No receipt came: ask; so long after it was sent none will come.
RECEIPT_AFTER = timedelta(hours=1)
NO_RECEIPT_AFTER = timedelta(hours=48)
SLICE = 50
SLICE_SECONDS = 10


class ClinicMessageAttempt(models.Model):
    """Ask the provider about what nobody has told us."""

    _inherit = "clinic.message.attempt"

    @api.model
    def _cron_look_up(self):
        """Scheduled action: ask about attempts whose answer or receipt is missing.

        Commits after each; triggers itself when more is left.
        """
        outbox = self.env["clinic.message"]
        started = time.monotonic()
        due = self.search(self._get_lookup_domain(), order="lookup_at", limit=SLICE)
        outbox._commit(remaining=len(due))
        for attempt in due:
            outbox._insist(attempt._take_lookup, attempt._ask_provider())
            outbox._commit(processed=1)
            if time.monotonic() - started > SLICE_SECONDS:
                break
        if self.search_count(self._get_lookup_domain(), limit=1):
            self.env.ref("clinic_whatsapp.ir_cron_look_up").sudo()._trigger()

    @api.model
    def _get_lookup_domain(self):
        return [
            ("lookup_at", "<=", fields.Datetime.now()),
            ("state", "in", ("unknown", "accepted", "sent")),
            ("channel", "in", CHANNELS),
        ]

    def _find_out(self):
        """Plan the first look-up; a channel that has no provider asks a person."""
        if self.channel not in CHANNELS:
            return super()._find_out()
        ends = max(self.lease_until, fields.Datetime.now())
        self.write({"lookup_at": ends + LOOKUPS[0], "lookups": 0})
        return None

    def _expect_receipt(self):
        self.lookup_at = fields.Datetime.now() + RECEIPT_AFTER

    def _ask_provider(self):
        """Return what the provider has: a list of `Receipt`, or the `TwilioError`.

        None where it can't be asked any more: the person has another number now.
        """
        try:
            client = self.twilio_account_id.sudo()._get_client()
            if self.provider_ref:
                return [client.fetch_message(self.provider_ref)]
            if not self._fits_address():
                return None
            address = getattr(self.message_id, f"_get_address_{self.channel}")()
            since = (self.claimed_at - AGAIN).replace(tzinfo=timezone.utc)
            prefix = "whatsapp:" if self.channel == "whatsapp" else ""
            return client.find_messages(to=f"{prefix}{address}", since=since)
        except TwilioError as error:
            return error

    def _take_lookup(self, found):
        """Go on with what the provider said; return this attempt."""
        if found is None:
            self._leave_to_a_person()
        elif isinstance(found, TwilioError):
            self._look_up_again()
        elif self.state == "unknown":
            self._take_search(self._recognise(found))
        else:
            self._take_poll(found[0])
        return self

    def _look_up_again(self):
        """The provider can't be asked now: later, and for a day at most."""
        now = fields.Datetime.now()
        self.lookup_at = now + AGAIN
        if self.state == "unknown" and self.claimed_at < now - HOPELESS:
            self._leave_to_a_person()

    def _leave_to_a_person(self):
        self.lookup_at = False
        if self.message_id.state == "in_progress":
            self.message_id._ask_a_person()

    # -- what was sent with an answer that got lost ----------------------------

    def _recognise(self, found):
        """Return which of the provider's messages are this attempt's.

        By the secret of its link; a text without link by the text itself, when it is
        no other attempt's.
        """
        known = set(
            self.search([("provider_ref", "in", [r.sid for r in found])]).mapped(
                "provider_ref"
            )
        )
        return [
            receipt
            for receipt in found
            if receipt.sid not in known
            and receipt.direction != "inbound"
            and self._is_mine(receipt.body)
        ]

    def _is_mine(self, body):
        secrets = SECRET_IN_TEXT.findall(body)
        if secrets:
            links = self.env["clinic.link"]
            return self.link_id.sudo().token_hash in map(links._hash, secrets)
        return hashlib.sha256(body.encode()).hexdigest() == self.body_hash

    def _take_search(self, mine):
        if len(mine) == 1:
            self._take_receipts({self: mine[0]})
        elif mine or self.claimed_at < fields.Datetime.now() - HOPELESS:
            self._leave_to_a_person()
        elif self.lookups + 1 < len(LOOKUPS):
            wait = LOOKUPS[1] - LOOKUPS[0]
            self.write(
                {"lookups": self.lookups + 1, "lookup_at": fields.Datetime.now() + wait}
            )
        else:
            self._take_absence()

    def _take_absence(self):
        """It was never taken: send it once more, never a third time."""
        resent = self.message_id.attempt_ids.filtered(
            lambda attempt: attempt.error_code == "proved_absent" and attempt.lookups
        )
        self.write({"lookups": self.lookups + 1, "lookup_at": False})
        if resent:
            self._leave_to_a_person()
        else:
            error = self.env._("Twilio never had it.")
            self._refuse("proved_absent", error, retryable=True)

    # -- what was taken, without a receipt -------------------------------------

    def _take_poll(self, receipt):
        self._take_status(
            receipt.status,
            receipt.error_code,
            segments=receipt.segments,
            price=receipt.price,
            price_unit=receipt.price_unit,
        )
        if self.state not in ("accepted", "sent"):
            return
        if self.sent_at > fields.Datetime.now() - NO_RECEIPT_AFTER:
            self.lookup_at = fields.Datetime.now() + 6 * RECEIPT_AFTER
        else:
            self._miss_receipt()

    def _miss_receipt(self):
        """No receipt will come: many carriers give none for an SMS."""
        self.lookup_at = False
        if self.channel == "sms" and self.state == "sent":
            self.message_id._take_proof("accepted")
        else:
            self._refuse("no_receipt", self.env._("It never arrived at the phone."))
