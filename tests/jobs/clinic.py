"""A clinic with patients, bills and payments."""

from odoo import fields

from .registry import job


def get_world(env):
    """Return the helpers of the addon's tests, bound to the clinic of this database."""
    from odoo.addons.clinic_dunning.tests import common

    name = "Clinic Lenoir"
    company = env["res.company"].search([("name", "=", name)])
    company = company or common.create_clinic(env, name)
    env = env(context={"allowed_company_ids": company.ids, "tracking_disable": True})
    values = {"env": env, "company": company.with_env(env), "common": common}
    return type("World", (common.DunningCase,), values)


@job
def open_clinic(env, port):
    world = get_world(env)
    world.create_policy(world.common.level("First", 7))
    world.env["ir.mail_server"].create(
        {"name": "Emulator", "smtp_host": "127.0.0.1", "smtp_port": port}
    )


@job
def invoice(env, names, days=10):
    """Bill these people; the invoices are overdue since so many days."""
    world = get_world(env)
    due = fields.Date.subtract(fields.Date.today(), days=days)
    for name in names:
        address = f"{name.split('+')[0].lower()}@example.com"
        phone = f"+33612{int(''.join(filter(str.isdigit, name)) or 0):06}"
        patient = world.create_patient(name, email=address, phone=phone)
        world.create_invoice(patient, due=due)


@job
def pay(env, name):
    world = get_world(env)
    partner = world.env["res.partner"].search([("name", "=", name)])
    world.pay(
        world.env["account.move"].search(
            [("partner_id", "=", partner.id), ("move_type", "=", "out_invoice")]
        )
    )


@job
def opt_out(env, name):
    partner = env["res.partner"].search([("name", "=", name)])
    env["clinic.consent"].create(
        {"partner_id": partner.id, "purpose": "billing", "granted": False}
    )
