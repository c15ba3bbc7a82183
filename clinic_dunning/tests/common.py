"""A small clinic of its own: accounts, journals, patients, a policy; no demo data."""

import smtplib
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from odoo.addons.base.models.ir_mail_server import IrMail_Server, MailDeliveryException

# A Tuesday morning, in Paris and in Kolkata.
NOW = "2026-03-10 10:00:00"
TODAY = date(2026, 3, 10)


def days_ago(days):
    return TODAY - timedelta(days=days)


def create_clinic(env, name, currency="EUR", country="fr", tz="Europe/Paris", **vals):
    """Return a company with the few accounts and journals that invoices need."""
    money = (
        env["res.currency"]
        .with_context(active_test=False)
        .search([("name", "=", currency)])
    )
    money.active = True
    company = env["res.company"].create(
        {
            "name": name,
            "currency_id": money.id,
            "country_id": env.ref(f"base.{country}").id,
            "email": "desk@clinic.example.com",
            **vals,
        }
    )
    company.partner_id.tz = tz
    if company.parent_id:
        share_accounts(env, company)
    else:
        create_accounts(
            env(user=env.user, context={"allowed_company_ids": company.ids}), company
        )
    return company


def share_accounts(env, branch):
    """Let a branch post on the receivable account of its parent."""
    account = env["account.account"].search(
        [
            ("account_type", "=", "asset_receivable"),
            ("company_ids", "in", branch.parent_id.ids),
        ]
    )
    env["ir.default"].set(
        "res.partner",
        "property_account_receivable_id",
        account.id,
        company_id=branch.id,
    )


def create_accounts(env, company):
    specs = [
        ("Patients", "411000", "asset_receivable", True),
        ("Fees", "706000", "income", False),
        ("Outstanding", "511000", "asset_current", True),
        ("Exchange", "766000", "income_other", False),
    ]
    receivable, income, outstanding, exchange = env["account.account"].create(
        [
            {
                "name": name,
                "code": code,
                "account_type": kind,
                "reconcile": reconcile,
                "company_ids": [Command.set(company.ids)],
            }
            for name, code, kind, reconcile in specs
        ]
    )
    env["ir.default"].set(
        "res.partner",
        "property_account_receivable_id",
        receivable.id,
        company_id=company.id,
    )
    _sale, bank, misc = env["account.journal"].create(
        [
            {"name": name, "code": code, "type": kind, "company_id": company.id}
            | default
            for name, code, kind, default in (
                ("Invoices", "INV", "sale", {"default_account_id": income.id}),
                ("Bank", "BNK", "bank", {}),
                ("Miscellaneous", "MISC", "general", {}),
            )
        ]
    )
    bank.inbound_payment_method_line_ids.payment_account_id = outstanding
    company.write(
        {
            "currency_exchange_journal_id": misc.id,
            "income_currency_exchange_account_id": exchange.id,
            "expense_currency_exchange_account_id": exchange.id,
        }
    )


def level(name="Reminder", delay=7, **vals):
    """Values of one level; in `create_policy` they are numbered in their order."""
    return {"name": name, "delay": delay, "topic": "after7", "route": "email", **vals}


class FakeMailServer:
    """What stands at the other end: keeps recipients, or refuses as `fault` says."""

    def __init__(self):
        self.sent = []
        self.fault = None

    def send_email(self, message):
        if self.fault == "lost":
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        if self.fault:
            raise MailDeliveryException("Mail Delivery Failed", self.fault)
        self.sent.append(message)
        return message["Message-Id"]


class DunningCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.env = cls.env(context={"lang": "en_US", "tracking_disable": True})
        cls.company = create_clinic(cls.env, "Clinic Martin")
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )
        cls.company = cls.company.with_env(cls.env)
        cls.Decision = cls.env["clinic.followup.decision"]
        cls.patient = cls.create_patient("Ana Diaz")

    def go_to(self, moment):
        """Let it be another moment (UTC) until the end of the test."""
        freezer = freeze_time(moment)
        freezer.start()
        self.addCleanup(freezer.stop)

    # -- people and documents ---------------------------------------------------------

    @classmethod
    def create_patient(cls, name="Ben Roux", **vals):
        email = f"{name.lower().replace(' ', '.')}@example.com"
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": email,
                "lang": "en_US",
                "street": "1 rue Haute",
                "zip": "75001",
                "city": "Paris",
                "phone": "+33142685300",
                "country_id": cls.env.ref("base.fr").id,
                **vals,
            }
        )

    @classmethod
    def create_user(cls, login, group, companies=None):
        companies = companies or cls.company
        return new_test_user(
            cls.env,
            login,
            groups=group,
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    @classmethod
    def draft_invoice(cls, partner=None, amount=100.0, due=None, company=None, **vals):
        company = company or cls.company
        due = due or days_ago(10)
        return (
            cls.env["account.move"]
            .with_company(company)
            .with_context(allowed_company_ids=(company | cls.company).ids)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": (partner or cls.patient).id,
                    "invoice_date": due,
                    "invoice_date_due": due,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Fee", "price_unit": amount, "tax_ids": []}
                        )
                    ],
                    **vals,
                }
            )
        )

    @classmethod
    def create_invoice(cls, partner=None, amount=100.0, due=None, **vals):
        """Return a posted invoice that is due on that day (ten days ago)."""
        invoice = cls.draft_invoice(partner, amount, due, **vals)
        invoice.action_post()
        return invoice

    @classmethod
    def create_credit(cls, partner=None, amount=30.0, **vals):
        """Return a posted credit note that is matched with nothing."""
        return cls.create_invoice(partner, amount, move_type="out_refund", **vals)

    @classmethod
    def pay(cls, move, amount=None):
        """Record a payment of a document at the bank, all of it by default."""
        bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", move.company_id.id)], limit=1
        )
        values = {"journal_id": bank.id, "amount": amount or move.amount_residual}
        return (
            cls.env["account.payment.register"]
            .with_company(move.company_id)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(values)
            ._create_payments()
        )

    @classmethod
    def receive(cls, amount, partner=None):
        """Record money at the bank that nobody has matched with a bill."""
        payment = cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_id": (partner or cls.patient).id,
                "amount": amount,
                "journal_id": cls.env["account.journal"]
                .search(
                    [("type", "=", "bank"), ("company_id", "=", cls.company.id)],
                    limit=1,
                )
                .id,
            }
        )
        payment.action_post()
        return payment

    # -- policies ----------------------------------------------------------------------

    @classmethod
    def create_policy(cls, *levels, company=None, approved=True, **vals):
        """Return an active policy, open day and night, the company's own."""
        company = company or cls.company
        policy = cls.env["clinic.followup.policy"].create(
            {
                "name": "Policy",
                "company_id": company.id,
                "min_days": 0,
                "window_from": 0,
                "window_to": 24,
                "window_weekend": True,
                "weekly_cap": 0,
                "first_run_done": approved,
                "level_ids": [
                    Command.create(cls.prepare_level(place, values))
                    for place, values in enumerate(levels or [level()], start=1)
                ],
                **vals,
            }
        )
        policy.action_activate()
        company.clinic_followup_policy_id = policy
        return policy

    @classmethod
    def prepare_level(cls, place, values):
        topic, route = values["topic"], values["route"]
        return {
            "sequence": 10 * place,
            "topic_id": topic and cls.env.ref(f"clinic_dunning.topic_{topic}").id,
            "route_id": route and cls.env.ref(f"clinic_dunning.route_{route}").id,
        } | {key: values[key] for key in values if key not in ("topic", "route")}

    @classmethod
    def create_route(cls, *channels):
        """Return a route of `channel` or `channel:always` in that order."""
        lines = [name.partition(":") for name in channels]
        return cls.env["clinic.contact.route"].create(
            {
                "name": "Route",
                "line_ids": [
                    Command.create(
                        {
                            "sequence": place,
                            "channel": channel,
                            "condition": condition
                            or ("if_failed" if place else "always"),
                        }
                    )
                    for place, (channel, _colon, condition) in enumerate(lines)
                ],
            }
        )

    # -- the follow-up -----------------------------------------------------------------

    def decide(self, company=None):
        """Decide and return the new entries."""
        last = self.env["clinic.followup.entry"].search([], limit=1).id or 0
        count = self.Decision._decide(company or self.company)
        entries = self.env["clinic.followup.entry"].search([("id", ">", last)])
        self.assertEqual(len(entries), count)
        return entries

    def compose(self):
        """Compose what is planned and return the new messages."""
        last = self.env["clinic.message"].search([], limit=1).id or 0
        self.env["clinic.message"]._compose()
        return self.env["clinic.message"].search([("id", ">", last)], order="id")

    def remind(self):
        """Decide and compose; return the new messages."""
        self.decide()
        return self.compose()

    def case_of(self, partner=None):
        return self.env["clinic.followup.case"]._get_or_create(
            partner or self.patient, self.company
        )

    def explain(self, partner=None):
        return self.Decision._explain(self.case_of(partner))

    @contextmanager
    def mail_server(self):
        """Put a fake in the place of the mail server, for the time of the block."""
        server = FakeMailServer()
        with (
            patch.object(IrMail_Server, "_disable_send", lambda _self: False),
            patch.object(IrMail_Server, "_connect__", lambda *_args, **_kwargs: None),
            patch.object(
                IrMail_Server,
                "send_email",
                lambda _self, message, **_kwargs: server.send_email(message),
            ),
        ):
            yield server

    def drain(self, fault=None, times=1):
        """Run the sending job; return the emails that the mail server took."""
        with self.mail_server() as server, self.enter_registry_test_mode():
            server.fault = fault
            for _time in range(times):
                with self.registry.cursor() as cr:
                    self.env(cr=cr)["clinic.message"]._cron_send()
        return server.sent

    def assertDecides(self, *invoices):
        """Deciding now follows up exactly these invoices; the second time nothing."""
        found = self.decide().move_id
        self.assertEqual(found, self.env["account.move"].union(*invoices))
        self.assertFalse(self.decide())

    def assertHeld(self, reason, partner=None):
        """Nothing is decided, and the case says why."""
        self.assertFalse(self.decide())
        self.assertIn(reason, self.explain(partner)["text"])
