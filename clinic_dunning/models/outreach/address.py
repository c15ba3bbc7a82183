import hashlib
import hmac
from datetime import timedelta

from odoo import api, fields, models

CAP_DAYS = 7


class ClinicContactAddress(models.Model):
    """One row an address, as a keyed hash: the weekly cap is counted behind its lock.

    The cap holds over all companies of the database, so that two clinics do not write
    to one person twice as often.
    """

    _name = "clinic.contact.address"
    _description = "Address Written To"
    _log_access = False

    address_hash = fields.Char(required=True)
    used_at = fields.Datetime(required=True)

    _address_hash = models.Constraint("UNIQUE (address_hash)", "Known already.")

    @api.model
    def _hash(self, address):
        """Return the keyed hash of an address or number: no plain address is kept."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        text = (address or "").strip().lower()
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    @api.model
    def _hash_all(self, addresses):
        """Return {keyed hash: address} of those that are no blank."""
        return {self._hash(address): address for address in addresses if address}

    @api.model
    def _reserve(self, caps):
        """Lock the addresses of leased attempts; return {attempt: when it may go}.

        Only of those that may not go now: naive UTC, the moment at which the oldest
        message leaves the week. What was leased before an attempt counts as sent: it
        goes out in the same slice.

        :param dict caps: messages in seven days by attempt, 0 for no limit
        """
        self._lock({attempt.address_hash for attempt in caps})
        capped = {attempt: cap for attempt, cap in caps.items() if cap}
        week = self._get_week(capped)
        waiting = {}
        for attempt in sorted(capped, key=lambda attempt: attempt.id):
            sent = week.setdefault(attempt.address_hash, [])
            before = sorted(moment for id_, moment in sent if id_ < attempt.id)
            if len(before) < caps[attempt]:
                sent.append((attempt.id, attempt.claimed_at))
            else:
                oldest = before[-caps[attempt]]
                waiting[attempt] = oldest + timedelta(days=CAP_DAYS)
        return waiting

    @api.model
    def _lock(self, hashes):
        """Lock and update the row of each address, all senders in the same order."""
        self.env.cr.execute(
            """INSERT INTO clinic_contact_address (address_hash, used_at)
               SELECT address_hash, %s
                 FROM unnest(%s::varchar[]) address_hash ORDER BY address_hash
               ON CONFLICT (address_hash) DO UPDATE SET used_at = EXCLUDED.used_at""",
            [fields.Datetime.now(), list(hashes)],
        )

    @api.model
    def _get_week(self, attempts):
        """Return {hash: [(id, claimed at)]} of what others sent there in seven days.

        Of what is leased only the id says whether it was there first; what was sent
        counts whatever its id.
        """
        week = {}
        self.env["clinic.message.attempt"].flush_model(
            ["address_hash", "claimed_at", "state"]
        )
        self.env.cr.execute(
            """SELECT address_hash, CASE WHEN state = 'leased' THEN id ELSE 0 END,
                      claimed_at
                 FROM clinic_message_attempt
                WHERE address_hash = ANY (%s) AND claimed_at > %s AND id != ALL (%s)
                  AND state IN ('leased', 'accepted', 'sent', 'delivered', 'read',
                                'unknown')""",
            [
                list({attempt.address_hash for attempt in attempts}),
                fields.Datetime.now() - timedelta(days=CAP_DAYS),
                [attempt.id for attempt in attempts],
            ],
        )
        for address_hash, id_, moment in self.env.cr.fetchall():
            week.setdefault(address_hash, []).append((id_, moment))
        return week
