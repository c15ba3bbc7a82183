"""Stripe speaking HTTP on loopback, as Odoo's own connector asks it.

Form encoding, customers and PaymentIntents, `expand[]`, idempotent replay, signed
webhooks. `pay` is the patient's card.
"""

import hashlib
import hmac
import json
import re
import time

from .api import Api, ApiError

WEBHOOK_SECRET = "whsec_emulated"


def sign(payload, secret=WEBHOOK_SECRET, at=None):
    """Return the `Stripe-Signature` header of a webhook's raw body (bytes)."""
    at = at or int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


class StripeEmulator(Api):
    """Keeps customers and intents in memory."""

    ROUTES = {
        ("POST", re.compile(r"/v1/customers")): "create_customer",
        ("POST", re.compile(r"/v1/payment_intents")): "create_intent",
        ("GET", re.compile(r"/v1/payment_intents/(\w+)")): "read_intent",
    }

    def __init__(self):
        super().__init__()
        self.intents = {}
        self.replays = {}
        self.number = 0

    # -- what the connector asks -------------------------------------------------------

    def create_customer(self, call):
        return {"id": self.next_id("cus"), "object": "customer", **call.data}

    def create_intent(self, call):
        """Make an intent; the same idempotency key gives the same one."""
        key = call.headers.get("Idempotency-Key")
        if key in self.replays:
            return self.replays[key]
        intent_id = self.next_id("pi")
        intent = {
            "id": intent_id,
            "object": "payment_intent",
            "client_secret": f"{intent_id}_secret",
            "status": "requires_payment_method",
            "amount": int(call.data["amount"]),
            "amount_received": 0,
            "currency": call.data["currency"],
            "description": call.data.get("description"),
            "capture_method": call.data.get("capture_method", "automatic"),
            "customer": call.data.get("customer"),
            "payment_method": None,
        }
        self.intents[intent_id] = intent
        if key:
            self.replays[key] = intent
        return intent

    def read_intent(self, call, intent_id):
        """Return an intent, its payment method whole where that is asked."""
        if intent_id not in self.intents:
            raise ApiError(404, {"error": {"message": f"No such intent: {intent_id}"}})
        intent = dict(self.intents[intent_id])
        method = intent["payment_method"]
        if method and call.data.get("expand[]") == "payment_method":
            card = {"brand": "visa", "last4": "4242"}
            intent["payment_method"] = {"id": method, "type": "card", "card": card}
        return intent

    def next_id(self, kind):
        self.number += 1
        return f"{kind}_{self.number:06d}"

    # -- what the patient does, and what Stripe tells ----------------------------------

    def pay(self, intent_id):
        """The card is charged, or only held where the capture is manual."""
        intent = self.intents[intent_id]
        manual = intent["capture_method"] == "manual"
        intent["status"] = "requires_capture" if manual else "succeeded"
        intent["amount_received"] = 0 if manual else intent["amount"]
        intent["payment_method"] = "pm_card_visa"
        return intent

    def get_event(self, intent_id, kind="payment_intent.succeeded"):
        """Return (body, headers) of the webhook that tells of an intent."""
        event = {
            "id": self.next_id("evt"),
            "object": "event",
            "type": kind,
            "data": {"object": self.intents[intent_id]},
        }
        body = json.dumps(event).encode()
        return body, {
            "Content-Type": "application/json",
            "Stripe-Signature": sign(body),
        }
