"""Where a process can be made to die or to fall asleep.

A point is a moment between two steps of a job: "before NAME" or "after NAME" of a
method in `POINTS`. There the process sends itself the signal; the addon has no part.
"""

import os
import signal
import sys

STRIPE = "odoo.addons.clinic_payment_deposit.tools.stripe_client"
POINTS = {
    "claim": ("clinic.message", "_claim"),
    "deliver": ("clinic.message", "_deliver_claimed"),
    "prepare": ("clinic.message", "_prepare_claimed"),
    "drive": ("clinic.message.attempt", "_send_by_email"),
    "hand over": ("clinic.message.attempt", "_hand_over"),
    "server": ("ir.mail_server", "send_email"),
    "result": ("clinic.message.attempt", "_take_email_result"),
    "launch": ("clinic.message.attempt", "_launch"),
    "call": ("odoo.addons.clinic_whatsapp.tools.client.TwilioClient", "send"),
    "answers": ("clinic.message.attempt", "_take_answers"),
    "insert": ("clinic.twilio.event", "_insert"),
    "apply": ("clinic.twilio.event", "_apply_next"),
    "take events": ("clinic.message.attempt", "_take_events"),
    "take reply": ("clinic.reply", "_take"),
    "decide": ("clinic.followup.decision", "_decide"),
    "compose": ("clinic.message", "_compose"),
    "approve": ("clinic.message", "_approve"),
    "release": ("clinic.large.send", "_release"),
    "claim line": ("clinic.payment.plan.line", "_claim"),
    "charge": ("payment.transaction", "_charge_locked"),
    "post": ("payment.provider", "_send_api_request"),
    "answer": ("payment.transaction", "_take_answer"),
    "process": ("payment.transaction", "_process"),
    "join": ("clinic.payment.checkout", "_join_twin"),
    "book": ("payment.transaction", "_create_payment"),
    "match": ("clinic.payment.allocation", "_reconcile_with"),
    "thank": ("payment.transaction", "_thank"),
    "lock slots": ("resource.resource", "_lock_slots"),
    "give back": ("resource.booking", "_give_back"),
    "capture at Stripe": (f"{STRIPE}.StripeClient", "capture"),
    "refund at Stripe": (f"{STRIPE}.StripeClient", "refund"),
    "refetch": ("payment.transaction", "_refetch"),
}


def find_class(path):
    module, _dot, name = path.rpartition(".")
    return getattr(sys.modules[module], name)


def wound(env, point, name, nth):
    """Send this process a signal when it passes a point for the nth time."""
    when, method = point.split(" ", 1)
    model, attribute = POINTS[method]
    cls = env.registry[model] if model in env.registry else find_class(model)
    original = getattr(cls, attribute)
    passed = 0

    def wounded(self, *args, **kwargs):
        nonlocal passed
        passed += 1
        turn = passed
        if when == "before" and turn == nth:
            os.kill(os.getpid(), signal.Signals[name])
        result = original(self, *args, **kwargs)
        if when == "after" and turn == nth:
            os.kill(os.getpid(), signal.Signals[name])
        return result

    wounded._api_model = getattr(original, "_api_model", False)
    setattr(cls, attribute, wounded)
