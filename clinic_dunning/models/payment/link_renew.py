from datetime import timedelta

from odoo import api, fields, models

RENEWABLE_DAYS = 365


class ClinicLink(models.Model):
    """A new link in the place of an expired one, to the address on file only."""

    _inherit = "clinic.link"

    @api.model
    def _renew(self, secret):
        """Send a new link where the old one was ours and has expired.

        The caller learns nothing: not whether the link was known, nor the address.
        """
        now = fields.Datetime.now()
        link = self.sudo().search(
            [
                ("token_hash", "=", self._hash(secret)),
                ("purpose", "in", self._get_renewable()),
                ("revoked_at", "=", False),
                ("expires_at", "<=", now),
                ("expires_at", ">", now - timedelta(days=RENEWABLE_DAYS)),
            ],
            limit=1,
        )
        if link:
            link._send_again()

    @api.model
    def _get_renewable(self):
        """Return the purposes of links that are sent again when asked for."""
        return ["pay"]

    def _send_again(self):
        """Queue one message a day with a fresh link, on the way the old one took."""
        statement = self._get_statement()
        currency = self.env["res.currency"].browse(statement.currency_ids[:1])
        if not currency:
            return
        route = self.message_id.route_id or self.env.ref("clinic_dunning.route_email")
        self.env["clinic.message"]._queue(
            "statement",
            self.partner_id,
            self.company_id,
            f"renew:{self.id}:{fields.Date.today()}",
            currency_id=currency.id,
            amount=statement.get_amount(currency, statement.get_asked(currency)),
            route_id=route.id,
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()
