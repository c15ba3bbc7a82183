from odoo import models
from odoo.tools import SQL

from .decision import BRIEF


class ClinicFollowupDecision(models.AbstractModel):
    """A dry run of a policy over the real ledger."""

    _inherit = "clinic.followup.decision"

    def _preview(self, policy):
        """Say what the policy would do today, as if it were on, and write nothing.

        It is tried on the people it governs, and on those of its company (branches
        included) that have no policy of their own. Spacing and history count.

        :return: dict with `levels`: a list of dicts `level_id`, `people`, `items`,
            `amount` (company currency) and `examples` (partner ids), and `blocked`:
            {code: number of items}
        """
        policy.ensure_one()
        self.env.flush_all()
        self._plan_for_ledger()
        levels, blocked = {}, {}
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("id", "child_of", policy.company_id.id)])
        )
        for company in companies:
            for row in self._get_preview_rows(policy, company):
                self._add_preview_row(row, levels, blocked)
        order = policy.level_ids.sorted().ids
        rows = [levels[level] for level in order if level in levels]
        return {"levels": rows, "blocked": blocked}

    def _get_preview_rows(self, policy, company):
        if not self._has_receivable(company):
            return []
        moment = policy._get_moment()
        self.env.cr.execute(
            SQL(
                """
                WITH %(leveled)s,
                due AS (%(due)s)
                SELECT level_id, blocked, COUNT(*) AS people, SUM(items)::int AS items,
                       SUM(amount) AS amount,
                       (ARRAY_AGG(guarantor_id))[1:5] AS examples
                  FROM (SELECT i.level_id, i.blocked, i.guarantor_id,
                               COUNT(*) AS items, SUM(i.residual_company) AS amount
                          FROM leveled i LEFT JOIN due
                            ON due.guarantor_id = i.guarantor_id
                           AND due.currency_id = i.currency_id
                         WHERE i.residual > 0
                           AND (i.blocked IS NOT NULL
                                OR (i.level_id IS NOT NULL AND due.net > 0))
                         GROUP BY 1, 2, 3) person
                 GROUP BY 1, 2
                """,
                leveled=self._leveled_sql(
                    company,
                    moment,
                    {policy: policy.problem_text or ""},
                    default=policy,
                    columns=BRIEF,
                ),
                due=self._due_sql({policy: ""}, moment),
            )
        )
        return self.env.cr.dictfetchall()

    def _add_preview_row(self, row, levels, blocked):
        if row["blocked"]:
            blocked[row["blocked"]] = blocked.get(row["blocked"], 0) + row["items"]
            return
        level = levels.setdefault(
            row["level_id"],
            {
                "level_id": row["level_id"],
                "people": 0,
                "items": 0,
                "amount": 0.0,
                "examples": [],
            },
        )
        level["people"] += row["people"]
        level["items"] += row["items"]
        level["amount"] += float(row["amount"])
        level["examples"] = (level["examples"] + row["examples"])[:5]
