from odoo import fields, models


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    twilio_account_id = fields.Many2one(
        "clinic.twilio.account", ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    cost = fields.Float(
        readonly=True,
        digits=(12, 5),
        help="In the company's currency: estimated by the prices of the account, until "
        "Twilio tells its own.",
    )
    price_unit = fields.Char(
        readonly=True, help="Currency of the price that Twilio asked."
    )
    lookup_at = fields.Datetime(
        readonly=True, help="When the provider is asked whether it has the message."
    )
    lookups = fields.Integer(readonly=True)

    _lookups = models.Index("(lookup_at) WHERE lookup_at IS NOT NULL")
    _spent = models.Index(
        "(twilio_account_id, claimed_at) WHERE twilio_account_id IS NOT NULL"
    )
