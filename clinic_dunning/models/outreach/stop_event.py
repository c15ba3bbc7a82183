from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

KEPT_DAYS = 90


class ClinicStopEvent(models.Model):
    """Somebody's reasons to be reminded may have changed; append-only.

    Accounting, the front desk and opt-outs insert events and write nothing else of the
    outbox: a payment that updated a claimed message would be rolled back by
    PostgreSQL's REPEATABLE READ. The claim leaves people with open events alone until
    the sweep has looked at their messages again.

    `xid` is the transaction that inserted the event, `applied_xid` the sweep's:
    compared with a claim's snapshot they prove that no claim began after a committed
    event.
    """

    _name = "clinic.stop.event"
    _description = "Stop Event"
    _log_access = False
    _order = "id"

    partner_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", ondelete="cascade")
    move_id = fields.Many2one("account.move", ondelete="set null")
    reason = fields.Selection(
        [
            ("posted", "A document was posted"),
            ("paid", "A payment or credit was matched"),
            ("returned", "A payment was taken back"),
            ("changed", "A document changed"),
            ("held", "The follow-up was paused"),
            ("opted_out", "Asked to be left alone"),
        ],
        required=True,
    )
    recorded_at = fields.Datetime(default=fields.Datetime.now, required=True)
    applied_at = fields.Datetime()
    xid = fields.Char()
    applied_xid = fields.Char()

    _open = models.Index("(partner_id) WHERE applied_at IS NULL")

    @api.model
    def _record(self, rows, reason, **vals):
        """Insert events and have the sweep run.

        :param rows: (partner id, company id or False, move id or False) tuples
        :param str reason: a value of `reason`
        :param vals: further fields, such as what the events wait for
        """
        rows = list(dict.fromkeys(rows))
        if not rows:
            return
        xid = self._get_xid()
        self.sudo().create(
            [
                {
                    "partner_id": partner_id,
                    "company_id": company_id,
                    "move_id": move_id,
                    "reason": reason,
                    "xid": xid,
                    **vals,
                }
                for partner_id, company_id, move_id in rows
            ]
        )
        self._trigger_sweep()

    @api.model
    def _get_ripe_domain(self):
        """Return which events the sweep may take; the others hold their people back."""
        return Domain("applied_at", "=", False)

    @api.model
    def _get_xid(self):
        """Return the number of the current transaction as text."""
        self.env.cr.execute("SELECT pg_current_xact_id()::text")
        return self.env.cr.fetchone()[0]

    @api.model
    def _trigger_sweep(self):
        sender = self.env.ref("clinic_dunning.ir_cron_send", raise_if_not_found=False)
        if sender:
            sender.sudo()._trigger()

    @api.autovacuum
    def _gc_applied(self):
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("applied_at", "<", limit)]).unlink()
