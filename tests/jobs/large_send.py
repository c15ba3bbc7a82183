"""A large send, which two people have to agree to."""

from odoo.service.model import retrying

from .clinic import get_world, invoice
from .outbox import compose, decide
from .registry import job


@job
def open_large_send(env, people):
    """Bill so many people and write to them as a large send; nobody has approved it."""
    world = get_world(env)
    group = "clinic_dunning.group_billing_officer"
    for login in ("ann", "bob", "eve"):
        world.create_user(login, group)
    env["ir.config_parameter"].set_param("clinic_dunning.large_send", people - 1)
    world.company.clinic_followup_policy_id.first_run_done = False
    invoice(env, [f"L{number}" for number in range(people)])
    decide(env)
    compose(env)


def get_large_send(env, login):
    user = env["res.users"].search([("login", "=", login)])
    env = env(user=user, context={"allowed_company_ids": user.company_ids.ids})
    return env["clinic.large.send"].search([])


@job
def approve(env, login, half):
    """Approve every second message, as a click does."""
    messages = get_large_send(env, login).message_out_ids
    mine = messages.sorted("id")[half::2]
    retrying(mine.action_approve, mine.env)


@job
def agree_second(env, login):
    """Say the second yes, as a click does."""
    send = get_large_send(env, login)
    retrying(send.action_release, send.env)
