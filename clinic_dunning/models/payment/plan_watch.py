from datetime import timedelta

from odoo import api, fields, models

from ..followup.moment import Moment


class ClinicPaymentPlan(models.Model):
    """What happens by itself: notices, links, plans that were kept or not."""

    _inherit = "clinic.payment.plan"

    @api.model
    def _cron_plans(self):
        """Scheduled action: settle, announce, charge; commits after each step."""
        outbox = self.env["clinic.message"]
        self.env["payment.transaction"]._look_up_lost()
        for plan_id in self.search([("state", "=", "active")]).ids:
            outbox._insist(self.browse(plan_id)._settle)
            outbox._insist(self.browse(plan_id)._announce)
        self._charge_all()

    def _settle(self):
        """Note that this plan was kept or is broken, from the ledger."""
        self.ensure_one()
        if self.state != "active" or self.line_ids._get_charging():
            return
        left = self._get_left()[self]
        if self.currency_id.compare_amounts(left, 0) <= 0:
            self._move_to("kept", reason=self.env._("All is paid."))
        elif not self._is_paused() and (missed := self._get_missed(left)):
            self._break(missed)

    def _is_paused(self):
        """Return whether nothing is charged or held against the patient for now."""
        plan = self.sudo()
        held = plan.case_id.hold_ids.filtered("is_active") - plan.hold_id
        return bool(held or plan.item_ids.move_id.filtered("clinic_dispute_since"))

    def _get_missed(self, left):
        """Return the first instalment that is late beyond its days of grace."""
        today = self.company_id._get_clinic_today()
        grace = timedelta(days=self.case_id._get_plan_terms().plan_grace_days)
        return next(
            (
                line
                for line in self._get_shares(left, unpaid=True)
                if (asked := line._get_asked_on()) and asked + grace < today
            ),
            None,
        )

    def _break(self, line):
        """End the plan; a person calls before the reminders go on as they were."""
        day = fields.Date.to_string(line.date)
        self._move_to(
            "broken", reason=self.env._("The instalment of %s was not paid.", day)
        )
        case = self.case_id._for_staff()
        case._ask_staff(
            case.env._("Plan not kept"),
            case.env._("The instalment of %s was not paid. Please call first.", day),
        )

    def _announce(self):
        """Queue the message before each instalment that comes soon."""
        self.ensure_one()
        if self.state != "active":
            return
        days = max(self.case_id._get_plan_terms().plan_notice_days, 1)
        until = self.company_id._get_clinic_today() + timedelta(days=days)
        for line, left in self._get_shares(self._get_left()[self], unpaid=True).items():
            if line.date <= until and not line.notice_id:
                line.notice_id = line._queue_message(
                    "plan_notice" if line._is_to_be_charged() else "plan_due", left
                )


class ClinicPaymentPlanLine(models.Model):
    _inherit = "clinic.payment.plan.line"

    def _get_left(self):
        """Return what is still to pay of this instalment."""
        self.ensure_one()
        plan = self.plan_id
        return plan._get_shares(plan._get_left()[plan], unpaid=True).get(self, 0.0)

    def _get_charging(self):
        return self.filtered(lambda line: line.sudo()._is_being_charged())

    def _is_to_be_charged(self):
        """Return whether the saved card pays this instalment by itself."""
        plan = self.plan_id.sudo()
        return bool(
            plan.wants_card
            and plan.token_id.active
            and not self.problem
            and self.company_id._may_clinic_collect()
        )

    def _queue_message(self, topic, amount):
        """Queue one message about this instalment; a second one changes nothing."""
        plan = self.plan_id
        return (
            self.env["clinic.message"]
            .sudo()
            ._queue(
                topic,
                plan.partner_id,
                plan.company_id,
                f"{topic}:{self.id}",
                source=self,
                case_id=plan.case_id.id,
                currency_id=plan.currency_id.id,
                amount=amount,
                route_id=self.env.ref("clinic_dunning.route_plan").id,
            )
        )

    def _get_asked_on(self):
        """Return the day from which lateness counts: nobody is late unasked.

        :return: date, or None while the message is still on its way
        """
        message = self._get_last_message()
        if message.state in ("queued", "in_progress", "review"):
            return None
        told = message.delivered_at
        zone = self.company_id._get_clinic_tz()
        return max(self.date, Moment(told, zone).today) if told else self.date

    def _get_last_message(self):
        """Return the latest message about this instalment: the notice, or the link."""
        return (
            self.env["clinic.message"]
            .sudo()
            .search(
                [("res_model", "=", self._name), ("res_id", "=", self.id)],
                order="id desc",
                limit=1,
            )
        )

    def _ask_by_link(self, problem):
        """The card can't pay this instalment: the patient gets a link instead."""
        self.sudo().problem = problem
        left = self._get_left()
        if self.plan_id.state == "active" and left > 0:
            self._queue_message("plan_due", left)
