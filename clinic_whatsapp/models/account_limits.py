from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.clinic_dunning.models.outreach.recheck import Verdict

from ..tools.gate import Gate
from .account import MAX_RATE
from .route_line import CHANNELS

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
COUNTED = ("leased", "unknown", "accepted", "sent", "delivered", "read")

# One gate an account and process: (database, account id) → Gate.
_gates = {}


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
    breaker_closings = fields.Integer(
        readonly=True,
        copy=False,
        help="How often the account was found to work again: so each process learns "
        "what another one has found.",
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

        :param before: attempts: what was leased before the last of them, without them
        """
        attempts = self.env["clinic.message.attempt"].sudo()
        domain = [
            ("twilio_account_id", "=", self.id),
            ("channel", "in", CHANNELS),
            ("claimed_at", ">=", self._get_day_start()),
            ("state", "in", COUNTED),
        ]
        if before:
            domain += [("id", "<", max(before.ids)), ("id", "not in", before.ids)]
        return attempts._read_group(domain, [], ["__count", "cost:sum"])[0]

    # -- may it go now ---------------------------------------------------------

    def _get_holds(self, attempts, price):
        """Return {attempt: Verdict} of those that have to wait.

        :param float price: what each costs at least, in the company's currency
        """
        if hold := self._get_keys_hold():
            return dict.fromkeys(attempts, hold)
        holds = {}
        messages, spent = self._get_usage_before(attempts)
        for attempt in attempts.sorted("id"):
            hold = self._get_breaker_hold() or self._get_budget_hold(messages, spent)
            if hold:
                holds[attempt] = hold
            else:
                messages, spent = messages + 1, spent + price
        return holds

    def _get_keys_hold(self):
        if all(self._get_credentials()):
            return None
        until = fields.Datetime.now() + LONGEST_PAUSE
        return self._hold(until, self.env._("The Twilio account has no keys."))

    def _get_usage_before(self, attempts):
        """Return (messages, their cost) of today that the budget has to bear first."""
        if not self.daily_messages and not self.daily_amount:
            return 0, 0.0
        messages, spent = self._get_usage(before=attempts)
        return messages, spent or 0.0

    def _get_budget_hold(self, messages, spent):
        over = self.daily_messages and messages >= self.daily_messages
        if not over and not (
            self.daily_amount
            and self.currency_id.compare_amounts(spent, self.daily_amount) >= 0
        ):
            return None
        tomorrow = self._get_day_start() + timedelta(days=1)
        return self._hold(
            tomorrow, self.env._("Today's budget for messages is used up.")
        )

    def _get_breaker_hold(self):
        now = fields.Datetime.now()
        if self.breaker_state == "closed":
            return None
        if self.breaker_until > now:
            until = max(self.breaker_until, now + FIRST_PAUSE)
            return self._hold(until, self._get_breaker_text())
        # This one tries for all the others; whoever tried before has not called.
        self.breaker_state = "half_open"
        self.breaker_until = now + FIRST_PAUSE
        self._get_gate().reset()
        return None

    @api.model
    def _hold(self, until, reason):
        """Return why nothing goes out now, and when to ask again (naive UTC)."""
        return Verdict("later", reason, until)

    def _get_breaker_text(self):
        return self.env._(
            "The Twilio account is stopped: %s", self.breaker_reason or ""
        )

    # -- the breaker -----------------------------------------------------------

    def _get_gate(self):
        """Return the gate that this process's threads pass through."""
        key = (self.env.cr.dbname, self.id)
        gate = _gates.get(key) or _gates.setdefault(key, Gate(self._get_pace()))
        gate.renew(self.breaker_closings)
        return gate

    def _get_pace(self):
        """Return the messages a second of one sender: all of them share the rate.

        Each has a gate of its own, and knows nothing of what the others send.
        """
        return self.rate / self.env["clinic.message"]._count_drainers()

    def _note_calls(self, worked, trouble):
        """Open or close the breaker after calls were made.

        :param bool worked: whether the account has answered well
        :param str trouble: what was wrong with the account, or ''
        """
        is_broken = not self._get_gate().is_open()
        if is_broken and trouble:
            self._open_breaker(trouble)
        elif worked and self.breaker_state != "closed":
            self._close_breaker()
        elif trouble and self.breaker_state == "half_open":
            self._open_breaker(trouble)
        elif is_broken and not worked and self.breaker_state == "closed":
            # What broke the gate could not be noted: it would stay so for ever.
            self._open_breaker(self.env._("The Twilio account does not work."))

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
        """The account works again: all senders' gates let calls pass."""
        self.write(
            {
                "breaker_closings": self.breaker_closings + 1,
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
