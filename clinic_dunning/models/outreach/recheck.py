from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import fields, models

DEFAULT_WINDOW = (9.0, 19.0, False)
DEFAULT_CAP = 3
PAYMENT_WAIT = timedelta(hours=1)
# A transfer that was announced and never came says nothing any more.
PAYMENT_DAYS = timedelta(days=10)
# Exceptions of money that may have come and is in no books: nobody is asked for it
# again until a person has looked.
NOT_BOOKED = ("failed", "late", "mismatch")


class Verdict(NamedTuple):
    """What the re-check says of one message.

    outcome: send, later (not before `until`, naive UTC), skip (nothing to say), cancel
    (must not be said), next (this channel can't be used) or hold_out (not said for the
    sake of the wording test `test`)
    channel: the one that may be used now, where the outcome is send
    """

    outcome: str
    reason: str = ""
    until: datetime | None = None
    items: tuple = ()
    also_open: tuple = ()
    amount: float = 0.0
    channel: str = ""
    test: models.Model | None = None


class ClinicMessage(models.Model):
    """May it still go out? Asked when it is claimed and again just before it leaves."""

    _inherit = "clinic.message"

    def _recheck(self):
        """Return {message: Verdict} from what is true in this transaction.

        Looks at expiry, pauses, disputes, what is still owed, payments under way, the
        channel, consent and the hour where the recipient lives.
        """
        open_items = self._get_open_items_by_case()
        paying = self._get_moves_being_paid(open_items)
        verdicts = {
            message: message._recheck_words(open_items.get(message.case_id, ()), paying)
            for message in self
        }
        said = self.filtered(lambda message: verdicts[message].outcome == "send")
        for message, channel in said._next_channels().items():
            verdicts[message] = message._recheck_way(verdicts[message], channel)
        return verdicts

    def _get_open_items_by_case(self):
        decision = self.env["clinic.followup.decision"]
        items = {}
        for company, cases in self.case_id.grouped("company_id").items():
            rows = {}
            for row in decision._get_open_items(cases.partner_id, company):
                rows.setdefault(row["guarantor_id"], []).append(row)
            items.update({case: rows.get(case.partner_id.id, []) for case in cases})
        return items

    def _get_moves_being_paid(self, open_items):
        """Return the ids of moves with a payment under way, or one to look at.

        For ten days: then what was chosen and never paid is no reason to wait. Money
        that came and is not in the books is one until a person has dealt with it.
        """
        moves = {row["move_id"] for rows in open_items.values() for row in rows}
        if not moves:
            return set()
        self.env["payment.transaction"].flush_model()
        self.env["clinic.payment.exception"].flush_model()
        self.env.cr.execute(
            """SELECT rel.invoice_id FROM account_invoice_transaction_rel rel
                 JOIN payment_transaction tx ON tx.id = rel.transaction_id
                WHERE rel.invoice_id IN %(moves)s
                  AND (tx.state IN ('pending', 'authorized')
                           AND tx.last_state_change > %(since)s
                       OR tx.state = 'done' AND tx.is_post_processed IS NOT TRUE
                       OR tx.payment_id IS NULL
                           AND EXISTS (
                               SELECT FROM clinic_payment_exception doubt
                                WHERE doubt.transaction_id = tx.id
                                  AND doubt.state = 'open'
                                  AND doubt.kind IN %(kinds)s)
                           AND NOT EXISTS (
                               SELECT FROM payment_transaction child
                                WHERE child.source_transaction_id = tx.id))""",
            {
                "moves": tuple(moves),
                "since": fields.Datetime.now() - PAYMENT_DAYS,
                "kinds": NOT_BOOKED,
            },
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _recheck_words(self, open_items, paying):
        """Return whether it may still be said, and for what amount."""
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            return Verdict("skip", self.env._("Its moment has passed."))
        if reason := self._get_stop_reason():
            return Verdict("cancel", reason)
        return self._recheck_amount(open_items, paying)

    def _recheck_way(self, verdict, channel):
        """Return whether it may leave now, by that channel (False: there is none)."""
        if not channel:
            return Verdict("next", self._get_obstacles_text())
        if until := self._get_next_opening(channel):
            return Verdict(
                "later", self.env._("Nobody is written to at this hour."), until
            )
        if test := self._get_hold_out():
            return Verdict("hold_out", test=test)
        return verdict._replace(channel=channel)

    def _get_stop_reason(self):
        """Return why this must not be said to this person, or ''."""
        case = self.case_id
        if not case:
            return ""
        policy = self.level_id.policy_id.sudo()
        if policy and policy.state != "active":
            return self.env._("The policy “%s” is off.", policy.name)
        if case.hold_ids.filtered("is_active"):
            return self.env._("The follow-up was paused.")
        partner = case.partner_id.with_company(case.company_id)
        if partner.clinic_followup_mode == "none":
            return self.env._("Follow-up is switched off for this person.")
        today = case.company_id._get_clinic_today()
        if case.postponed_until and case.postponed_until > today:
            return self.env._("The reminder was postponed.")
        return ""

    # -- what is owed ----------------------------------------------------------

    def _recheck_amount(self, open_items, paying):
        """Compare what the message speaks of with what is open now, less credits."""
        entries = self._get_entries()
        if not entries:
            return Verdict("send", amount=self.amount)
        if all(entry.state == "void" for entry in entries):
            return Verdict("cancel", self.env._("The reminder was withdrawn."))
        if self.level_id._is_legal():
            entries = entries.filtered(lambda entry: entry.level_id._is_legal())
        keys = {(e.move_id.id, e.partner_id.id, e.date_maturity) for e in entries}
        rows = [
            row
            for row in open_items
            if row["currency_id"] == self.currency_id.id
            and not (row["residual"] > 0 and (row["no_followup"] or row["disputed"]))
        ]
        listed = [r for r in rows if r["residual"] > 0 and self._item_key(r) in keys]
        if not listed:
            return Verdict("skip", self.env._("Nothing is due any more."))
        if paying & {row["move_id"] for row in listed}:
            until = fields.Datetime.now() + PAYMENT_WAIT
            return Verdict("later", self.env._("A payment is under way."), until)
        return self._weigh(rows, listed, keys)

    def _item_key(self, row):
        return (row["move_id"], row["partner_id"], row["date_maturity"])

    def _weigh(self, rows, listed, keys):
        """Net the credits and say what to ask for: never more than is due."""
        today = self.company_id._get_clinic_today()
        due = [
            row
            for row in rows
            if row["residual"] < 0
            or row["date_maturity"] < today
            or self._item_key(row) in keys
        ]
        net = float(sum(row["residual"] for row in due))
        net_company = float(sum(row["residual_company"] for row in due))
        tolerance = self.case_id._get_policy().sudo().tolerance
        company_currency = self.company_id.currency_id
        if self.currency_id.compare_amounts(net, 0) <= 0:
            return Verdict("skip", self.env._("Credits cover what is due."))
        if company_currency.compare_amounts(net_company, tolerance) < 0:
            return Verdict("skip", self.env._("What is left is under the tolerance."))
        asked = self._choose_asked(due, listed, today)
        amount = min(net, float(sum(row["residual"] for row in asked)))
        others = [r for r in rows if r["residual"] > 0 and r not in asked]
        return Verdict(
            "send", items=tuple(asked), also_open=tuple(others), amount=amount
        )

    def _choose_asked(self, due, listed, today):
        """Return the items to ask for; the others are named as "also open" at most.

        A legal step and a note before the due date speak of their own items only, a
        reminder after the due date of nothing that is not due yet.
        """
        level = self.level_id
        if level._is_legal() or level._is_before_due():
            return listed
        owed = [row for row in due if row["residual"] > 0]
        if level.anchor == "due_date":
            owed = [row for row in owed if row["date_maturity"] <= today]
        return owed or listed

    # -- when ------------------------------------------------------------------

    def _get_next_opening(self, channel):
        """Return when the window opens where the recipient lives, if it is closed now.

        :return: naive UTC moment, or False when it is open or the channel disturbs
            nobody
        """
        if channel in self._get_silent_channels() or self._is_awaited():
            return False
        zone = pytz.timezone(self.partner_id._get_clinic_tz(self.company_id))
        here = (
            pytz.utc.localize(fields.Datetime.now())
            .astimezone(zone)
            .replace(tzinfo=None)
        )
        opening = self._find_opening(here)
        if opening == here:
            return False
        return zone.localize(opening).astimezone(pytz.utc).replace(tzinfo=None)

    def _get_silent_channels(self):
        """Channels that disturb nobody at night: staff act on them by day."""
        return {"letter", "phone"}

    def _find_opening(self, here):
        begin, end, weekend = self._get_window()
        for days in range(8):
            day = here.date() + timedelta(days=days)
            if day.weekday() >= 5 and not weekend:
                continue
            opens = datetime.combine(day, time.min) + timedelta(hours=begin)
            closes = datetime.combine(day, time.min) + timedelta(hours=end)
            if here < closes:
                return max(opens, here)
        raise AssertionError("a week without a working day")

    def _get_window(self):
        """Return (from, until, also at weekends) of the policy, in hours of the day."""
        policy = self.level_id.policy_id or self.case_id and self.case_id._get_policy()
        if not policy:
            return DEFAULT_WINDOW
        policy = policy.sudo()
        return policy.window_from, policy.window_to, policy.window_weekend

    def _is_awaited(self):
        """Return whether the recipient waits for it: at any hour, uncounted."""
        return False

    def _get_weekly_cap(self):
        """Return how many messages a week the address takes before this one; 0: any.

        The reminder of a visit, or word of money given back, can't wait for a week.
        """
        if self._is_awaited() or self.purpose == "appointment":
            return 0
        policy = self.level_id.policy_id or self.case_id and self.case_id._get_policy()
        return policy.sudo().weekly_cap if policy else DEFAULT_CAP
