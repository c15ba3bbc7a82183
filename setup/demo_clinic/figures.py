"""Count what the main job found and did, straight from the tables."""

from odoo import fields

from .companies import find
from .deposits import get_key
from .followup import get_policies
from .practices import OUTCOMES
from .reasons import COVERED, REASONS, SMALL

# Open receivables of patients and of third-party payers, straight from the ledger: the
# same question as the addon's, asked in another way.
ITEMS = """
    SELECT line.company_id, line.currency_id,
           debtor.clinic_is_third_party_payer AS payer,
           COALESCE(line.date_maturity, line.date) < CURRENT_DATE AS overdue,
           COUNT(DISTINCT (line.move_id, line.partner_id, line.date_maturity)) AS items,
           SUM(line.amount_residual_currency) AS amount
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN res_partner debtor ON debtor.id = line.partner_id
     WHERE line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
       AND line.reconciled IS NOT TRUE AND line.amount_residual > 0
       AND line.company_id IN %s
     GROUP BY 1, 2, 3, 4
"""
ENTRIES = """
    SELECT entry.company_id, entry.level_id, entry.currency_id,
           COUNT(DISTINCT entry.case_id) AS people, COUNT(*) AS items,
           SUM(entry.residual) AS amount
      FROM clinic_followup_entry entry JOIN clinic_followup_level level
           ON level.id = entry.level_id
     WHERE entry.id > %s AND entry.state != 'void'
     GROUP BY 1, 2, 3, level.sequence ORDER BY 1, level.sequence, 3
"""
# What a person owes in one currency: due items, and all of that less credits.
NETS = """
    SELECT person, company_id, SUM(items) AS items, SUM(net) AS net FROM (
        SELECT COALESCE(move.clinic_guarantor_id, line.partner_id) AS person,
               line.company_id, line.currency_id, line.amount_residual AS net,
               (line.amount_residual > 0)::int AS items
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner debtor ON debtor.id = line.partner_id
         WHERE line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
           AND account.account_type = 'asset_receivable' AND line.company_id IN %s
           AND debtor.clinic_is_third_party_payer IS NOT TRUE
           AND (line.amount_residual < 0 OR line.date_maturity <= CURRENT_DATE)
    ) due GROUP BY person, company_id, currency_id HAVING SUM(items) > 0
"""


class Figures:
    """What was there before the job, and what is there after it."""

    def __init__(self, env):
        self.env = env
        self.last_entry = self.find_last("clinic_followup_entry")
        self.last_message = self.find_last("clinic_message")
        self.is_first_run = not self.last_entry
        self.blocked = {}
        self.mails = []

    def find_last(self, table):
        self.env.cr.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # our own name
        return self.env.cr.fetchone()[0]

    def note_held_back(self, policy):
        """Remember why items are held back, before the job changes the reasons."""
        preview = self.env["clinic.followup.decision"]._preview(policy)
        self.blocked[policy.company_id] = {
            **self.count_nets(policy),
            **{
                text: preview["blocked"][code]
                for code, text in REASONS.items()
                if code in preview["blocked"]
            },
            **self.count_holds(policy.company_id),
        }

    def count_nets(self, policy):
        """Return how many items are left alone because of their person's balance."""
        counts = {COVERED: 0, SMALL: 0}
        for row in self.fetch(NETS, [policy.company_id._ids]):
            if row["net"] <= 0:
                counts[COVERED] += row["items"]
            elif row["net"] < policy.tolerance:
                counts[SMALL] += row["items"]
        return {text: number for text, number in counts.items() if number}

    def count_holds(self, company):
        """Return {pause in words: number of open items} of one company."""
        holds = self.env["clinic.followup.hold"].search(
            [("company_id", "=", company.id), ("is_active", "in", [True])]
        )
        words = dict(holds._fields["reason"]._description_selection(self.env))
        decision = self.env["clinic.followup.decision"]
        counts = {}
        for hold in holds:
            items = decision._get_open_items(hold.partner_id, company)
            text = f"Paused: {words[hold.reason]}"
            counts[text] = counts.get(text, 0) + sum(i["residual"] > 0 for i in items)
        return counts

    def read(self, mailbox, twilio):
        self.env.invalidate_all()
        self.policies = get_policies(self.env)
        self.companies = self.policies.company_id
        self.mails = list(mailbox.messages)
        self.read_appointments()
        self.phone_texts = [message.body for message in twilio.outbound]
        self.items = self.fetch(ITEMS, [self.companies._ids])
        self.entries = self.fetch(ENTRIES, [self.last_entry])
        self.messages = self.env["clinic.message"].search(
            [("id", ">", self.last_message)], order="id"
        )

    def read_appointments(self):
        """Remember the deposits of each outcome, and how many visits are ahead."""
        found = [find(self.env, "deposit", get_key(outcome)) for outcome in OUTCOMES]
        self.deposits = self.env["clinic.deposit"].union(*filter(None, found))
        self.booking_count = self.env["resource.booking"].search_count(
            [("start", ">", fields.Datetime.now())]
        )

    def fetch(self, query, parameters):
        self.env.flush_all()
        self.env.cr.execute(query, parameters)
        return self.env.cr.dictfetchall()

    def sum_items(self, company, value, **wanted):
        """Add up a column of the open items that have these values."""
        return sum(
            row[value]
            for row in self.items
            if row["company_id"] == company.id
            and all(bool(row[key]) == flag for key, flag in wanted.items())
        )

    @property
    def entry_count(self):
        return sum(row["items"] for row in self.entries)

    def group_messages(self):
        """Return {(company, channel): {column: number}} of this run's messages."""
        groups = {}
        for message in self.messages:
            row = groups.setdefault((message.company_id, message.channel or "none"), {})
            column = "approve" if message.approval == "pending" else message.state
            row[column] = row.get(column, 0) + 1
        return groups

    def count_fallbacks(self):
        """Messages that another channel carried, after the first one had failed."""
        return sum(
            len(set(message.attempt_ids.mapped("channel"))) > 1
            for message in self.messages
        )

    def count_nothing_to_do(self, company):
        """Open items that are neither followed up now nor held back: not yet time."""
        decided = sum(r["items"] for r in self.entries if r["company_id"] == company.id)
        held = sum(self.blocked.get(company, {}).values())
        return self.sum_items(company, "items", payer=False) - decided - held

    def group_reasons(self):
        """Return {reason in words: number} of messages that did not go out."""
        reasons = {}
        for message in self.messages:
            if message.reason and message.state != "delivered":
                reasons[message.reason] = reasons.get(message.reason, 0) + 1
        return dict(sorted(reasons.items(), key=lambda item: -item[1]))
