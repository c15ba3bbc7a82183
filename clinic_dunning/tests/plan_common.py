"""A clinic whose patients pay in instalments, by link or with a saved card."""

import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from .common import FakeMailServer
from .pay_common import PayCase

LOST = "Could not establish the connection."
DECLINED = "Your card was declined."
PLAN = re.compile(r'name="plan" value="(\d+)"')


class PlanCase(PayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Plan = cls.env["clinic.payment.plan"]
        cls.method.support_tokenization = True
        cls.provider.allow_tokenization = True
        cls.policy = cls.env["clinic.followup.policy"].create(
            {
                "name": "Policy",
                "company_id": cls.company.id,
                "min_days": 0,
                "window_from": 0,
                "window_to": 24,
                "window_weekend": True,
                "weekly_cap": 0,
                "first_run_done": True,
                "plan_auto_amount": 1000.0,
                "level_ids": [
                    fields.Command.create(
                        {
                            "sequence": 10,
                            "name": "Reminder",
                            "delay": 7,
                            "topic_id": cls.env.ref("clinic_dunning.topic_after7").id,
                            "route_id": cls.env.ref("clinic_dunning.route_email").id,
                        }
                    )
                ],
            }
        )
        cls.policy.action_activate()
        cls.company.clinic_followup_policy_id = cls.policy
        cls.company.partner_id.tz = "UTC"
        cls.case = cls.env["clinic.followup.case"]._get_or_create(
            cls.patient, cls.company
        )
        cls.officer = cls.env["res.users"].create(
            {
                "name": "Officer",
                "login": "plan_officer",
                "lang": "en_US",
                "company_id": cls.company.id,
                "company_ids": [fields.Command.set(cls.company.ids)],
                "group_ids": [
                    fields.Command.set(
                        cls.env.ref("clinic_dunning.group_billing_officer").ids
                    )
                ],
            }
        )

    @classmethod
    def _make_card(cls, partner=None, **vals):
        return cls.env["payment.token"].create(
            {
                "provider_id": cls.provider.id,
                "payment_method_id": cls.method.id,
                "payment_details": "4242",
                "partner_id": (partner or cls.patient).id,
                "provider_ref": "card",
                **vals,
            }
        )

    # -- plans -------------------------------------------------------------------------

    def days_on(self, *days):
        today = self.company._get_clinic_today()
        return [today + timedelta(days=day) for day in days]

    def make_plan(self, *days, card=None, **vals):
        """Return a running plan of all that is open, its dates so many days ahead."""
        items = self.Plan._get_free_items(self.case)
        currency = self.env["res.currency"].browse(items[0]["currency_id"])
        plan = self.Plan._make(
            self.case,
            currency,
            items,
            self.days_on(*days),
            wants_card=bool(card),
            token_id=card and card.id,
            **vals,
        )
        plan._accept(user=self.env.user)
        self.assertEqual(plan.state, "active")
        return plan

    def decide(self):
        """Return the documents that are followed up now, and forget them again."""
        with self.env.cr.savepoint() as savepoint:
            self.env["clinic.followup.decision"]._decide(self.company)
            entries = self.env["clinic.followup.entry"].search(
                [("company_id", "=", self.company.id), ("state", "=", "planned")]
            )
            moves = self.env["account.move"].browse(entries.move_id.ids)
            savepoint.rollback()
        self.env.invalidate_all()
        return moves

    @contextmanager
    def in_days(self, days, hour=10):
        """Let it be that many days later, at that hour (UTC)."""
        day = fields.Datetime.now() + timedelta(days=days)
        with freeze_time(day.replace(hour=hour, minute=0, second=0)):
            self.env.invalidate_all()
            yield
        self.env.invalidate_all()

    # -- what happens by itself --------------------------------------------------------

    def run_plans(self):
        """Run the scheduled action of plans, then the sender; return the emails."""
        server = FakeMailServer()
        self.env.flush_all()
        with (
            patch.object(IrMail_Server, "_disable_send", lambda _self: False),
            patch.object(IrMail_Server, "_connect__", lambda *_args, **_kwargs: None),
            patch.object(
                IrMail_Server,
                "send_email",
                lambda _self, message, **_kwargs: server.send_email(message),
            ),
        ):
            for model, job in (
                ("clinic.payment.plan", "_cron_plans"),
                ("clinic.message", "_cron_send"),
            ):
                with self.registry.cursor() as cr:
                    getattr(self.env(cr=cr)[model], job)()
        self.env.invalidate_all()
        return server.sent

    @contextmanager
    def charging(self, answer="done"):
        """Let the provider answer a charge: done, pending, error, lost; count them."""
        charges = []

        def send(transaction):
            charges.append((transaction.reference, transaction.amount))
            if answer == "lost":
                transaction.clinic_charge = "unknown"
                raise ValidationError(LOST)
            if answer == "error":
                raise ValidationError(DECLINED)
            if answer:
                getattr(transaction, f"_set_{answer}")()

        with patch.object(PaymentTransaction, "_send_payment_request", send):
            yield charges

    def book(self):
        """Post-process what was paid, as the scheduled action of payments does."""
        done = self.env["payment.transaction"].search(
            [("state", "=", "done"), ("is_post_processed", "=", False)]
        )
        for transaction in done:
            transaction._post_process()
        self.env.invalidate_all()
        return done

    # -- the patient -------------------------------------------------------------------

    def _get_plan_on_page(self):
        page = self.url_open(f"{self.path}/details")
        return self.Plan.browse(int(PLAN.search(page.text)[1]))

    def _tell_about(self, what, plan):
        return self._tell(what, plan=plan.id)
