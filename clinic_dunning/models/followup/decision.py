from odoo import models
from odoo.tools import SQL

from .moment import LevelMoment

NO_LEVEL = SQL("NULL::int")

WHOLE = SQL("*")

# What a decision about everybody keeps of an item: narrow rows stay in memory.
BRIEF = SQL(
    """guarantor_id, case_id, partner_id, move_id, date_maturity, level_id, occurrence,
    currency_id, residual, residual_company, policy_id, no_followup, disputed,
    blocked"""
)


class ClinicFollowupDecision(models.AbstractModel):
    """Who is followed up, for what and at which level: one SELECT builder.

    `_decide` inserts what it finds; preview, explain and balances read the same rows.
    An item is an open receivable grouped by move, debtor and due date; its guarantor is
    whoever is asked to pay it. Amounts are in the item's currency (`residual`) and in
    the company's (`residual_company`); credits are negative.
    """

    _name = "clinic.followup.decision"
    _description = "Follow-up Decision"

    def _plan_for_ledger(self):
        """Let PostgreSQL plan for a large ledger until the end of the transaction.

        Compiling the statement takes longer than running it, and its sorts and hashes
        belong in memory. Nearly every line is a group of its own: sorting them takes
        less than a hash table of them all.
        """
        self.env.cr.execute("SET LOCAL jit = off")
        self.env.cr.execute("SET LOCAL enable_hashagg = off")
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")

    def _leveled_sql(
        self,
        company,
        moment,
        policies,
        partners=None,
        by_hand=False,
        default=None,
        columns=WHOLE,
    ):
        """Return the WITH queries that end in `leveled`: items with the level reached.

        `leveled` adds to an item: `policy_id`, `case_id`, `progress` (place of the last
        level done), `blocked` (code of what holds it back, or null), `level_id` (the
        level it enters now, or null) and `occurrence`.

        :param policies: {policy: standstill reason or ""} of those that may govern here
        :param bool by_hand: a person asked for it: spacing and postponing don't count
        :param default: the policy of those without their own, if not the company's
        :param columns: which columns `leveled` keeps
        """
        return SQL(
            """
            %(placed)s,
            reached AS (
                SELECT i.*, CASE WHEN entered.sequence = i.progress THEN i.times + 1
                            ELSE 1 END AS occurrence
                  FROM placed i
                  LEFT JOIN clinic_followup_level entered ON entered.id = i.level_id
            ),
            leveled AS MATERIALIZED (SELECT %(columns)s FROM reached)
            """,
            placed=self._placed_sql(
                self._items_sql(company, moment.today, partners),
                company,
                moment,
                policies,
                partners,
                by_hand,
                default,
            ),
            columns=columns,
        )

    def _placed_sql(
        self,
        items,
        company,
        moment,
        policies,
        partners=None,
        by_hand=False,
        default=None,
    ):
        """Return the WITH queries that end in `placed`: items and the level they enter.

        What holds back is judged once: without the fence of its OFFSET it would be at
        each mention.
        """
        return SQL(
            """
            items AS (%(items)s),
            known AS (%(known)s),
            judged AS (SELECT i.*, %(blocked)s AS blocked FROM known i OFFSET 0),
            placed AS (
                SELECT i.*, CASE WHEN i.blocked IS NULL THEN %(level)s END AS level_id
                  FROM judged i
            )
            """,
            items=items,
            known=self._known_sql(
                company, partners, default or company._get_clinic_followup_policy()
            ),
            blocked=self._blocked_sql(moment, policies, by_hand),
            level=self._by_policy(policies, lambda p: self._next_level_sql(p, moment)),
        )

    def _known_sql(self, company, partners, default):
        """Items with their history, their case and the policy that governs them."""
        return SQL(
            """
            SELECT item.*, done.rank / 1000 AS progress, done.rank %% 1000 AS times,
                   done.last_on, COALESCE(done.pending, FALSE) AS pending,
                   cases.id AS case_id, cases.last_reminder_on, cases.postponed_until,
                   COALESCE((guarantor.clinic_followup_policy_id->>%(key)s)::int,
                            %(default)s) AS policy_id,
                   guarantor.clinic_followup_mode->>%(key)s AS mode,
                   COALESCE(guarantor.clinic_is_third_party_payer, FALSE) AS is_payer
              FROM items item
              JOIN res_partner guarantor ON guarantor.id = item.guarantor_id
              LEFT JOIN clinic_followup_case cases
                     ON cases.partner_id = item.guarantor_id
                    AND cases.company_id = %(company)s
              LEFT JOIN (%(done)s) done
                     ON done.move_id = item.move_id
                    AND done.partner_id = item.partner_id
                    AND done.date_maturity = item.date_maturity
                    AND done.policy_id = COALESCE(
                        (guarantor.clinic_followup_policy_id->>%(key)s)::int,
                        %(default)s)
            """,
            key=str(company.id),
            default=default.id or None,
            company=company.id,
            done=self._done_sql(company, partners),
        )

    def _done_sql(self, company, partners):
        """The last level each item went through: rank = place x 1000 + occurrence.

        By policy: places of one say nothing of another's, whose levels begin anew.
        """
        return SQL(
            """
            SELECT entry.move_id, entry.partner_id, entry.date_maturity,
                   level.policy_id,
                   MAX(level.sequence * 1000 + entry.occurrence) AS rank,
                   MAX(entry.date) AS last_on,
                   BOOL_OR(entry.state = 'planned') AS pending
              FROM clinic_followup_entry entry
              JOIN clinic_followup_level level ON level.id = entry.level_id
             WHERE entry.company_id = %(company)s AND entry.state != 'void' %(restrict)s
             GROUP BY 1, 2, 3, 4
            """,
            company=company.id,
            restrict=SQL()
            if partners is None
            else SQL("AND entry.move_id IN (SELECT move_id FROM items)"),
        )

    def _blocked_sql(self, moment, policies, by_hand):
        """Why an item is held back, the strongest reason first, as a code."""
        standing = tuple(policy.id for policy, reason in policies.items() if not reason)
        spacing = SQL("FALSE")
        if not by_hand:
            spacing = SQL(
                "i.last_reminder_on + %s > %s",
                self._by_policy(policies, lambda p: SQL("%s", p.min_days), SQL("0")),
                moment.today,
            )
        return SQL(
            """CASE
                WHEN i.residual <= 0 THEN 'credit'
                WHEN i.is_payer THEN 'third_party'
                WHEN i.no_followup THEN 'no_followup'
                WHEN i.disputed THEN 'disputed'
                WHEN i.mode = 'none' THEN 'switched_off'
                WHEN i.case_id IN (
                    SELECT hold.case_id FROM clinic_followup_hold hold
                     WHERE hold.start_date <= %(today)s
                       AND COALESCE(hold.end_date > %(today)s, TRUE)) THEN 'held'
                WHEN i.policy_id IS NULL THEN 'no_policy'
                WHEN i.policy_id NOT IN %(standing)s THEN 'standstill'
                WHEN %(outside)s THEN 'no_pilot'
                WHEN i.pending THEN 'pending'
                WHEN %(postponed)s THEN 'postponed'
                WHEN %(spacing)s THEN 'spacing'
            END""",
            today=moment.today,
            standing=standing or (0,),
            outside=self._outside_pilot_sql(policies),
            postponed=SQL("FALSE")
            if by_hand
            else SQL("i.postponed_until > %s", moment.today),
            spacing=spacing,
        )

    def _outside_pilot_sql(self, policies):
        """Condition: the policy is for a pilot group, and this person is not in it."""
        pilots = [policy for policy in policies if policy.pilot_category_id]
        if not pilots:
            return SQL("FALSE")
        return self._by_policy(
            pilots,
            lambda policy: SQL(
                """i.guarantor_id NOT IN (
                    SELECT tag.partner_id FROM res_partner_res_partner_category_rel tag
                     WHERE tag.category_id = %s)""",
                policy.pilot_category_id.id,
            ),
            SQL("FALSE"),
        )

    def _by_policy(self, policies, make_sql, default=NO_LEVEL):
        """Return a CASE over `i.policy_id`, one branch a policy."""
        branches = [
            SQL("WHEN %s THEN %s", policy.id, make_sql(policy)) for policy in policies
        ]
        if not branches:
            return default
        return SQL(
            "(CASE i.policy_id %s ELSE %s END)", SQL(" ").join(branches), default
        )

    def _next_level_sql(self, policy, moment):
        """The level that an item enters now, as a CASE over the policy's levels."""
        moments = [LevelMoment(level, moment) for level in policy.level_ids.sorted()]
        branches = [
            *self._entry_by_age_sql(policy, moments),
            *(
                SQL(
                    "WHEN %s AND %s THEN %s",
                    self._not_yet_sql(at.level),
                    at.reached(),
                    at.level.id,
                )
                for at in moments
            ),
            *(
                SQL("WHEN %s THEN %s", self._repeat_sql(at.level, moment), at.level.id)
                for at in moments
                if at.level.repeat_every and at.level.max_repeats
            ),
        ]
        return SQL("CASE %s END", SQL(" ").join(branches)) if branches else NO_LEVEL

    def _not_yet_sql(self, level):
        """Condition: the item was not at that level nor beyond, and may come to it.

        Where old debt enters by its age, no item begins with a formal notice.
        """
        if level._is_legal() and level.policy_id.catch_up == "by_age":
            return SQL("i.progress < %s", level.sequence)
        return SQL("COALESCE(i.progress, -1) < %s", level.sequence)

    def _entry_by_age_sql(self, policy, moments):
        """Old debt enters at the level of its age, never at a formal notice."""
        if policy.catch_up != "by_age":
            return
        for at in reversed(moments):
            if not at.level._is_legal():
                yield SQL(
                    "WHEN i.progress IS NULL AND %s THEN %s", at.reached(), at.level.id
                )

    def _repeat_sql(self, level, moment):
        """Condition: the item repeats its last level, and no later one was reached."""
        return SQL(
            "i.progress = %s AND i.times <= %s AND i.last_on + %s <= %s",
            level.sequence,
            level.max_repeats,
            level.repeat_every,
            moment.today,
        )

    def _due_sql(self, policies, moment):
        """The guarantors and currencies that owe enough to be reminded now.

        What is past due or has reached a level counts, credits are taken off, per
        currency.
        """
        return SQL(
            """
            SELECT i.guarantor_id, i.currency_id, SUM(i.residual) AS net,
                   SUM(i.residual_company) AS net_company
              FROM leveled i
             WHERE i.residual < 0 OR (
                       NOT i.no_followup AND NOT i.disputed
                       AND i.blocked IS DISTINCT FROM 'planned'
                       AND (i.date_maturity < %(today)s OR i.level_id IS NOT NULL))
             GROUP BY 1, 2, i.policy_id
            HAVING COUNT(i.level_id) > 0 AND SUM(i.residual) > 0
               AND SUM(i.residual_company) >= %(tolerance)s
            """,
            today=moment.today,
            tolerance=self._by_policy(
                policies, lambda p: SQL("%s", p.tolerance), SQL("0")
            ),
        )
