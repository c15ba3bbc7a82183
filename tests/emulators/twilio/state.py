"""What the emulator remembers, in Twilio's own words."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime

STEPS = ("accept", "sent")
FINAL = ("delivered", "read", "undelivered", "failed", "canceled")
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


def new_sid(prefix):
    return prefix + secrets.token_hex(16)


def now():
    return datetime.now(timezone.utc)


def rfc2822(moment):
    return moment and format_datetime(moment)


def iso8601(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Account:
    """One account: its keys, its numbers, who told it to stop."""

    sid: str = field(default_factory=lambda: new_sid("AC"))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    api_key: str = field(default_factory=lambda: new_sid("SK"))
    api_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    status: str = "active"
    numbers: list = field(default_factory=list)
    whatsapp: list = field(default_factory=list)
    services: list = field(default_factory=list)
    public_url: str = ""
    local_url: str = ""
    opted_out: set = field(default_factory=set)
    sessions: dict = field(default_factory=dict)
    created: datetime = field(default_factory=now)

    def opens_with(self, user, secret):
        keys = {self.sid: self.auth_token, self.api_key: self.api_secret}
        return keys.get(user) == secret

    def as_json(self):
        return {
            "sid": self.sid,
            "friendly_name": "Emulated",
            "status": self.status,
            "type": "Full",
            "auth_token": self.auth_token,
            "owner_account_sid": self.sid,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "subresource_uris": {
                "messages": f"/2010-04-01/Accounts/{self.sid}/Messages.json"
            },
            "uri": f"/2010-04-01/Accounts/{self.sid}.json",
        }


@dataclass
class Message:
    """One message, outbound or inbound."""

    account_sid: str
    to: str
    sender: str
    body: str
    direction: str = "outbound-api"
    status: str = "queued"
    sid: str = field(default_factory=lambda: new_sid("SM"))
    messaging_service_sid: str | None = None
    content_sid: str = ""
    content_variables: str = ""
    status_callback: str = ""
    error_code: int | None = None
    num_media: int = 0
    price: str | None = None
    created: datetime = field(default_factory=now)
    sent: datetime | None = None
    updated: datetime = field(default_factory=now)
    history: list = field(default_factory=list)

    @property
    def on(self):
        return "whatsapp" if self.to.startswith("whatsapp:") else "sms"

    @property
    def number(self):
        return self.to.removeprefix("whatsapp:")

    @property
    def segments(self):
        if self.on == "whatsapp":
            return 1
        plain = set(self.body) <= GSM
        single, part = (160, 153) if plain else (70, 67)
        size = len(self.body)
        return 1 if size <= single else -(-size // part)

    def change(self, status, error_code=None):
        self.status = status
        self.error_code = error_code
        self.updated = now()
        self.history.append(status)
        if status == "sent":
            self.sent = self.updated

    def bill(self):
        """Say what it cost."""
        self.price = f"-{0.0075 * self.segments:.5f}"

    def as_json(self):
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "num_segments": str(self.segments),
            "num_media": str(self.num_media),
            "direction": self.direction,
            "from": self.sender or None,
            "to": self.to,
            "status": self.status,
            "error_code": self.error_code,
            "error_message": self.error_code and "See the error dictionary.",
            "messaging_service_sid": self.messaging_service_sid,
            "price": self.price,
            "price_unit": "USD",
            "date_created": rfc2822(self.created),
            "date_sent": rfc2822(self.sent),
            "date_updated": rfc2822(self.updated),
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "uri": f"{uri}.json",
        }


@dataclass
class Content:
    """One content and WhatsApp's opinion of it."""

    account_sid: str
    friendly_name: str
    language: str
    variables: dict
    types: dict
    sid: str = field(default_factory=lambda: new_sid("HX"))
    status: str = "unsubmitted"
    name: str = ""
    category: str = ""
    rejection_reason: str = ""
    created: datetime = field(default_factory=now)

    @property
    def body(self):
        return next(iter(self.types.values())).get("body", "")

    def fill(self, variables):
        """Return the body with the variables in their places."""
        return re.sub(
            r"\{\{(\d+)\}\}", lambda match: variables.get(match[1], ""), self.body
        )

    def get_actions(self):
        """Return its buttons, as they were created."""
        return next(iter(self.types.values())).get("actions", [])

    def get_numbers(self):
        return set(re.findall(r"\{\{(\d+)\}\}", str(self.types)))

    def as_json(self):
        url = f"https://content.twilio.com/v1/Content/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "friendly_name": self.friendly_name,
            "language": self.language,
            "variables": self.variables,
            "types": self.types,
            "date_created": iso8601(self.created),
            "date_updated": iso8601(self.created),
            "url": url,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    def get_approval(self):
        return {
            "name": self.name,
            "category": self.category,
            "content_type": next(iter(self.types), ""),
            "status": self.status,
            "rejection_reason": self.rejection_reason,
            "allow_category_change": True,
        }


@dataclass
class Fault:
    """Something that goes wrong when a message is created.

    ``step`` is ``accept`` (nothing is kept yet) or ``sent`` (the message is kept, the
    answer is not out yet). ``status`` answers with that HTTP status and ``code``, as
    HTML where ``html``; ``hang_up`` closes the connection without a word, ``delay``
    waits first (seconds) and by itself changes nothing else. ``match`` is a regular
    expression on the recipient, ``times`` how often it happens (None: always).
    """

    step: str
    status: int = 0
    code: int = 0
    html: bool = False
    delay: float = 0.0
    hang_up: bool = False
    match: str = ""
    times: int | None = None

    def __post_init__(self):
        if self.step not in STEPS:
            raise ValueError(f"{self.step}: a step is one of {', '.join(STEPS)}")

    def strikes(self, step, recipient):
        return (
            self.step == step
            and self.times != 0
            and bool(re.search(self.match, recipient))
        )


@dataclass
class Later:
    """What becomes of matching messages after they were accepted."""

    match: str = ""
    code: int = 0
    until: str = ""

    def applies(self, recipient):
        return bool(re.search(self.match, recipient))
