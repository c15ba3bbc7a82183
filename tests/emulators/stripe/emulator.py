"""Customers, cards, intents, refunds and disputes in memory."""

import re
import time

from ..api import Api, ApiError
from .events import Events

HOLD_SECONDS = 7 * 86400
THREE_DECIMALS = ("bhd", "jod", "kwd", "omr", "tnd")
CARD = {"brand": "visa", "last4": "4242"}
# Saved cards whose owner's bank wants to ask him each time, or says no.
NEEDS_OWNER = "pm_card_authenticationRequired"
DECLINED = "pm_card_chargeDeclined"


class StripeEmulator(Events, Api):
    """Used as a context manager; `url` is where it listens."""

    ROUTES = {
        ("POST", re.compile(r"/v1/customers")): "create_customer",
        ("GET", re.compile(r"/v1/payment_methods/(\w+)")): "read_method",
        ("POST", re.compile(r"/v1/payment_intents")): "create_intent",
        ("GET", re.compile(r"/v1/payment_intents")): "list_intents",
        ("GET", re.compile(r"/v1/payment_intents/(\w+)")): "read_intent",
        ("POST", re.compile(r"/v1/payment_intents/(\w+)/capture")): "capture",
        ("POST", re.compile(r"/v1/payment_intents/(\w+)/cancel")): "cancel",
        ("POST", re.compile(r"/v1/setup_intents")): "create_setup",
        ("GET", re.compile(r"/v1/setup_intents/(\w+)")): "read_setup",
        ("POST", re.compile(r"/v1/setup_intents/(\w+)/cancel")): "cancel_setup",
        ("GET", re.compile(r"/v1/disputes/(\w+)")): "read_dispute",
        ("POST", re.compile(r"/v1/refunds")): "create_refund",
        ("GET", re.compile(r"/v1/refunds")): "list_refunds",
    }

    def __init__(self):
        super().__init__()
        self.intents, self.setups, self.refunds, self.disputes = {}, {}, {}, {}
        self.replays = {}
        self.events = []
        self.faults = []
        self.number = 0

    def next_id(self, kind):
        self.number += 1
        return f"{kind}_{self.number:06d}"

    # -- one door: faults, then the same key gives the same answer -------------------

    def answer(self, call):
        """Return (status, body); a broken connection has the status 0.

        `faults` are taken one by one by POSTs: "400" and "500" do nothing, "500 done"
        and "reset" do what was asked before they fail.
        """
        with self.lock:
            fault = self.faults.pop(0) if call.method == "POST" and self.faults else ""
            if fault == "400":
                return 400, {"error": {"type": "invalid_request_error", "message": ""}}
            if fault == "500":
                return 500, {"error": {"type": "api_error", "message": "Sorry"}}
            status, body = super().answer(call)
            if fault == "reset":
                return 0, None
            if fault == "500 done":
                return 500, {"error": {"type": "api_error", "message": "Sorry"}}
            return status, body

    def dispatch(self, call):
        key = call.headers.get("Idempotency-Key")
        if call.method != "POST" or not key:
            return super().dispatch(call)
        asked = (call.path, call.data)
        if key in self.replays:
            before, status, body = self.replays[key]
            if before != asked:
                raise self.refuse(400, "The key was used for something else.")
            if status != 200:
                raise ApiError(status, body)
            return body
        try:
            body = super().dispatch(call)
        except ApiError as error:
            self.replays[key] = (asked, error.status, error.body)
            raise
        self.replays[key] = (asked, 200, body)
        return body

    def refuse(self, status, message, code="", **more):
        kind = "card_error" if status == 402 else "invalid_request_error"
        error = {"type": kind, "message": message, "code": code, **more}
        return ApiError(status, {"error": error})

    def find(self, records, key):
        if key not in records:
            raise self.refuse(404, f"No such record: {key}", "resource_missing")
        return records[key]

    # -- customers, cards, intents -----------------------------------------------------

    def create_customer(self, call):
        return {"id": self.next_id("cus"), "object": "customer", **call.data}

    def read_method(self, _call, method):
        return {"id": method, "object": "payment_method", "type": "card", "card": CARD}

    def check_amount(self, amount, currency):
        if currency in THREE_DECIMALS and amount % 10:
            raise self.refuse(400, "The last digit has to be 0.", "amount_invalid")

    def create_intent(self, call):
        """Make an intent; with `confirm` the saved card is charged or held at once."""
        self.check_amount(int(call.data["amount"]), call.data["currency"])
        intent_id = self.next_id("pi")
        intent = {
            "id": intent_id,
            "object": "payment_intent",
            "client_secret": f"{intent_id}_secret",
            "created": int(time.time()),
            "status": "requires_payment_method",
            "amount": int(call.data["amount"]),
            "amount_received": 0,
            "amount_capturable": 0,
            "currency": call.data["currency"],
            "description": call.data.get("description"),
            "capture_method": call.data.get("capture_method", "automatic"),
            "customer": call.data.get("customer"),
            "payment_method": None,
            "charges": {"object": "list", "data": []},
        }
        self.intents[intent_id] = intent
        if call.data.get("confirm", "").lower() == "true":
            self.confirm(intent, call.data.get("payment_method"))
        return self.show(intent, call)

    def confirm(self, intent, method):
        if method == NEEDS_OWNER:
            raise self.refuse(
                402, "The owner has to confirm.", "authentication_required"
            )
        if method == DECLINED:
            raise self.refuse(402, "Your card was declined.", "card_declined")
        self.pay(intent["id"], method or "pm_card_visa")

    def show(self, intent, call):
        """Return an intent, its payment method whole where that is asked."""
        shown = dict(intent)
        wanted = {v for k, v in call.data.items() if k.startswith("expand[")}
        if intent["payment_method"] and "payment_method" in wanted:
            shown["payment_method"] = self.read_method(call, intent["payment_method"])
        return shown

    def read_intent(self, call, intent_id):
        return self.show(self.find(self.intents, intent_id), call)

    def list_intents(self, call):
        found = [
            intent
            for intent in self.intents.values()
            if intent["customer"] == call.data.get("customer")
        ]
        return {"object": "list", "data": found[::-1], "has_more": False}

    def capture(self, call, intent_id):
        """Take what is asked, all by default; the rest is let go."""
        intent = self.find(self.intents, intent_id)
        if intent["status"] != "requires_capture":
            raise self.refuse(
                400, "This can't be captured.", "payment_intent_unexpected_state"
            )
        amount = int(call.data.get("amount_to_capture", intent["amount"]))
        self.check_amount(amount, intent["currency"])
        if not 0 < amount <= intent["amount_capturable"]:
            raise self.refuse(400, "More than is held.", "amount_too_large")
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self.tell("payment_intent.succeeded", intent)
        return self.show(intent, call)

    def cancel(self, call, intent_id):
        intent = self.find(self.intents, intent_id)
        if intent["status"] in ("succeeded", "canceled"):
            raise self.refuse(
                400, "This can't be cancelled.", "payment_intent_unexpected_state"
            )
        self.lapse(intent_id)
        return self.show(intent, call)

    def create_setup(self, call):
        setup_id = self.next_id("seti")
        self.setups[setup_id] = {
            "id": setup_id,
            "object": "setup_intent",
            "client_secret": f"{setup_id}_secret",
            "status": "requires_payment_method",
            "description": call.data.get("description"),
            "customer": call.data.get("customer"),
            "payment_method": None,
        }
        return self.setups[setup_id]

    def read_setup(self, call, setup_id):
        return self.show(self.find(self.setups, setup_id), call)

    def cancel_setup(self, call, setup_id):
        setup = self.find(self.setups, setup_id)
        if setup["status"] in ("succeeded", "canceled"):
            raise self.refuse(
                400, "This can't be cancelled.", "setup_intent_unexpected_state"
            )
        setup["status"] = "canceled"
        return self.show(setup, call)

    # -- money back --------------------------------------------------------------------

    def create_refund(self, call):
        """Give back; above what is left it is refused."""
        intent = self.find(self.intents, call.data["payment_intent"])
        gone = sum(
            refund["amount"]
            for refund in self.refunds.values()
            if refund["payment_intent"] == intent["id"] and refund["status"] != "failed"
        )
        amount = int(call.data.get("amount", intent["amount_received"] - gone))
        self.check_amount(amount, intent["currency"])
        if amount <= 0 or amount > intent["amount_received"] - gone:
            raise self.refuse(400, "More than is left.", "charge_already_refunded")
        refund = {
            "id": self.next_id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "charge": f"ch_{intent['id']}",
            "status": "succeeded",
            "created": int(time.time()),
            "metadata": {
                key[9:-1]: value
                for key, value in call.data.items()
                if key.startswith("metadata[")
            },
        }
        self.refunds[refund["id"]] = refund
        self.tell("charge.refunded", self.make_charge(intent))
        return refund

    def make_charge(self, intent):
        refunds = self.get_refunds(intent["id"])
        return {
            "id": f"ch_{intent['id']}",
            "object": "charge",
            "payment_intent": intent["id"],
            "description": intent["description"],
            "refunds": {"object": "list", "data": refunds, "has_more": False},
        }

    def get_refunds(self, intent_id):
        return [r for r in self.refunds.values() if r["payment_intent"] == intent_id]

    def list_refunds(self, call):
        data = self.get_refunds(call.data.get("payment_intent"))
        return {"object": "list", "data": data, "has_more": False}

    def read_dispute(self, _call, dispute_id):
        return self.find(self.disputes, dispute_id)

    # -- what patients, banks and the clinic do at Stripe ------------------------------

    def pay(self, intent_id, method="pm_card_visa"):
        """The card is charged, or only held where the capture is manual."""
        intent = self.intents[intent_id]
        manual = intent["capture_method"] == "manual"
        intent["status"] = "requires_capture" if manual else "succeeded"
        intent["amount_received"] = 0 if manual else intent["amount"]
        intent["amount_capturable"] = intent["amount"] if manual else 0
        intent["payment_method"] = method
        intent.pop("last_payment_error", None)
        card = {"capture_before": int(time.time()) + HOLD_SECONDS} if manual else {}
        details = {"type": "card", "card": {**CARD, **card}}
        intent["charges"]["data"] = [
            {"id": f"ch_{intent_id}", "payment_method_details": details}
        ]
        kind = "amount_capturable_updated" if manual else "succeeded"
        self.tell(f"payment_intent.{kind}", intent)
        return intent

    def decline(self, intent_id):
        """The bank says no, or its question is left unanswered."""
        intent = self.intents[intent_id]
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {"message": "Your card was declined."}
        self.tell("payment_intent.payment_failed", intent)
        return intent

    def lapse(self, intent_id):
        """A hold ends: its time is over, or somebody let go of it."""
        intent = self.intents[intent_id]
        intent.update(status="canceled", amount_capturable=0)
        self.tell("payment_intent.canceled", intent)
        return intent

    def save_card(self, setup_id, method="pm_card_visa"):
        """The patient saves a card; return the setup."""
        setup = self.setups[setup_id]
        setup.update(status="succeeded", payment_method=method)
        self.tell("setup_intent.succeeded", setup)
        return setup

    def refund_at_dashboard(self, intent_id, amount):
        """Somebody of the clinic gives money back at Stripe's own pages."""
        data = {"payment_intent": intent_id, "amount": str(amount)}
        return self.create_refund(type("Call", (), {"data": data}))

    def bounce(self, refund_id):
        """The patient's bank sends a refund back."""
        refund = self.refunds[refund_id]
        refund.update(status="failed", failure_reason="lost_or_stolen_card")
        self.tell("charge.refund.updated", refund)

    def dispute(self, intent_id, status="needs_response"):
        """The patient disputes at the bank; "won" or "lost" ends it."""
        intent = self.intents[intent_id]
        is_over = status in ("won", "lost")
        dispute = self.disputes[f"dp_{intent_id}"] = {
            "id": f"dp_{intent_id}",
            "object": "dispute",
            "payment_intent": intent_id,
            "charge": f"ch_{intent_id}",
            "amount": intent["amount_received"],
            "currency": intent["currency"],
            "reason": "product_not_received",
            "status": status,
        }
        self.tell(f"charge.dispute.{'closed' if is_over else 'created'}", dispute)
