"""WhatsApp and SMS in the demo: accounts at the emulator, wording, consent."""

import os
import re
from contextlib import contextmanager
from typing import NamedTuple

from emulators.twilio import TwilioEmulator, memory

from odoo import fields

from odoo.addons.clinic_whatsapp.models.lookup import SLICE

from .companies import remember

PORT = 8169


class Line(NamedTuple):
    """A clinic's account: its numbers, its prices, and how many agreed to WhatsApp."""

    name: str
    whatsapp: str
    sms: str
    whatsapp_price: float
    sms_price: float
    agreed: float

    @property
    def sid(self):
        return "AC" + self.name.encode().hex()[:8] * 4

    @property
    def keys(self):
        return {
            "auth_token": "a" * 32,
            "api_key": "SK" + self.name.encode().hex()[:8] * 4,
            "api_secret": "b" * 32,
        }


# The French clinic writes by WhatsApp, else by email: it sends no SMS.
LINES = {
    "lyon": Line("Accueil", "+33465712015", "", 0.03, 0.0, 0.5),
    "pune": Line("Reception", "+912025430128", "+912025430129", 0.16, 0.22, 0.75),
}
# Of those who agreed so many have no WhatsApp; so many others read what they get.
WITHOUT, READERS = 0.12, 0.6
REJECTED = ("before3", "hi", "The wording reads like an offer.")


@contextmanager
def phones(root, keep):
    """Open the emulator on the demo's port.

    :param bool keep: whether it remembers what was before
    """
    file = root / ".sandbox" / "demo-phones.json"
    with TwilioEmulator(get_port()) as twilio:
        if not (keep and memory.load(twilio, file)):
            for line in LINES.values():
                twilio.add_account(
                    sid=line.sid,
                    **line.keys,
                    whatsapp=[line.whatsapp],
                    numbers=[line.sms] if line.sms else [],
                )
        try:
            yield twilio
        finally:
            memory.save(twilio, file)


def get_port():
    return int(os.environ.get("CLINIC_DEMO_PHONES", PORT))


def get_odoo():
    return f"http://localhost:{os.environ.get('CLINIC_DEMO_PORT', '8069')}"


def use_phones(env, twilio):
    """Have all calls of this database go to the emulator."""
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("clinic_whatsapp.api_base_url", twilio.url)
    for account in twilio.accounts.values():
        account.public_url = get_odoo()
    env["clinic.twilio.account"].search([]).public_base_url = get_odoo()


def build_phones(env, key, company, twilio):
    """Open the account, have the wording approved, note who agreed to WhatsApp."""
    line = LINES[key]
    account = env["clinic.twilio.account"].create(
        {
            "name": line.name,
            "company_id": company.id,
            "account_sid": line.sid,
            "auth_token": line.keys["auth_token"],
            "api_key_sid": line.keys["api_key"],
            "api_key_secret": line.keys["api_secret"],
            "whatsapp_sender": line.whatsapp,
            "sms_sender": line.sms,
            "public_base_url": get_odoo(),
            "whatsapp_price": line.whatsapp_price,
            "sms_price": line.sms_price,
        }
    )
    remember(env, **{f"twilio_account_{key}": account})
    company.clinic_followup_policy_id.level_ids._prefer_whatsapp()
    company.clinic_followup_policy_id.level_ids.pause_minutes = 0
    have_approved(env, account, twilio)
    people = env["res.partner"].search(
        [("company_id", "=", company.id), ("phone_sanitized", "!=", False)], order="id"
    )
    agreed = people[: int(len(people) * line.agreed)]
    agree(env, company, agreed)
    without = agreed[:: int(1 / WITHOUT)]
    twilio.without_whatsapp.update(without.mapped("phone_sanitized"))
    for person in (agreed - without)[: int(len(agreed) * READERS)]:
        twilio.end_at("read", re.escape(person.phone_sanitized))


def have_approved(env, account, twilio):
    """Hand all wording in; WhatsApp approves it, but for one."""
    account.action_submit_contents()
    follow(env)
    for content in twilio.contents.values():
        twilio.decide(content.sid, "approved")
    topic, language, reason = REJECTED
    refused = env["clinic.whatsapp.content"].search(
        [("template_id.topic_id.code", "=", topic), ("language", "=", language)]
    )
    for version in refused:
        twilio.decide(version.content_sid, "rejected", reason)
    follow(env)


def follow(env):
    contents = env["clinic.whatsapp.content"]
    waiting = contents.search([("status", "!=", "approved")])
    waiting.next_check_at = fields.Datetime.now()
    contents._cron_follow()


def agree(env, company, people):
    env["clinic.consent"].create(
        [
            {
                "partner_id": person.id,
                "company_id": company.id,
                "purpose": purpose,
                "channel": "whatsapp",
                "granted": True,
                "source": "form",
                "text_version": "Registration form, 2026",
            }
            for person in people
            for purpose in ("billing", "care")
        ]
    )


def take_receipts(env):
    """Ask for the receipts at once: no Odoo listens for them yet."""
    attempts = env["clinic.message.attempt"].search(
        [("state", "in", ("accepted", "sent")), ("channel", "in", ("whatsapp", "sms"))]
    )
    attempts.lookup_at = fields.Datetime.now()
    for _slice in range(0, len(attempts), SLICE):
        env["clinic.message.attempt"]._cron_look_up()
