"""Razorpay speaking HTTP on loopback, as Odoo's own connector asks it.

Customers, orders, payments; the signed return of its payment page; signed webhooks.
"""

import hashlib
import hmac
import json
import re

from .api import Api, ApiError

KEY_SECRET = "rzp_secret_emulated"
WEBHOOK_SECRET = "rzp_webhook_emulated"


def sign(text, secret):
    """Return the hexadecimal HMAC that Razorpay sends along (bytes or str)."""
    raw = text if isinstance(text, bytes) else text.encode()
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class RazorpayEmulator(Api):
    """Keeps orders and payments in memory."""

    ROUTES = {
        ("POST", re.compile(r"/v1/customers")): "create_customer",
        ("POST", re.compile(r"/v1/orders")): "create_order",
        ("GET", re.compile(r"/v1/payments/(\w+)")): "read_payment",
        ("POST", re.compile(r"/v1/payments/(\w+)/refund")): "create_refund",
    }

    def __init__(self):
        super().__init__()
        self.orders = {}
        self.payments = {}
        self.refunds = {}

    # -- what the connector asks -------------------------------------------------------

    def create_customer(self, call):
        return {"id": "cust_1", "entity": "customer", **call.data}

    def create_order(self, call):
        order = {"id": f"order_{len(self.orders) + 1:06d}", **call.data}
        self.orders[order["id"]] = order
        return order

    def read_payment(self, _call, payment_id):
        if payment_id not in self.payments:
            raise ApiError(400, {"error": {"description": "The id does not exist"}})
        return self.payments[payment_id]

    def create_refund(self, call, payment_id):
        payment = self.read_payment(call, payment_id)
        refund = {
            "id": f"rfnd_{len(self.refunds) + 1:06d}",
            "entity": "refund",
            "amount": call.data["amount"],
            "currency": payment["currency"],
            "payment_id": payment_id,
            "notes": call.data["notes"],
            "status": "processed",
        }
        self.refunds[refund["id"]] = refund
        return refund

    # -- what the patient does, and what Razorpay tells --------------------------------

    def pay(self, order_id, reference):
        """The order is paid by UPI; return what the browser brings back."""
        order = self.orders[order_id]
        payment_id = f"pay_{len(self.payments) + 1:06d}"
        self.payments[payment_id] = {
            "id": payment_id,
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": "captured",
            "order_id": order_id,
            "method": "upi",
            "description": reference,
        }
        return {
            "razorpay_order_id": order_id,
            "razorpay_payment_id": payment_id,
            "razorpay_signature": sign(f"{order_id}|{payment_id}", KEY_SECRET),
        }

    def get_event(self, payment_id, kind="payment.captured"):
        """Return (body, headers) of the webhook that tells of a payment."""
        entity = self.payments[payment_id]
        body = json.dumps(
            {"event": kind, "payload": {"payment": {"entity": entity}}}
        ).encode()
        return body, {
            "Content-Type": "application/json",
            "X-Razorpay-Signature": sign(body, WEBHOOK_SECRET),
        }
