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
    def _reserve(self, attempt, cap):
        """Lock the address of a leased attempt and return when it may go, if not now.

        What was leased before it counts as sent: it goes out in the same slice.

        :param int cap: messages in seven days, 0 for no limit
        :return: False, or the naive UTC moment at which the oldest message leaves the
            week
        """
        now = fields.Datetime.now()
        self.env.cr.execute(
            """INSERT INTO clinic_contact_address (address_hash, used_at) VALUES (%s,
            %s) ON CONFLICT (address_hash) DO UPDATE SET used_at = EXCLUDED.used_at""",
            [attempt.address_hash, now],
        )
        if not cap:
            return False
        since = now - timedelta(days=CAP_DAYS)
        self.env.cr.execute(
            """SELECT claimed_at FROM clinic_message_attempt
                WHERE address_hash = %s AND claimed_at > %s
                  AND (state IN ('accepted', 'sent', 'delivered', 'read', 'unknown')
                       OR (state = 'leased' AND id < %s))
                ORDER BY claimed_at DESC LIMIT 1 OFFSET %s""",
            [attempt.address_hash, since, attempt.id, cap - 1],
        )
        row = self.env.cr.fetchone()
        return row[0] + timedelta(days=CAP_DAYS) if row else False
