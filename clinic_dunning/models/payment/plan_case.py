from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .plan_make import FIRST_AFTER_DAYS
from .plan_split import get_monthly_days

FIRST_COUNT = 3


class ClinicFollowupCase(models.Model):
    """Plans on the case: begun with one click, seen at a glance."""

    _inherit = "clinic.followup.case"

    plan_ids = fields.One2many("clinic.payment.plan", "case_id", string="Payment Plans")

    def action_plan(self):
        """Open the plan of this person that waits or runs, else draft one.

        Raises UserError when nothing is open that a plan could cover.
        """
        self.ensure_one()
        plans = self.env["clinic.payment.plan"]
        plans.check_access("create")
        open_plan = self.plan_ids.filtered(
            lambda plan: plan.state in ("draft", "proposed", "active")
        )
        return self._open_plan(open_plan[:1] or self._draft_plan())

    def _draft_plan(self):
        """Draft a plan of what is open, in three monthly parts to be changed."""
        plans = self.env["clinic.payment.plan"]
        items = plans._get_free_items(self)
        if not items:
            raise UserError(self.env._("Nothing is open that a plan could cover."))
        currency = self.env["res.currency"].browse(items[0]["currency_id"])
        first = self.company_id._get_clinic_today() + timedelta(days=FIRST_AFTER_DAYS)
        return plans._make(self, currency, items, get_monthly_days(first, FIRST_COUNT))

    def _open_plan(self, plan):
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.payment.plan",
            "res_id": plan.id,
            "view_mode": "form",
        }

    def _get_evidence_moves(self):
        return super()._get_evidence_moves() | self.plan_ids.item_ids.move_id

    def _get_events(self):
        return [*super()._get_events(), *self._get_plan_events()]

    def _get_plan_events(self):
        """Return when plans were accepted, and on which terms."""
        return [
            self._event(
                plan.accepted_at,
                self.env._(
                    "Payment plan of %s accepted", plan.currency_id.format(plan.amount)
                ),
                plan.accepted_text,
            )
            for plan in self.plan_ids.filtered("accepted_at")
        ]

    def _hand_over(self, kept):
        self.plan_ids.write({"case_id": kept.id})
        return super()._hand_over(kept)
