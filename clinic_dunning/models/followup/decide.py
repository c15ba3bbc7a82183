import logging

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .decision import BRIEF
from .moment import Moment

_logger = logging.getLogger(__name__)

# So many people are looked up one by one; for more the whole ledger is read.
FEW = 10_000

CONFLICTS = (
    psycopg2.errors.UniqueViolation,
    psycopg2.extensions.TransactionRollbackError,
)


class ClinicFollowupDecision(models.AbstractModel):
    """Write down what the builder finds: cases and entries."""

    _inherit = "clinic.followup.decision"

    def _decide(self, companies, partners=None, by_hand=False):
        """Insert the entries of the items whose next level is reached.

        Running it again inserts nothing new.

        :param companies: `res.company` records, each decided on its own
        :param partners: guarantors to restrict to, or None for everybody
        :param bool by_hand: spacing and postponing don't count
        :return: number of entries inserted
        """
        self.env.flush_all()
        self._plan_for_ledger()
        count = 0
        for company in companies:
            moment = Moment(fields.Datetime.now(), company._get_clinic_tz())
            policies = self._get_policies(company, moment)
            if all(policies.values()):
                continue
            people = partners
            if partners is None:
                people = self._find_candidates(company, moment, policies)
            if people is None or people:
                self.env.cr.execute(
                    self._plan_sql(company, moment, policies, people, by_hand)
                )
                count += self._insert_planned(company, moment)
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

    def _find_candidates(self, company, moment, policies):
        """Return whom a run may follow up today: nearly nobody on most days.

        Bills are looked at one by one, without the sums and credits that decide.

        :return: `res.partner` records, or None where looking at everybody is quicker
        """
        self.env.cr.execute(
            "SELECT FROM clinic_followup_entry WHERE company_id = %s LIMIT 1",
            [company.id],
        )
        if not self.env.cr.rowcount:
            return None
        bills = SQL(
            "%s OFFSET 0",
            self._lines_sql(company, moment.today, with_credits=False),
        )
        self.env.cr.execute(
            SQL(
                """
                WITH %s SELECT DISTINCT guarantor_id FROM placed
                 WHERE level_id IS NOT NULL LIMIT %s
                """,
                self._placed_sql(bills, company, moment, policies),
                FEW + 1,
            )
        )
        ids = [guarantor for (guarantor,) in self.env.cr.fetchall()]
        return self.env["res.partner"].browse(ids) if len(ids) <= FEW else None

    def _plan_sql(self, company, moment, policies, partners, by_hand):
        """Put what is to be entered aside: only a bare SELECT is run in parallel."""
        return SQL(
            """
            CREATE TEMP TABLE clinic_planned ON COMMIT DROP AS
            WITH %(leveled)s
            SELECT i.guarantor_id, i.case_id, i.partner_id, i.move_id, i.date_maturity,
                   i.level_id, i.occurrence, i.currency_id, i.residual
              FROM leveled i JOIN (%(due)s) due
                ON due.guarantor_id = i.guarantor_id
               AND due.currency_id = i.currency_id
             WHERE i.level_id IS NOT NULL
            """,
            leveled=self._leveled_sql(
                company, moment, policies, partners, by_hand, columns=BRIEF
            ),
            due=self._due_sql(policies, moment),
        )

    def _insert_planned(self, company, moment):
        """Open the missing cases, enter what is planned, and return how much it is."""
        count = self.env.cr.rowcount
        if count:
            self._insert_cases(company, moment)
            self._insert_entries(company, moment)
        self.env.cr.execute("DROP TABLE clinic_planned")
        return count

    def _insert_cases(self, company, moment):
        self.env.cr.execute(
            """UPDATE clinic_followup_case SET last_reminder_on = %s
                WHERE id IN (SELECT case_id FROM clinic_planned)""",
            [moment.today],
        )
        self.env.cr.execute(
            """
            INSERT INTO clinic_followup_case
                   (partner_id, company_id, last_reminder_on, create_date, write_date)
            SELECT DISTINCT guarantor_id, %(company)s, %(today)s::date,
                   %(now)s::timestamp, %(now)s::timestamp
              FROM clinic_planned WHERE case_id IS NULL ORDER BY guarantor_id
            """,
            {"company": company.id, "today": moment.today, "now": moment.utc},
        )

    def _insert_entries(self, company, moment):
        self.env.cr.execute(
            """
            INSERT INTO clinic_followup_entry
                   (case_id, company_id, partner_id, move_id, move_name, date_maturity,
                    level_id, occurrence, currency_id, residual, state, date,
                    decided_at)
            SELECT cases.id, cases.company_id, i.partner_id, i.move_id, move.name,
                   i.date_maturity, i.level_id, i.occurrence, i.currency_id, i.residual,
                   'planned', %(today)s, %(now)s
              FROM clinic_planned i
              JOIN account_move move ON move.id = i.move_id
              JOIN clinic_followup_case cases
                ON cases.partner_id = i.guarantor_id
               AND cases.company_id = %(company)s
             ORDER BY i.move_id
            """,
            {"company": company.id, "today": moment.today, "now": moment.utc},
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
