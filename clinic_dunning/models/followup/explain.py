from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL, format_date

from .decision import NO_LEVEL
from .moment import LevelMoment, Moment


class ClinicFollowupDecision(models.AbstractModel):
    """Why something is, or is not, sent to somebody today."""

    _inherit = "clinic.followup.decision"

    def _explain(self, case):
        """Say what would be sent to this person today, by which rule, or why not.

        Reads the rows of the decision and writes nothing.

        :return: dict with `text` (the answer in words), `level_id` (last level done),
            `next_level_id` and `next_date` (clinic's day), `amount` (what a reminder
            would ask for now, company currency) and `items`: dicts of `move_name`,
            `date_maturity`, `residual`, `currency_id`, `level`, `next_level`,
            `next_date` and `reason` (why it is held back, or "")
        """
        case.ensure_one()
        return self._explain_cases(case)[case.id]

    def _explain_cases(self, cases):
        """Return {case id: explanation} with one query a company."""
        explained = {}
        for company, group in cases.grouped("company_id").items():
            moment = Moment(fields.Datetime.now(), company._get_clinic_tz())
            policies = self._get_policies(company, moment)
            rows = self._get_explain_rows(group.partner_id, company, moment, policies)
            for case in group:
                mine = [
                    row for row in rows if row["guarantor_id"] == case.partner_id.id
                ]
                explained[case.id] = self._explain_rows(case, mine, moment, policies)
        for case in cases - self.env[cases._name].browse(explained):
            explained[case.id] = self._explain_nothing()
        return explained

    def _explain_nothing(self):
        return {
            "text": self.env._("Nothing is due."),
            "level_id": False,
            "next_level_id": False,
            "next_date": False,
            "amount": 0.0,
            "items": [],
        }

    def _get_explain_rows(self, partners, company, moment, policies):
        if not partners.ids or not self._has_receivable(company):
            return []
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH %(leveled)s
                SELECT i.*, move.name AS move_name, %(ahead)s AS ahead_id,
                       %(on)s AS ahead_on, due.net_company AS net
                  FROM leveled i JOIN account_move move ON move.id = i.move_id
                  LEFT JOIN (%(due)s) due
                    ON due.guarantor_id = i.guarantor_id
                   AND due.currency_id = i.currency_id
                 ORDER BY i.date_maturity, i.move_id
                """,
                leveled=self._leveled_sql(company, moment, policies, partners),
                due=self._due_sql(policies, moment),
                ahead=self._by_policy(policies, lambda p: self._ahead_sql(p, moment)),
                on=self._by_policy(
                    policies, lambda p: self._ahead_on_sql(p, moment), SQL("NULL::date")
                ),
            )
        )
        return self.env.cr.dictfetchall()

    def _ahead_branches(self, policy, moment, value):
        branches = [
            SQL(
                "WHEN %s AND %s THEN %s",
                self._not_yet_sql(level),
                LevelMoment(level, moment).ahead(),
                value(level),
            )
            for level in policy.level_ids.sorted()
        ]
        branches += [
            SQL(
                "WHEN i.progress = %s AND i.times <= %s THEN %s",
                level.sequence,
                level.max_repeats,
                value(level),
            )
            for level in policy.level_ids
            if level.repeat_every and level.max_repeats
        ]
        return SQL(" ").join(branches)

    def _ahead_sql(self, policy, moment):
        """The level that comes next, reached or not."""
        branches = self._ahead_branches(
            policy, moment, lambda level: SQL("%s", level.id)
        )
        return SQL("CASE %s END", branches) if policy.level_ids else NO_LEVEL

    def _ahead_on_sql(self, policy, moment):
        """The clinic's day on which the next level is reached."""

        def day(level):
            if level.repeat_every and level.max_repeats:
                return SQL(
                    "CASE WHEN i.progress = %s THEN i.last_on + %s ELSE %s END",
                    level.sequence,
                    level.repeat_every,
                    LevelMoment(level, moment).on(),
                )
            return LevelMoment(level, moment).on()

        branches = self._ahead_branches(policy, moment, day)
        return SQL("CASE %s END", branches) if policy.level_ids else SQL("NULL::date")

    def _explain_rows(self, case, rows, moment, policies):
        items = [row for row in rows if row["residual"] > 0]
        if not items:
            return self._explain_nothing() | {"level_id": self._get_last_level(case)}
        level = self.env["clinic.followup.level"]
        day, next_id, number = self._get_next_step(items, moment, policies)
        return {
            "text": self._explain_text(
                case, items, moment, policies, (day, next_id, number)
            ),
            "level_id": self._get_last_level(case),
            "next_level_id": next_id,
            "next_date": day,
            "amount": sum(
                {
                    row["currency_id"]: float(row["net"]) for row in items if row["net"]
                }.values()
            ),
            "items": [self._explain_item(row, level, policies) for row in items],
        }

    def _get_next_step(self, items, moment, policies):
        """Return (day, level id, invoice number) of the next reminder, or Falses.

        Of what is reached by that day the highest level speaks, as in the decision.
        """
        steps = [
            row
            for row in items
            if row["ahead_id"] and row["ahead_on"] and self._may_come(row)
        ]
        if not steps:
            return False, False, ""
        day = max(
            min(row["ahead_on"] for row in steps),
            self._get_earliest(items, moment, policies),
        )
        levels = self.env["clinic.followup.level"]
        reached = [
            row
            for row in steps
            if row["ahead_on"] <= day
            and not (
                levels.browse(row["ahead_id"])._is_before_due()
                and row["date_maturity"] <= day
            )
        ]
        row = max(
            reached or steps, key=lambda row: levels.browse(row["ahead_id"]).sequence
        )
        return max(day, row["ahead_on"]), row["ahead_id"], row["move_name"]

    def _may_come(self, row):
        return row["blocked"] in (None, "spacing", "postponed", "pending")

    def _get_earliest(self, items, moment, policies):
        """The first day that spacing and postponing leave open for a reminder."""
        days = [moment.today]
        for row in items:
            policy = self.env["clinic.followup.policy"].browse(row["policy_id"])
            if row["last_reminder_on"] and row["blocked"] == "spacing":
                days.append(
                    row["last_reminder_on"] + timedelta(days=policy.sudo().min_days)
                )
            if row["postponed_until"]:
                days.append(row["postponed_until"])
        return max(days)

    def _get_last_level(self, case):
        entries = case.entry_ids.filtered(lambda entry: entry.state != "void")
        return entries.sorted("id")[-1:].level_id.id

    def _explain_item(self, row, levels, policies):
        return {
            "move_id": row["move_id"],
            "move_name": row["move_name"],
            "date_maturity": row["date_maturity"],
            "residual": float(row["residual"]),
            "currency_id": row["currency_id"],
            "level": levels.browse(row["level_id"]).name,
            "next_level": levels.browse(row["ahead_id"]).name,
            "next_date": row["ahead_on"],
            "reason": self._get_reason(row, policies),
        }

    def _get_reason(self, row, policies):
        """Return in words why an item is held back, or ''."""
        if row["blocked"] == "standstill":
            policy = self.env["clinic.followup.policy"].browse(row["policy_id"])
            return policies.get(policy) or self._get_foreign_reason(policy.sudo())
        return {
            None: "",
            "third_party": self.env._("A third-party payer is followed up apart."),
            "no_followup": self.env._("The invoice is excluded from follow-up."),
            "disputed": self.env._("The invoice is disputed."),
            "switched_off": self.env._("Follow-up is switched off for this person."),
            "no_pilot": self.env._(
                "The policy reminds its pilot group only, and this person is not in it."
            ),
            "held": self.env._("The follow-up is paused."),
            "no_policy": self.env._("No follow-up policy applies: choose one."),
            "pending": self.env._("A reminder is already on its way."),
            "postponed": self.env._("The next reminder was postponed."),
            "spacing": self.env._("The last reminder is too recent."),
        }[row["blocked"]]

    def _get_foreign_reason(self, policy_sudo):
        """Return in words why a policy that was not asked can't decide."""
        if not policy_sudo.active:
            return self.env._("The policy “%s” is archived.", policy_sudo.name)
        return self.env._("Its policy belongs to another company.")

    def _explain_text(self, case, items, moment, policies, step):
        if hold := case.hold_ids.filtered("is_active")[:1]:
            return self._explain_hold(hold)
        day, next_id, number = step
        if next_id:
            level = self.env["clinic.followup.level"].browse(next_id)
            if day <= moment.today and not any(row["net"] for row in items):
                return self._explain_standing(items)
            return self.env._(
                "Next: “%(level)s” on %(date)s because %(invoice)s is at “%(moment)s”.",
                level=level.name,
                date=format_date(self.env, day),
                invoice=number,
                moment=level.moment_text,
            )
        reasons = dict.fromkeys(
            filter(None, (self._get_reason(r, policies) for r in items))
        )
        return " ".join(reasons) or self.env._("All levels are done.")

    def _explain_hold(self, hold):
        reasons = dict(hold._fields["reason"]._description_selection(self.env))
        return self.env._(
            "Held until %(end)s because: %(reason)s.",
            end=format_date(self.env, hold.end_date)
            if hold.end_date
            else self.env._("further notice"),
            reason=reasons[hold.reason],
        )

    def _explain_standing(self, items):
        if any(row["blocked"] == "pending" for row in items):
            return self.env._("A reminder is already on its way.")
        return self.env._("What is due, less credits, is under the tolerance.")
