import hashlib
import hmac
import logging
import threading
import time

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo import api, models

_logger = logging.getLogger(__name__)

# Each request has a connection already: in a crowd, the second ones come in turns
# instead of using up what the server may open.
SEATS = threading.BoundedSemaphore(8)


class ClinicRateLimit(models.AbstractModel):
    """Counts requests by key and window, in its own short transactions."""

    _name = "clinic.rate.limit"
    _description = "Rate Limiter"

    def init(self):
        """Create the counters: unlogged, they may be lost in a crash."""
        self.env.cr.execute(
            """CREATE UNLOGGED TABLE IF NOT EXISTS clinic_rate_limit (
                key text NOT NULL, slot bigint NOT NULL, n integer NOT NULL DEFAULT 1,
                PRIMARY KEY (key, slot))"""
        )

    @api.model
    def _allows(self, scope, subject, limit, seconds, when_broken=True):
        """Count one request and say whether it is within the limit of its subject."""
        return self._allows_all(scope, {subject: limit}, seconds, when_broken)

    @api.model
    def _allows_all(self, scope, limits, seconds, when_broken=True):
        """Count one request for each subject and say whether it is within the limits.

        What is refused for one subject does not count for the next: who reloads one
        link without end does not use up what all behind his address have.

        :param str scope: what is limited, such as "view"
        :param dict limits: {address or link: requests allowed in each window}, of
            which only keyed hashes are stored
        :param int seconds: length of a window
        :param bool when_broken: the answer while the counter does not work: open for
            views, closed for codes, holds and transactions
        """
        keys = {self._get_key(scope, subject): most for subject, most in limits.items()}
        try:
            return self._count(keys, seconds)
        except psycopg2.Error as error:
            _logger.warning("Rate limiter of %s does not work: %s", scope, error.pgcode)
            return when_broken

    def _get_key(self, scope, subject):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        text = f"{scope}:{subject}"
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _count(self, limits, seconds):
        """Count up key by key to the first that is over its limit; else return True.

        A key that is over its limit already is only read: a flood writes little.
        """
        slot = int(time.time()) // seconds * seconds
        with SEATS, self.env.registry.cursor() as cr:
            self._read_committed(cr)
            cr.execute(
                "SELECT key, n FROM clinic_rate_limit WHERE key IN %s AND slot = %s",
                [tuple(limits), slot],
            )
            if any(n >= limits[key] for key, n in cr.fetchall()):
                return False
            return all(self._add(cr, key, slot) <= most for key, most in limits.items())

    def _add(self, cr, key, slot):
        cr.execute(
            """INSERT INTO clinic_rate_limit (key, slot) VALUES (%s, %s)
            ON CONFLICT (key, slot) DO UPDATE SET n = clinic_rate_limit.n + 1
            RETURNING n""",
            [key, slot],
        )
        return cr.fetchone()[0]

    def _read_committed(self, cr):
        """Two requests on one key wait for each other instead of failing.

        Only at the start of a transaction: tests share one that has begun.
        """
        if cr._cnx.info.transaction_status == TRANSACTION_STATUS_IDLE:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    @api.autovacuum
    def _gc_counters(self):
        self.env.cr.execute(
            "DELETE FROM clinic_rate_limit WHERE slot < %s", [int(time.time()) - 86400]
        )
