import time

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .large_send import FIRST

BATCH = 1000
SLICE_SECONDS = 10


class ClinicMessage(models.Model):
    """Entries become messages: one for each guarantor, company and currency."""

    _inherit = "clinic.message"

    @api.model
    def _cron_compose(self):
        """Scheduled action: write the messages of planned entries, batch by batch."""
        started = time.monotonic()
        waiting = self._count_to_compose()
        self._learn_entries(waiting)
        self.env["ir.cron"]._commit_progress(remaining=waiting)
        newest = self._insist(self._open_large_sends)
        while newest and (done := self._insist(self._compose, BATCH, None, newest)):
            self.env["ir.cron"]._commit_progress(done)
            if time.monotonic() - started > SLICE_SECONDS:
                self._trigger_compose()
                return
        if self._count_to_compose():
            self._trigger_compose()
        else:
            self._end_first_runs()
        self.env["ir.cron"]._commit_progress(0)
        self.env["clinic.stop.event"]._trigger_sweep()

    @api.model
    def _count_to_compose(self):
        return self.env["clinic.followup.entry"].search_count(
            [("state", "=", "planned"), ("message_id", "=", False)]
        )

    @api.model
    def _learn_entries(self, waiting):
        """Let PostgreSQL hear of many fresh entries, or it plans for a few."""
        if waiting > BATCH:
            self.env.cr.execute("ANALYZE clinic_followup_entry, clinic_followup_case")

    @api.model
    def _compose(self, limit=BATCH, cases=None, newest=None):
        """Write the messages of the planned entries of so many cases.

        Nothing is rendered here: texts and links are made when they are sent. The
        highest level of a group speaks for it.

        :param int limit: how many cases
        :param cases: cases to restrict to, or None
        :param newest: id of the last entry to look at, or None: later ones were not
            counted when large sends were opened
        :return: number of messages made; 0 when nothing is left
        """
        self.env.flush_all()
        known = SQL("AND entry.id <= %s", newest) if newest else SQL()
        self.env.cr.execute(self._compose_sql(limit, cases, known))
        messages = self.env.cr.fetchall()
        if messages:
            self._attach_entries([row[:2] for row in messages], known)
            self._note_let_go(row[2:] for row in messages)
        self.env.invalidate_all(flush=False)
        return len(messages)

    @api.model
    def _compose_all(self, cases):
        """Write the messages of these cases and return those that are new."""
        last = self.search([], order="id desc", limit=1).id or 0
        if len(cases) > self.env["clinic.large.send"]._get_large():
            self._open_large_sends(cases)
        self._compose(limit=len(cases), cases=cases)
        return self.search([("case_id", "in", cases.ids), ("id", ">", last)])

    def _compose_sql(self, limit, cases, known):
        large = self.env["clinic.large.send"]._get_large()
        return SQL(
            """
            WITH cases AS (%(cases)s), groups AS (%(groups)s)
            INSERT INTO clinic_message
                   (partner_id, patient_id, company_id, currency_id, amount, topic_id,
                    level_id, route_id, leg, case_id, res_model, res_id, dedupe_key,
                    not_before, expires_at, state, proof, large_send_id, approval,
                    is_first, create_uid, create_date, write_uid, write_date)
            SELECT new.*, new.large_send_id IS NOT NULL AND new.approval = 'none',
                   %(uid)s, %(now)s::timestamp, %(uid)s, %(now)s::timestamp
              FROM (%(messages)s) new
            RETURNING id, leg, large_send_id, is_first
            """,
            cases=self._next_cases_sql(limit, cases, known),
            groups=self._groups_sql(known),
            messages=self._messages_sql(cases is None or len(cases) > large),
            now=fields.Datetime.now(),
            uid=self.env.uid,
        )

    def _next_cases_sql(self, limit, cases, known):
        """The cases of one batch."""
        restrict = known
        if cases is not None:
            restrict = SQL("AND entry.case_id IN %s", tuple(cases.ids) or (0,))
        return SQL(
            """SELECT case_id FROM clinic_followup_entry entry
                WHERE state = 'planned' AND message_id IS NULL %(restrict)s
                GROUP BY case_id ORDER BY case_id LIMIT %(limit)s""",
            restrict=restrict,
            limit=limit,
        )

    def _groups_sql(self, known):
        """What a case owes in one currency, and the level that speaks for it."""
        return SQL(
            """SELECT entry.case_id, entry.company_id, entry.currency_id,
                      MIN(entry.id) AS first_id, SUM(entry.residual) AS amount,
                      MIN(entry.date_maturity) FILTER (
                          WHERE level.anchor = 'due_date' AND level.delay < 0
                      ) AS first_due,
                      CASE WHEN COUNT(DISTINCT COALESCE(
                               move.clinic_patient_id, entry.partner_id)) = 1
                           THEN MIN(COALESCE(move.clinic_patient_id,
                                             entry.partner_id)) END AS patient_id,
                      (ARRAY_AGG(entry.level_id
                                 ORDER BY level.sequence DESC, level.id)
                      )[1] AS level_id
                 FROM clinic_followup_entry entry
                 JOIN clinic_followup_level level ON level.id = entry.level_id
                 LEFT JOIN account_move move ON move.id = entry.move_id
                WHERE entry.state = 'planned' AND entry.message_id IS NULL %s
                  AND entry.case_id = ANY (ARRAY(SELECT case_id FROM cases))
                GROUP BY 1, 2, 3""",
            known,
        )

    def _messages_sql(self, may_be_large):
        """One message for each leg of a group's route."""
        return SQL(
            """SELECT cases.partner_id, groups.patient_id, groups.company_id,
                      groups.currency_id, groups.amount, level.topic_id, level.id,
                      level.route_id, legs.leg, groups.case_id, 'clinic.followup.case',
                      groups.case_id, 'entry:' || groups.first_id || ':' || legs.leg,
                      %(now)s::timestamp
                      + COALESCE(level.pause_minutes, 0) * interval '1 minute',
                      CASE WHEN level.anchor = 'due_date' AND level.delay < 0
                           THEN groups.first_due::timestamp
                                AT TIME ZONE zones.name AT TIME ZONE 'UTC' END,
                      'queued', 'none', send.id AS large_send_id,
                      %(approval)s AS approval
                 FROM groups
                 JOIN clinic_followup_case cases ON cases.id = groups.case_id
                 JOIN res_partner person ON person.id = cases.partner_id
                 JOIN clinic_followup_level level ON level.id = groups.level_id
                 JOIN clinic_followup_policy policy ON policy.id = level.policy_id
                 JOIN (VALUES %(zones)s) AS zones (company_id, name)
                   ON zones.company_id = groups.company_id
                 JOIN (VALUES %(legs)s) AS legs (route_id, leg, is_automatic)
                   ON legs.route_id = COALESCE(level.route_id, 0)
                 LEFT JOIN clinic_large_send send
                   ON send.level_id = level.id AND send.company_id = groups.company_id
                  AND send.state IN ('first', 'waiting')
                  AND legs.is_automatic AND %(may_be_large)s
                ORDER BY groups.first_id, legs.leg""",
            now=fields.Datetime.now(),
            approval=self._approval_sql(),
            zones=self._zones_sql(),
            legs=self._legs_sql(),
            may_be_large=may_be_large,
        )

    def _approval_sql(self):
        """The first run of a policy, and what a person is to send, waits for a yes.

        Of a large send the first ones leave, the others wait for a second person.
        """
        return SQL(
            """CASE WHEN level.mode != 'auto' OR policy.first_run_done IS NOT TRUE
                 OR person.clinic_followup_mode->>groups.company_id::text = 'manual'
               THEN 'pending'
               WHEN send.let_go + ROW_NUMBER() OVER (
                        PARTITION BY send.id ORDER BY groups.first_id, legs.leg) > %s
               THEN 'held' ELSE 'none' END""",
            FIRST,
        )

    def _zones_sql(self):
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        return SQL(", ").join(
            SQL("(%s, %s)", company.id, company._get_clinic_tz())
            for company in companies
        )

    def _legs_sql(self):
        routes = self.env["clinic.contact.route"].sudo().with_context(active_test=False)
        rows = [(0, 0, False)]
        for route in routes.search(Domain.TRUE):
            rows += [
                (route.id, leg, self._is_automatic(channels))
                for leg, channels in enumerate(route._get_legs() or [[]])
            ]
        return SQL(", ").join(SQL("(%s, %s, %s)", *row) for row in rows)

    def _attach_entries(self, rows, known):
        """Hang entries on the first message of their group, parallel ones on that."""
        leads = [message_id for message_id, leg in rows if leg == 0]
        self.env.cr.execute(
            SQL(
                """
                UPDATE clinic_followup_entry entry SET message_id = lead.id
                  FROM clinic_message lead
                 WHERE lead.id IN %s AND entry.case_id = lead.case_id
                   AND entry.currency_id = lead.currency_id
                   AND entry.state = 'planned' AND entry.message_id IS NULL %s
                """,
                tuple(leads),
                known,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE clinic_message parallel SET lead_id = lead.id
                  FROM clinic_message lead
                 WHERE parallel.id IN %(new)s AND parallel.leg > 0
                   AND lead.id IN %(leads)s AND lead.case_id = parallel.case_id
                   AND lead.currency_id = parallel.currency_id
                """,
                new=tuple(row[0] for row in rows),
                leads=tuple(leads),
            )
        )

    @api.model
    def _end_first_runs(self):
        """A policy whose first messages wait for a yes needs none for all the others.

        What a person sent by hand before that was no run: it waits for nobody.
        """
        waiting = self._read_group(
            [
                ("approval", "=", "pending"),
                ("level_id.policy_id.state", "=", "active"),
                ("level_id.policy_id.first_run_done", "=", False),
            ],
            ["level_id"],
        )
        self.env["clinic.followup.policy"].union(
            *[level.policy_id for (level,) in waiting]
        ).first_run_done = True
