import logging

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .moment import LevelMoment, Moment

_logger = logging.getLogger(__name__)

CONFLICTS = (
    psycopg2.errors.UniqueViolation,
    psycopg2.extensions.TransactionRollbackError,
)
NO_LEVEL = SQL("NULL::int")
RECEIVABLE = Domain("account_type", "=", "asset_receivable")


class ClinicFollowupDecision(models.AbstractModel):
    """Who is followed up, for what and at which level: one SELECT builder.

    `_decide` inserts what it finds; preview, explain and balances read the same rows.
    An item is an open receivable grouped by move, debtor and due date; its guarantor is
    whoever is asked to pay it. Amounts are in the item's currency (`residual`) and in
    the company's (`residual_company`); credits are negative.
    """

    _name = "clinic.followup.decision"
    _description = "Follow-up Decision"

    # -- items: what is open, and who is asked for it --------------------------

    def _items_sql(self, company, today, partners=None):
        """Return the SELECT of all open items and credits of one company.

        What is "in payment" was paid, even where the payment has no entry yet.

        :param company: one `res.company`
        :param date today: the clinic's day
        :param partners: guarantors to restrict to, or None for everybody
        """
        lines = self.env["account.move.line"].sudo()
        netting = lines._search(lines._get_netting_domain(), bypass_access=True)
        guarantor = self._guarantor_sql(today)
        restrict = SQL()
        if partners is not None:
            restrict = SQL("AND %s IN %s", guarantor, tuple(partners.ids) or (0,))
        return SQL(
            """
            SELECT account_move_line.move_id, account_move_line.partner_id,
                   COALESCE(account_move_line.date_maturity, account_move_line.date)
                       AS date_maturity,
                   account_move_line.currency_id,
                   %(guarantor)s AS guarantor_id,
                   SUM(account_move_line.amount_residual_currency) AS residual,
                   SUM(account_move_line.amount_residual) AS residual_company,
                   BOOL_OR(COALESCE(account_move_line.no_followup, FALSE)) AS
                   no_followup, MIN(COALESCE(account_move_line.invoice_date,
                   account_move_line.date))
                       AS invoice_date,
                   MIN(account_move_line.move_name) AS move_name,
                   MIN(move.clinic_first_request_at) AS first_request_at,
                   BOOL_OR(move.clinic_dispute_since IS NOT NULL) AS disputed
              FROM %(source)s
              JOIN account_move move ON move.id = account_move_line.move_id
              JOIN res_partner debtor ON debtor.id = account_move_line.partner_id
             WHERE account_move_line.company_id = %(company)s
               AND account_move_line.account_id IN %(accounts)s
               AND account_move_line.parent_state = 'posted'
               AND account_move_line.reconciled IS NOT TRUE
               AND debtor.clinic_is_third_party_payer IS NOT TRUE
               AND move.payment_state IS DISTINCT FROM 'in_payment'
               AND (account_move_line.amount_residual > 0 OR %(netting)s)
               %(restrict)s
             GROUP BY 1, 2, 3, 4, 5
            """,
            guarantor=guarantor,
            company=company.id,
            accounts=self._get_receivable_ids(company),
            source=netting.from_clause,
            netting=netting.where_clause or SQL("TRUE"),
            restrict=restrict,
        )

    def _guarantor_sql(self, today):
        """SQL of whoever is asked to pay a line (aliases `move` and `debtor`)."""
        return SQL(
            """COALESCE(
                CASE WHEN move.clinic_confidential THEN move.clinic_patient_id END,
                move.clinic_guarantor_id,
                CASE WHEN COALESCE(debtor.clinic_guarantor_until >= %s, TRUE)
                     THEN debtor.clinic_guarantor_id END,
                account_move_line.partner_id)""",
            today,
        )

    def _get_receivable_ids(self, company):
        """Return the ids of the company's receivable accounts.

        Raises UserError when there is none: the chart of accounts is not set up.
        """
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        ids = accounts._search(
            Domain(accounts._check_company_domain(company)) & RECEIVABLE
        ).get_result_ids()
        if not ids:
            raise UserError(
                self.env._(
                    "%s has no receivable account: set up its chart of accounts first.",
                    company.name,
                )
            )
        return tuple(ids)

    # -- levels: what each item has reached ------------------------------------

    def _leveled_sql(
        self, company, moment, policies, partners=None, by_hand=False, default=None
    ):
        """Return the WITH queries that end in `leveled`: items with the level reached.

        `leveled` adds to an item: `policy_id`, `case_id`, `progress` (place of the last
        level done), `blocked` (code of what holds it back, or null), `level_id` (the
        level it enters now, or null) and `occurrence`.

        :param policies: {policy: standstill reason or ""} of those that may govern here
        :param bool by_hand: a person asked for it: spacing and postponing don't count
        :param default: the policy of those without their own, if not the company's
        """
        default = default or company._get_clinic_followup_policy()
        return SQL(
            """
            items AS MATERIALIZED (%(items)s),
            known AS (%(known)s),
            leveled AS MATERIALIZED (
                SELECT i.*, CASE WHEN entered.sequence = i.progress THEN i.times + 1
                            ELSE 1 END AS occurrence
                  FROM (SELECT i.*, CASE WHEN i.blocked IS NULL THEN %(level)s END
                                    AS level_id
                          FROM (SELECT i.*, %(blocked)s AS blocked FROM known i) i) i
                  LEFT JOIN clinic_followup_level entered ON entered.id = i.level_id
            )
            """,
            items=self._items_sql(company, moment.today, partners),
            known=self._known_sql(company, partners, default),
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
            """,
            key=str(company.id),
            default=default.id or None,
            company=company.id,
            done=self._done_sql(company, partners),
        )

    def _done_sql(self, company, partners):
        """The last level each item went through: rank = place x 1000 + occurrence."""
        return SQL(
            """
            SELECT entry.move_id, entry.partner_id, entry.date_maturity,
                   MAX(level.sequence * 1000 + entry.occurrence) AS rank,
                   MAX(entry.date) AS last_on,
                   BOOL_OR(entry.state = 'planned') AS pending
              FROM clinic_followup_entry entry
              JOIN clinic_followup_level level ON level.id = entry.level_id
             WHERE entry.company_id = %(company)s AND entry.state != 'void' %(restrict)s
             GROUP BY 1, 2, 3
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
                WHEN i.pending THEN 'pending'
                WHEN %(postponed)s THEN 'postponed'
                WHEN %(spacing)s THEN 'spacing'
            END""",
            today=moment.today,
            standing=standing or (0,),
            postponed=SQL("FALSE")
            if by_hand
            else SQL("i.postponed_until > %s", moment.today),
            spacing=spacing,
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

    # -- decide ----------------------------------------------------------------

    def _decide(self, companies, partners=None, by_hand=False):
        """Insert the entries of the items whose next level is reached.

        Running it again inserts nothing new.

        :param companies: `res.company` records, each decided on its own
        :param partners: guarantors to restrict to, or None for everybody
        :param bool by_hand: spacing and postponing don't count
        :return: number of entries inserted
        """
        self.env.flush_all()
        count = 0
        for company in companies:
            moment = Moment(fields.Datetime.now(), company._get_clinic_tz())
            policies = self._get_policies(company, moment)
            if any(not reason for reason in policies.values()):
                self.env.cr.execute(
                    self._insert_sql(company, moment, policies, partners, by_hand)
                )
                count += self.env.cr.rowcount
        if count:
            self.env.invalidate_all(flush=False)
        return count

    def _get_policies(self, company, moment):
        """Return {policy: why it stands still, or ""} of all policies of a company."""
        policies = (
            self.env["clinic.followup.policy"]
            .sudo()
            .search([("company_id", "parent_of", company.id)])
        )
        return {policy: policy._get_standstill(moment) for policy in policies}

    def _insert_sql(self, company, moment, policies, partners, by_hand):
        return SQL(
            """
            WITH %(leveled)s,
            planned AS MATERIALIZED (
                SELECT i.* FROM leveled i JOIN (%(due)s) due
                    ON due.guarantor_id = i.guarantor_id
                   AND due.currency_id = i.currency_id
                 WHERE i.level_id IS NOT NULL
            ),
            opened AS (
                INSERT INTO clinic_followup_case
                       (partner_id, company_id, last_reminder_on,
                        create_uid, create_date, write_uid, write_date)
                SELECT DISTINCT guarantor_id, %(company)s, %(today)s::date,
                       %(uid)s, %(now)s::timestamp, %(uid)s, %(now)s::timestamp
                  FROM planned WHERE case_id IS NULL
                RETURNING id, partner_id
            ),
            touched AS (
                UPDATE clinic_followup_case SET last_reminder_on = %(today)s
                 WHERE id IN (SELECT case_id FROM planned)
            )
            INSERT INTO clinic_followup_entry
                   (case_id, company_id, partner_id, move_id, move_name, date_maturity,
                    level_id, occurrence, currency_id, residual, state, date,
                    decided_at)
            SELECT COALESCE(i.case_id, opened.id), %(company)s, i.partner_id, i.move_id,
                   i.move_name, i.date_maturity, i.level_id, i.occurrence,
                   i.currency_id, i.residual, 'planned', %(today)s, %(now)s
              FROM planned i
              LEFT JOIN opened ON opened.partner_id = i.guarantor_id
            """,
            leveled=self._leveled_sql(company, moment, policies, partners, by_hand),
            due=self._due_sql(policies, moment),
            company=company.id,
            today=moment.today,
            now=moment.utc,
            uid=self.env.uid,
        )

    def _decide_safely(self, company):
        """Decide for one company; a failure is told on its policy, the others go on.

        :return: number of entries inserted
        """
        policy = company._get_clinic_followup_policy().sudo()
        try:
            with self.env.cr.savepoint():
                return self._decide_alone(company, policy)
        except CONFLICTS as error:
            _logger.info("Company %s is decided elsewhere: %s", company.id, error)
        except (UserError, psycopg2.Error) as error:
            _logger.warning("Follow-up of company %s failed: %s", company.id, error)
            policy._note_run(str(error))
        return 0

    def _decide_alone(self, company, policy):
        """Decide and note it, unless another transaction is at it."""
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
            [self._name, company.id],
        )
        if not self.env.cr.fetchone()[0]:
            return 0
        count = self._decide(company)
        moment = Moment(fields.Datetime.now(), company._get_clinic_tz())
        policy._note_run(policy and policy._get_standstill(moment))
        return count
