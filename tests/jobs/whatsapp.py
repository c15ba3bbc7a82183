"""Messages through Twilio, and what it tells."""

from .clinic import get_world
from .registry import job


@job
def open_whatsapp(env, account, url, timeout):
    """Reminders go by SMS, through that account at the emulator."""
    world = get_world(env)
    parameters = world.env["ir.config_parameter"]
    parameters.set_param("clinic_whatsapp.api_base_url", url)
    parameters.set_param("clinic_whatsapp.api_timeout", timeout)
    world.env["clinic.twilio.account"].create(
        {"name": "Reception", "company_id": world.company.id, "rate": 80, **account}
    )
    route = world.create_route("sms")
    world.company.clinic_followup_policy_id.level_ids.route_id = route


@job
def change_account(env, **vals):
    env["clinic.twilio.account"].search([], limit=1).write(vals)


@job
def receive(env, form, uuid=""):
    """Keep a request that was found to be signed."""
    account = env["clinic.twilio.account"].search([], limit=1)
    kind = "status" if uuid else "inbound"
    env["clinic.twilio.event"]._receive(account, kind, form, uuid)


@job
def apply(env):
    env["clinic.twilio.event"]._cron_apply()


@job
def look_up(env):
    env["clinic.message.attempt"]._cron_look_up()
