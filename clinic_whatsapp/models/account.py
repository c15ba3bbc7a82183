import re

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

MAX_RATE = 80
E164 = re.compile(r"\+[1-9]\d{6,14}")


class ClinicTwilioAccount(models.Model):
    """What a company sends WhatsApp messages and SMS through."""

    _name = "clinic.twilio.account"
    _description = "Twilio Account"
    _inherit = ["mail.thread", "clinic.cached"]
    _order = "sequence, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Its branches use the account too, unless they have one of their own.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_sid = fields.Char(
        string="Account SID", required=True, copy=False, help="Begins with AC."
    )
    messaging_service_sid = fields.Char(
        string="Messaging Service SID",
        help="Begins with MG. Chooses the sender of an SMS where none is named.",
    )
    whatsapp_sender = fields.Char(
        string="WhatsApp Sender",
        help="Number with its country code, such as +33123456789. Empty: no WhatsApp.",
    )
    sms_sender = fields.Char(
        string="SMS Sender",
        help="Number, or the name that the country allows. Empty: the messaging "
        "service chooses.",
    )
    public_base_url = fields.Char(
        string="Public Base Address",
        help="Where Twilio reaches this Odoo, such as https://clinic.example.com. "
        "Receipts and replies come there, and their signature is checked with it.",
    )
    attempt_ids = fields.One2many(
        "clinic.message.attempt", "twilio_account_id", readonly=True
    )

    _account_sid = models.Constraint(
        "UNIQUE (account_sid, company_id)",
        "The company has this Twilio account already.",
    )

    @api.constrains("account_sid", "messaging_service_sid")
    def _check_sids(self):
        for account in self:
            for prefix, sid in (
                ("AC", account.account_sid),
                ("MG", account.messaging_service_sid),
            ):
                if sid and not _is_sid(prefix, sid):
                    raise ValidationError(
                        self.env._(
                            "“%(sid)s” is no SID: it begins with %(prefix)s and has "
                            "32 digits or letters from a to f behind it.",
                            sid=sid,
                            prefix=prefix,
                        )
                    )

    @api.constrains("whatsapp_sender")
    def _check_whatsapp_sender(self):
        for account in self.filtered("whatsapp_sender"):
            if not E164.fullmatch(account.whatsapp_sender):
                raise ValidationError(
                    self.env._(
                        "Write the WhatsApp sender with its country code and no "
                        "spaces, such as +33123456789."
                    )
                )

    @api.constrains("public_base_url")
    def _check_public_base_url(self):
        for account in self.filtered("public_base_url"):
            if not account.public_base_url.startswith(("https://", "http://")):
                raise ValidationError(
                    self.env._("The public address begins with https://.")
                )

    # -- choosing --------------------------------------------------------------

    @api.model
    def _get_for(self, company, channel):
        """Return the account that a company sends through on a channel, or none.

        The company's own goes before its parent's.

        :param str channel: whatsapp or sms
        """
        return self.sudo().browse(self._find_for(company.id, channel))

    @api.model
    @tools.ormcache("company_id", "channel")
    def _find_for(self, company_id, channel):
        companies = self.env["res.company"].browse(company_id).sudo().parent_ids
        nearest = companies.ids[::-1]
        accounts = self.sudo().search([("company_id", "in", nearest)])
        able = accounts.filtered(lambda account: account._can_send(channel))
        return able.sorted(lambda a: nearest.index(a.company_id.id)).ids[:1]

    def _can_send(self, channel):
        if channel == "whatsapp":
            return bool(self.whatsapp_sender)
        return bool(self.sms_sender or self.messaging_service_sid)

    def _get_sender_vals(self, channel):
        """Return who sends on a channel, as `TwilioClient.send` takes it."""
        if channel == "whatsapp":
            return {"sender": f"whatsapp:{self.whatsapp_sender}"}
        if self.sms_sender:
            return {"sender": self.sms_sender}
        return {"messaging_service_sid": self.messaging_service_sid}

    def _choose_addressed(self, form):
        """Return those of these accounts that a request was sent to; all, if none is.

        :param dict form: the posted `To` and `MessagingServiceSid`
        """
        if len(self) < 2:
            return self
        to = form.get("To", "")
        sender = "sms_sender"
        if to.startswith("whatsapp:"):
            sender, to = "whatsapp_sender", to.removeprefix("whatsapp:")
        service = form.get("MessagingServiceSid")
        return (
            self.filtered(lambda account: to and account[sender] == to)
            or self.filtered(
                lambda account: service and account.messaging_service_sid == service
            )
            or self
        )

    def _get_status_callback(self, attempt):
        """Return the address for the receipts of an attempt, or ''."""
        base = (self.public_base_url or "").rstrip("/")
        return base and f"{base}/clinic/twilio/status/{attempt.uuid}"


def _is_sid(prefix, sid):
    digits = sid.removeprefix(prefix)
    return (
        sid.startswith(prefix)
        and len(digits) == 32
        and set(digits) <= set("0123456789abcdef")
    )
