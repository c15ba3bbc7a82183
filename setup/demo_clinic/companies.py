"""Put the clinics themselves into a database: companies, journals, services, users."""

import base64
import io

from PIL import Image, ImageDraw, ImageFont

from odoo import Command

QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "no_reset_password": True,
}
# key: (journal, type, code); the bank's own journal stays closed to the front desk.
DESK_JOURNALS = {
    "lyon": (
        ("Carte bancaire", "bank", "CB"),
        ("Espèces", "cash", "ESP"),
        ("Chèques", "bank", "CHQ"),
    ),
    "pune": (
        ("UPI", "bank", "UPI"),
        ("Cash at the desk", "cash", "DESK"),
        ("Card machine", "bank", "CARD"),
    ),
}
BANK_ACCOUNTS = {
    "lyon": ("FR76 3000 6000 0112 3456 7890 189", "Banque du Rhône"),
    "pune": ("502000 123 456 78", "Deccan Cooperative Bank"),
}


def xmlid(*parts):
    return "clinic_demo." + "_".join(str(part) for part in parts)


def remember(env, **records):
    """Give records names under which later runs and modules find them."""
    env["ir.model.data"]._update_xmlids(
        [
            {"xml_id": xmlid(name), "record": record, "noupdate": True}
            for name, record in records.items()
        ]
    )


def find(env, *parts):
    return env.ref(xmlid(*parts), raise_if_not_found=False)


def is_built(env):
    return bool(find(env, "complete"))


def build_company(env, clinic):
    """Create the company with its chart of accounts and everything around it."""
    company = env["res.company"].create(prepare_company_vals(env, clinic))
    company.partner_id.write({"tz": clinic.tz, "lang": clinic.lang})
    env.ref("base.user_admin").company_ids |= company
    env["account.chart.template"].try_loading(clinic.chart, company, install_demo=False)
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    company = company.with_env(env)
    remember(env, **{f"company_{clinic.key}": company})
    build_currencies(env, clinic, company)
    build_journals(env, clinic, company)
    build_terms(env, clinic, company)
    build_services(env, clinic, company)
    publish_demo_payments(env, company)
    return company


def prepare_company_vals(env, clinic):
    domain = env["mail.alias.domain"].create({"name": clinic.domain})
    return {
        "name": clinic.name,
        "clinic_message_name": clinic.message_name,
        "clinic_profession": clinic.profession,
        "currency_id": activate_currency(env, clinic.currency).id,
        "country_id": env.ref(clinic.country).id,
        "state_id": env.ref(clinic.state).id if clinic.state else False,
        "street": clinic.street,
        "city": clinic.city,
        "zip": clinic.zip,
        "phone": clinic.phone,
        "email": clinic.email,
        "website": f"https://www.{clinic.domain}",
        "alias_domain_id": domain.id,
        "external_report_layout_id": env.ref("web.external_layout_standard").id,
        "primary_color": clinic.color,
        "secondary_color": "#5c6f7b",
        "logo": draw_logo(clinic),
        "iap_enrich_auto_done": True,  # no look-up on the internet
    }


def draw_logo(clinic):
    """Return a neutral sign as PNG in base64: the initial on the clinic's colour."""
    image = Image.new("RGBA", (480, 480), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((8, 8, 472, 472), radius=96, fill=clinic.color)
    initial = clinic.message_name.split()[-1 if clinic.key == "lyon" else 0][0]
    font = ImageFont.load_default(300)
    pen.text((240, 250), initial, font=font, fill="white", anchor="mm")
    data = io.BytesIO()
    image.resize((160, 160), Image.Resampling.LANCZOS).save(data, "PNG")
    return base64.b64encode(data.getvalue())


def activate_currency(env, name):
    currency = (
        env["res.currency"]
        .with_context(active_test=False)
        .search([("name", "=", name)], limit=1)
    )
    currency.active = True
    return currency


def build_currencies(env, clinic, company):
    """Add the rates of the few foreign currencies that patients are billed in."""
    env["res.currency.rate"].create(
        [
            {
                "currency_id": activate_currency(env, name).id,
                "company_id": company.id,
                "company_rate": rate,
                "name": "2020-01-01",
            }
            for name, rate in clinic.foreign_currencies
        ]
    )


def build_journals(env, clinic, company):
    """Add the desk's journals and tell the bank's account number."""
    journals = env["account.journal"]
    bank = journals.search(
        [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
    )
    number, name = BANK_ACCOUNTS[clinic.key]
    bank.write(
        {
            "bank_acc_number": number,
            "bank_id": env["res.bank"].create({"name": name}).id,
        }
    )
    desk = journals.create(
        [
            {
                "name": title,
                "type": kind,
                "code": code,
                "company_id": company.id,
                "clinic_desk_allowed": True,
            }
            for title, kind, code in DESK_JOURNALS[clinic.key]
        ]
    )
    names = (f"desk_{clinic.key}_{number}" for number in range(len(desk)))
    remember(env, **{f"bank_{clinic.key}": bank}, **dict(zip(names, desk, strict=True)))


def build_terms(env, clinic, company):
    """Add the instalment term 30/30/40: at once, in 30 and in 60 days."""
    term = env["account.payment.term"].create(
        {
            "name": "3 fois : 30 / 30 / 40 %"
            if clinic.key == "lyon"
            else "30 / 30 / 40 %",
            "company_id": company.id,
            "line_ids": [
                Command.create(
                    {"value": "percent", "value_amount": share, "nb_days": days}
                )
                for share, days in ((30, 0), (30, 30), (40, 60))
            ],
        }
    )
    remember(env, **{f"instalments_{clinic.key}": term})


def build_services(env, clinic, company):
    """Create the products; health care is exempt, so they carry no tax."""
    products = env["product.product"].create(
        [
            {
                "name": service.name,
                "type": "service",
                "list_price": service.price,
                "company_id": company.id,
                "taxes_id": [Command.clear()],
                "supplier_taxes_id": [Command.clear()],
                "purchase_ok": False,
            }
            for service in clinic.services
        ]
    )
    names = (f"service_{clinic.key}_{number}" for number in range(len(products)))
    remember(env, **dict(zip(names, products, strict=True)))


def publish_demo_payments(env, company):
    """Let patients pay with the provider that Odoo pretends, where it is installed."""
    providers = env["payment.provider"].search(
        [("code", "=", "demo"), ("company_id", "=", company.id)]
    )
    providers.write({"state": "test", "is_published": True})


def build_users(env, people, companies):
    """Create the users; logins are their passwords: a demo on this machine only.

    :param companies: {clinic key: company}
    """
    first = companies[people[0].clinics[0]]
    env.ref("base.user_admin").write({"company_id": first.id, "lang": "en_US"})
    usual = env.ref("base.group_user") | env.ref("base.group_partner_manager")
    for person in people:
        allowed = [companies[key] for key in person.clinics]
        groups = usual | env.ref(f"clinic_dunning.{person.group}")
        if person.group != "group_front_desk":
            groups |= env.ref("account.group_account_invoice")
        env["res.users"].create(
            {
                "name": person.name,
                "login": person.login,
                "password": person.login,
                "email": f"{person.login}@{allowed[0].alias_domain_id.name}",
                "lang": allowed[0].partner_id.lang if len(allowed) == 1 else "en_GB",
                "tz": allowed[0].partner_id.tz,
                "company_id": allowed[0].id,
                "company_ids": [Command.set([company.id for company in allowed])],
                "group_ids": [Command.set(groups.ids)],
            }
        )
