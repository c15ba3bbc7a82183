from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.gate import Gate
from .account import MAX_RATE
from .route_line import CHANNELS

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
COUNTED = ("leased", "unknown", "accepted", "sent", "delivered", "read")

# One gate an account and process: (database, account id) → Gate.
_gates = {}


class Hold(NamedTuple):
    """Why nothing goes out now, and when to ask again (naive UTC)."""

    until: datetime
    reason: str


class ClinicTwilioAccount(models.Model):
    """How much, how fast, and whether at all: what does not fit is sent later."""

    _inherit = "clinic.twilio.account"

    rate = fields.Integer(
        string="Messages per Second",
        default=20,
        required=True,
        help="Three receipts come back for each message. A WhatsApp sender takes 80.",
    )
    daily_messages = fields.Integer(
        string="Messages per Day",
        default=2000,
        help="What is over it is sent the next day. 0: no limit.",
    )
    daily_amount = fields.Monetary(
        string="Budget per Day",
        help="In the company's currency, by the prices below. 0: no limit.",
    )
    whatsapp_price = fields.Float(
        string="Price of a WhatsApp Message", digits=(12, 5), help="An estimate."
    )
    sms_price = fields.Float(
        string="Price of an SMS Segment", digits=(12, 5), help="An estimate."
    )
    breaker_state = fields.Selection(
        [("closed", "Working"), ("open", "Stopped"), ("half_open", "Trying Again")],
        string="State",
        default="closed",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        help="Calls that fail one after the other stop the account. After a pause one "
        "message tries; when it goes through, the others follow.",
    )
    breaker_until = fields.Datetime(string="Tries Again at", readonly=True, copy=False)
    breaker_reason = fields.Char(string="Stopped because", readonly=True, copy=False)
    breaker_pause = fields.Integer(
        readonly=True, copy=False, help="Minutes of the pause; it doubles each time."
    )
    sent_today = fields.Integer(string="Messages Today", compute="_compute_sent_today")
    spent_today = fields.Monetary(compute="_compute_sent_today")

    @api.constrains("rate")
    def _check_rate(self):
        for account in self:
            if not 1 <= account.rate <= MAX_RATE:
                raise ValidationError(
                    self.env._("The rate is between 1 and %s a second.", MAX_RATE)
                )

    def _compute_sent_today(self):
        for account in self:
            account.sent_today, account.spent_today = account._get_usage()

    def _get_day_start(self):
        """Return when the clinic's day began (naive UTC)."""
        zone = pytz.timezone(self.company_id._get_clinic_tz())
        today = self.company_id._get_clinic_today()
        start = zone.localize(datetime.combine(today, time.min))
        return start.astimezone(pytz.utc).replace(tzinfo=None)

    def _get_usage(self, before=None):
        """Return (messages, their cost) of today.

        :param before: an attempt: only what was leased before it
        """
        attempts = self.env["clinic.message.attempt"].sudo()
        domain = [
            ("twilio_account_id", "=", self.id),
            ("channel", "in", CHANNELS),
            ("claimed_at", ">=", self._get_day_start()),
            ("state", "in", COUNTED),
        ]
        if before:
            domain.append(("id", "<", before.id))
        return attempts._read_group(domain, [], ["__count", "cost:sum"])[0]

    # -- may it go now ---------------------------------------------------------

    def _get_hold(self, attempt):
        """Return the `Hold` that an attempt has to wait for, or None."""
        return (
            self._get_keys_hold()
            or self._get_breaker_hold()
            or self._get_budget_hold(attempt)
        )

    def _get_keys_hold(self):
        if all(self._get_credentials()):
            return None
        until = fields.Datetime.now() + LONGEST_PAUSE
        return Hold(until, self.env._("The Twilio account has no keys."))

    def _get_budget_hold(self, attempt):
        if not self.daily_messages and not self.daily_amount:
            return None
        messages, spent = self._get_usage(before=attempt)
        currency = self.currency_id
        over = self.daily_messages and messages >= self.daily_messages
        if not over and not (
            self.daily_amount
            and currency.compare_amounts(spent or 0.0, self.daily_amount) >= 0
        ):
            return None
        tomorrow = self._get_day_start() + timedelta(days=1)
        return Hold(tomorrow, self.env._("Today's budget for messages is used up."))

    def _get_breaker_hold(self):
        now = fields.Datetime.now()
        if self.breaker_state == "closed":
            return None
        if self.breaker_state == "half_open" or self.breaker_until > now:
            until = max(self.breaker_until or now, now + FIRST_PAUSE)
            return Hold(until, self._get_breaker_text())
        # This one tries for all the others.
        self.breaker_state = "half_open"
        self.breaker_until = now + FIRST_PAUSE
        self._get_gate().reset()
        return None

    def _get_breaker_text(self):
        return self.env._(
            "The Twilio account is stopped: %s", self.breaker_reason or ""
        )

    # -- the breaker -----------------------------------------------------------

    def _get_gate(self):
        """Return the gate that this process's threads pass through."""
        key = (self.env.cr.dbname, self.id)
        gate = _gates.setdefault(key, Gate(self.rate))
        gate.set_rate(self.rate)
        return gate

    def _note_calls(self, worked, trouble):
        """Open or close the breaker after calls were made.

        :param bool worked: whether the account has answered well
        :param str trouble: what was wrong with the account, or ''
        """
        if trouble and not self._get_gate().is_open():
            self._open_breaker(trouble)
        elif worked and self.breaker_state != "closed":
            self._close_breaker()
        elif trouble and self.breaker_state == "half_open":
            self._open_breaker(trouble)

    def _open_breaker(self, reason):
        """Stop the account for a pause that doubles each time."""
        pause = self.breaker_pause * 2 or FIRST_PAUSE.seconds // 60
        pause = min(pause, LONGEST_PAUSE.seconds // 60)
        self.write(
            {
                "breaker_state": "open",
                "breaker_until": fields.Datetime.now() + timedelta(minutes=pause),
                "breaker_pause": pause,
                "breaker_reason": reason,
            }
        )

    def _close_breaker(self):
        """The account works again."""
        self._get_gate().reset()
        self.write(
            {
                "breaker_state": "closed",
                "breaker_until": False,
                "breaker_pause": 0,
                "breaker_reason": False,
            }
        )

    def write(self, vals):
        """Keys that change deserve a new chance."""
        result = super().write(vals)
        if {"account_sid", "auth_token", "api_key_sid", "api_key_secret"} & set(vals):
            for account in self:
                account._close_breaker()
        return result
