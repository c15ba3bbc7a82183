"""What Stripe tells: signed events, delivered when and as often as the test says."""

import hashlib
import hmac
import json
import time
from copy import deepcopy

WEBHOOK_SECRET = "whsec_emulated"


def sign(payload, secret=WEBHOOK_SECRET, at=None):
    """Return the `Stripe-Signature` header of a webhook's raw body (bytes)."""
    at = at or int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


class Events:
    """Part of the emulator: keeps each event as a snapshot of that moment."""

    def tell(self, kind, record):
        """Keep an event; the test delivers it, late, twice or never."""
        self.events.append(
            {
                "id": self.next_id("evt"),
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "data": {"object": deepcopy(record)},
            }
        )

    def get_event(self, intent_id, kind="payment_intent.succeeded"):
        """Return (body, headers) of a webhook that tells of an intent as it is now."""
        self.tell(kind, self.intents[intent_id])
        return self.pack(self.events.pop())

    def get_told(self, kind):
        """Return (body, headers) of the last event of a kind, as it was then."""
        return self.pack([e for e in self.events if e["type"] == kind][-1])

    def pack(self, event, secret=WEBHOOK_SECRET):
        body = json.dumps(event).encode()
        return body, {
            "Content-Type": "application/json",
            "Stripe-Signature": sign(body, secret),
        }
