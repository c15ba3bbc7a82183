"""The way of a reminder: decide, compose, send."""

from datetime import timedelta

import odoo

from .clinic import get_world
from .registry import job


@job
def decide(env):
    env["clinic.followup.policy"]._cron_decide()


@job
def decide_by_hand(env):
    env["clinic.followup.decision"]._decide(get_world(env).company, by_hand=True)


@job
def compose(env):
    env["clinic.message"]._cron_compose()


@job
def send(env, lease=300, fresh=5):
    """Send, with other times than the usual ones (seconds)."""
    sender = odoo.addons.clinic_dunning.models.outreach.sender
    sender.LEASE = timedelta(seconds=lease)
    if "clinic.twilio.account" in env.registry:
        odoo.addons.clinic_whatsapp.models.courier.FRESH = timedelta(seconds=fresh)
    env["clinic.message"]._cron_send()


@job
def send_again(env):
    """Whoever looks at the messages in doubt has them sent again."""
    env["clinic.message"].search([("state", "=", "review")]).action_resend()
