from datetime import date
from typing import NamedTuple

import pytz

from odoo import models
from odoo.exceptions import AccessError
from odoo.tools import format_date, format_time


class Event(NamedTuple):
    """One line of the chronology: the clinic's day and time, and what happened."""

    day: date
    time: str
    what: str
    detail: str = ""


class ClinicFollowupCase(models.Model):
    """The evidence file: what was said, offered, promised and paid, day by day.

    It may be read by a mediator or a court: numbers, dates, neutral labels and amounts,
    never what care was about. An addon adds its events in `_get_events`.
    """

    _inherit = "clinic.followup.case"

    def action_print_evidence(self):
        """Print the evidence file."""
        return self.env.ref("clinic_dunning.action_report_evidence").report_action(self)

    def _get_evidence_values(self):
        """Return what the report needs, and note who took the file.

        :raise AccessError: for who is no officer
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("clinic_dunning.group_billing_officer"):
            raise AccessError(
                self.env._("The evidence file is for billing officers and managers.")
            )
        self.env["clinic.access.log"]._note(
            self.partner_id, self.company_id, "evidence", self.env.user
        )
        case_sudo = self.sudo()
        return {
            "case": case_sudo,
            "as_of": self.env._(
                "As of %s", self._say_day(self.company_id._get_clinic_today())
            ),
            "events": case_sudo._get_chronology(),
            "items": case_sudo._get_item_rows(self.env["clinic.followup.decision"]),
        }

    def _get_chronology(self):
        """Return the events of this case, the oldest first."""
        return sorted(self._get_events(), key=lambda event: (event.day, event.time))

    def _get_events(self):
        """Return the events of all kinds, in any order (sudo)."""
        moves = self._get_evidence_moves()
        return [
            *self._get_bill_events(moves),
            *self._get_payment_events(moves),
            *self._get_dispute_events(moves),
            *self._get_notice_events(),
            *self._get_talk_events(),
            *self._get_promise_events(),
            *self._get_pause_events(),
            *self._get_choice_events(),
        ]

    def _get_evidence_moves(self):
        """Return the documents that this person was or is asked to pay."""
        moves = self.entry_ids.move_id | self.invoice_ids | self.promise_ids.move_ids
        return moves.filtered(
            lambda move: not move.clinic_confidential
            or move.clinic_patient_id == self.partner_id
        )

    # -- helpers -----------------------------------------------------------------------

    def _event(self, when, what, detail=""):
        """Return an event; a moment (naive UTC) becomes the clinic's day and time."""
        if not hasattr(when, "hour"):
            return Event(when, "", what, detail)
        zone = pytz.timezone(self.company_id._get_clinic_tz())
        local = pytz.utc.localize(when).astimezone(zone)
        time = format_time(self.env, local.time(), time_format="HH:mm")
        return Event(local.date(), time, what, detail)

    def _say_day(self, day):
        return format_date(self.env, day) if day else ""

    def _say_note(self, note):
        """Return what a person noted, unless it tells of care."""
        if not note:
            return ""
        reasons = self.env["clinic.message.template"]._find_reasons("service", note)
        return self.env._("(a note is left out)") if reasons else note

    def _say_choice(self, record, name):
        """Return the words of a selection's value."""
        choices = dict(record._fields[name]._description_selection(self.env))
        return choices.get(record[name], "")

    # -- what happened -----------------------------------------------------------------

    def _get_bill_events(self, moves):
        return [
            self._event(
                move.invoice_date or move.date,
                self.env._(
                    "Bill %(number)s of %(amount)s, due on %(date)s",
                    number=move.name,
                    amount=move.currency_id.format(move.amount_total),
                    date=self._say_day(move.invoice_date_due),
                ),
                move.clinic_service_label or "",
            )
            for move in moves
        ]

    def _get_payment_events(self, moves):
        lines = moves.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        return [
            self._event(
                part.credit_move_id.date,
                self._say_payment(part, part.debit_move_id),
                self.env._("for %s", part.debit_move_id.move_id.name),
            )
            for part in lines.matched_credit_ids
        ]

    def _say_payment(self, part, debit):
        credit = part.credit_move_id
        amount = debit.currency_id.format(part.debit_amount_currency)
        if credit.move_id.move_type == "out_refund":
            return self.env._(
                "Credit note %(number)s of %(amount)s",
                number=credit.move_id.name,
                amount=amount,
            )
        if credit.payment_id or credit.journal_id.type in ("bank", "cash"):
            return self.env._("Payment of %s", amount)
        return self.env._("Credit of %s", amount)

    def _get_dispute_events(self, moves):
        disputes = [
            self._event(
                move.clinic_dispute_since,
                self.env._("%s is disputed; no reminder meanwhile", move.name),
                self._say_note(move.clinic_dispute_reason),
            )
            for move in moves
            if move.clinic_dispute_since
        ]
        return disputes + self._get_ended_dispute_events(moves)

    def _get_ended_dispute_events(self, moves):
        changes = self.env["mail.tracking.value"].search(
            [
                ("field_id.name", "=", "clinic_dispute_since"),
                ("old_value_datetime", "!=", False),
                ("new_value_datetime", "=", False),
                ("mail_message_id.model", "=", moves._name),
                ("mail_message_id.res_id", "in", moves.ids),
            ]
        )
        names = {move.id: move.name for move in moves}
        return [
            self._event(
                change.mail_message_id.date,
                self.env._(
                    "The dispute of %(number)s, since %(date)s, is settled",
                    number=names[change.mail_message_id.res_id],
                    date=self._say_day(change.old_value_datetime.date()),
                ),
            )
            for change in changes
        ]

    def _get_notice_events(self):
        attempts = self.message_out_ids.attempt_ids.filtered(
            lambda attempt: attempt.channel != "phone" and attempt.state != "leased"
        )
        return [
            self._event(
                attempt.posted_on or attempt.sent_at or attempt.claimed_at,
                self.env._(
                    "“%(level)s” by %(channel)s: %(state)s",
                    level=attempt.message_id.level_id.name
                    or attempt.message_id.topic_id.name,
                    channel=self._say_choice(attempt, "channel"),
                    state=self._say_choice(attempt, "state"),
                ),
                " · ".join(self._say_proofs(attempt)),
            )
            for attempt in attempts
        ]

    def _say_proofs(self, attempt):
        """Return what proves, or disproves, that a notice arrived."""
        message = attempt.message_id
        if message.amount and message.currency_id:
            yield self.env._("asks for %s", message.currency_id.format(message.amount))
        if attempt.registered_number:
            yield self.env._("registered, number %s", attempt.registered_number)
        for text, moment in (
            (self.env._("received on %s"), attempt.received_on),
            (self.env._("delivered on %s"), attempt.delivered_at),
            (self.env._("read on %s"), attempt.read_at),
        ):
            if moment:
                yield text % self._say_day(moment)
        if attempt.state == "failed" and attempt.error:
            yield attempt.error

    def _get_talk_events(self):
        return [
            self._event(
                call.date,
                self.env._(
                    "%(where)s: %(outcome)s",
                    where=self.env._("Call")
                    if call.by_phone
                    else self.env._("At the desk"),
                    outcome=self._say_choice(call, "outcome"),
                ),
                self._say_note(call.note),
            )
            for call in self.call_ids
        ]

    def _get_promise_events(self):
        return [
            self._event(
                promise.create_date,
                self.env._(
                    "Promise to pay %(amount)s by %(date)s",
                    amount=promise.currency_id.format(promise.amount),
                    date=self._say_day(promise.date),
                ),
                self._say_choice(promise, "state"),
            )
            for promise in self.promise_ids
        ]

    def _get_pause_events(self):
        return [
            self._event(
                hold.create_date,
                self.env._(
                    "Reminders paused until %(end)s: %(reason)s",
                    end=self._say_day(hold.end_date) or self.env._("further notice"),
                    reason=self._say_choice(hold, "reason"),
                ),
                self._say_note(hold.note),
            )
            for hold in self.hold_ids
        ]

    def _get_choice_events(self):
        """Return what the person did on the page and chose about being written to."""
        mine = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "in", [False, self.company_id.id]),
        ]
        links = self.env["clinic.link"].search([*mine, ("used_at", "!=", False)])
        accepted = self.env["clinic.policy.acceptance"].search(mine)
        return [
            *(
                self._event(link.used_at, self.env._("The pay page was used"))
                for link in links
            ),
            *(
                self._event(
                    proof.date,
                    self.env._(
                        "Accepted the payment policy, version %s", proof.version
                    ),
                )
                for proof in accepted
            ),
            *map(self._say_consent, self.env["clinic.consent"].search(mine)),
        ]

    def _say_consent(self, proof):
        text = (
            self.env._("Agreed to be written to: %s")
            if proof.granted
            else self.env._("Asked not to be written to: %s")
        )
        about = [self._say_choice(proof, "purpose"), self._say_choice(proof, "channel")]
        return self._event(proof.date, text % ", ".join(filter(None, about)))
