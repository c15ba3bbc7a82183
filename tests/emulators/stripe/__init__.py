"""Stripe speaking HTTP on loopback, as Odoo's own connector and the SDK ask it.

Form encoding, `expand[]`, idempotent replay, 402 and `authentication_required`, holds
with `capture_before`, captures of a part, refunds never above what is left, disputes,
signed webhooks; and faults. What patients, banks and the clinic do at Stripe are
methods: `pay`, `decline`, `lapse`, `refund_at_dashboard`, `dispute`.
"""

from .emulator import StripeEmulator
from .events import WEBHOOK_SECRET, sign

__all__ = ["WEBHOOK_SECRET", "StripeEmulator", "sign"]
