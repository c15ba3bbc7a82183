from datetime import timedelta

from odoo import api, fields, models

SESSION = timedelta(hours=24)


class ClinicWhatsappSession(models.Model):
    """When a number last wrote to an account: for 24 hours free text may answer it."""

    _name = "clinic.whatsapp.session"
    _description = "WhatsApp Conversation"
    _log_access = False
    _rec_name = "last_inbound_at"

    account_id = fields.Many2one(
        "clinic.twilio.account", required=True, ondelete="cascade"
    )
    address_hash = fields.Char(required=True)
    last_inbound_at = fields.Datetime(required=True)

    _account_address = models.Constraint(
        "UNIQUE (account_id, address_hash)", "Known already."
    )

    @api.model
    def _note_inbound(self, account, number, moment):
        """Note that a number (E.164) wrote to the account at a moment (naive UTC)."""
        self.env.cr.execute(
            """INSERT INTO clinic_whatsapp_session
                      (account_id, address_hash, last_inbound_at) VALUES (%s, %s, %s)
               ON CONFLICT (account_id, address_hash) DO UPDATE
               SET last_inbound_at = GREATEST(
                   clinic_whatsapp_session.last_inbound_at, EXCLUDED.last_inbound_at)
            """,
            [account.id, self.env["clinic.contact.address"]._hash(number), moment],
        )
        self.invalidate_model()

    @api.model
    def _is_open(self, account, number):
        """Return whether free text may go to that number (E.164) now."""
        since = fields.Datetime.now() - SESSION
        domain = [
            ("account_id", "=", account.id),
            ("address_hash", "=", self.env["clinic.contact.address"]._hash(number)),
            ("last_inbound_at", ">", since),
        ]
        return bool(self.sudo().search_count(domain, limit=1))
