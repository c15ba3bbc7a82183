import secrets
import time
from datetime import timedelta

from odoo import Command, api, fields, models

from ..followup.moment import Moment

NOTICE = timedelta(hours=24)
# A patient may be typing in a card number.
TYPING = timedelta(hours=1)
HOURS = range(8, 20)
SLICE_SECONDS = 10


class ClinicPaymentPlan(models.Model):
    """Saved cards are charged on the dates of the plans.

    A claim is committed before the charge; each instalment has one transaction ever, so
    two runs can't charge twice and what is in doubt is looked up before anything else.
    """

    _inherit = "clinic.payment.plan"

    @api.model
    def _charge_all(self):
        """Charge what is due today; triggers itself again while something is left."""
        outbox = self.env["clinic.message"]
        started = time.monotonic()
        for line_id in self._find_chargeable():
            if time.monotonic() - started > SLICE_SECONDS:
                self.env.ref("clinic_dunning.ir_cron_plans").sudo()._trigger()
                return
            line = self.env["clinic.payment.plan.line"].browse(line_id)
            if transaction := outbox._insist(line._claim):
                transaction._charge_claimed()

    @api.model
    def _find_chargeable(self):
        """Return the ids of the instalments whose day has come."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT line.id FROM clinic_payment_plan_line line
                 JOIN clinic_payment_plan plan ON plan.id = line.plan_id
                WHERE plan.state = 'active' AND plan.wants_card
                  AND plan.token_id IS NOT NULL AND line.date <= %s
                  AND NOT EXISTS (SELECT FROM payment_transaction tx
                                   WHERE tx.clinic_plan_line_id = line.id)
                ORDER BY line.date, line.id""",
            [fields.Date.today() + timedelta(days=1)],
        )
        return [row[0] for row in self.env.cr.fetchall()]


class ClinicPaymentPlanLine(models.Model):
    _inherit = "clinic.payment.plan.line"

    def _claim(self):
        """Take this instalment for a charge, and return its transaction or none.

        The first statement of a fresh transaction locks the plan: another run passes
        by, and whoever pays on the page at this moment comes before or after.
        """
        self.ensure_one()
        transactions = self.env["payment.transaction"].sudo()
        self.env.cr.execute(
            """SELECT plan.id FROM clinic_payment_plan plan
                 JOIN clinic_payment_plan_line line ON line.plan_id = plan.id
                WHERE line.id = %s AND plan.state = 'active'
                  FOR UPDATE OF plan SKIP LOCKED""",
            [self.id],
        )
        if not self.env.cr.fetchone():
            return transactions
        if problem := self._get_lasting_obstacle():
            if not self.problem:
                self._ask_by_link(problem)
            return transactions
        amount = self._get_charge()
        if self._must_wait() or self.currency_id.compare_amounts(amount, 0) <= 0:
            return transactions
        self.plan_id._touch()
        return self._begin_charge(amount)

    def _get_lasting_obstacle(self):
        """Return why this card will not be charged any more, or ''."""
        token = self.plan_id.sudo().token_id
        if self.problem:
            return self.problem
        if not self.company_id._may_clinic_collect():
            return self.env._("Cards are not charged in their owner's absence here.")
        if not token.active:
            return self.env._("The card was removed.")
        if token.provider_id.state == "disabled":
            return self.env._("The provider of the card was switched off.")
        return ""

    def _must_wait(self):
        """Return whether this is not the moment: too early, unannounced, being paid."""
        zone = self.company_id._get_clinic_tz()
        moment = Moment(fields.Datetime.now(), zone)
        return (
            self.date > moment.today
            or moment.local.hour not in HOURS
            or not self._is_announced()
            or self.sudo().transaction_ids
            or self.plan_id._is_paused()
            or self._is_being_paid()
        )

    def _is_announced(self):
        """Return whether the notice reached the patient a day ago at least."""
        notice = self.notice_id.sudo()
        return (
            notice.topic_id.code == "plan_notice"
            and notice.state == "delivered"
            and notice.delivered_at + NOTICE <= fields.Datetime.now()
        )

    def _is_being_paid(self):
        """Return whether somebody is paying one of these bills on the page."""
        moves = self.plan_id.sudo().item_ids.move_id
        transactions = self.env["payment.transaction"].sudo()
        begun = [
            ("clinic_allocation_ids.move_id", "in", moves.ids),
            ("state", "=", "draft"),
            ("clinic_charge", "=", False),
            ("create_date", ">", fields.Datetime.now() - TYPING),
        ]
        return bool(
            transactions._get_live(moves) or transactions.search(begun, limit=1)
        )

    def _get_charge(self):
        """Return what may be charged: what is left, never more than was announced."""
        return min(self._get_left(), self.amount, self.notice_id.sudo().amount)

    def _begin_charge(self, amount):
        """Fix what is charged and create its one transaction."""
        plan, token = self.plan_id.sudo(), self.plan_id.sudo().token_id
        checkout = self._open_checkout(amount)
        transactions = self.env["payment.transaction"].sudo()
        return transactions.create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "reference": f"PLAN-{self.id}-{secrets.token_hex(4)}",
                "amount": amount,
                "currency_id": plan.currency_id.id,
                "partner_id": plan.partner_id.id,
                "operation": "offline",
                "clinic_checkout_id": checkout.id,
                "clinic_plan_line_id": self.id,
                "clinic_charge": "claimed",
                "clinic_charge_at": fields.Datetime.now(),
                "invoice_ids": [Command.set(checkout.allocation_ids.move_id.ids)],
            }
        )

    def _open_checkout(self, amount):
        """Spread the amount over the plan's items, the oldest first."""
        plan = self.plan_id.sudo()
        checkouts = self.env["clinic.payment.checkout"].sudo()
        rows = self.env["clinic.payment.plan.item"]._mark(plan._get_rows(plan.case_id))
        mine = [row for row in rows if row.get("plan") == plan]
        parts = checkouts._prepare_allocations(plan.currency_id, mine, amount)
        return checkouts.create(
            {
                "nonce": f"plan-{self.id}-{plan.nonce}",
                "partner_id": plan.partner_id.id,
                "company_id": plan.company_id.id,
                "currency_id": plan.currency_id.id,
                "lang": plan.lang or plan.partner_id.lang,
                "amount": amount,
                "allocation_ids": [Command.create(vals) for vals in parts],
            }
        )
