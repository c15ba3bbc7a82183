from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError

from .deposit import WAITING


class Refund(NamedTuple):
    """What a cancellation gives back; nothing is written for it.

    refunded, kept: amounts in `currency`; of a hold nothing was charged: what is not
    kept is released
    """

    refunded: float
    kept: float
    currency: models.Model
    reason: str


class ClinicDeposit(models.Model):
    """What becomes of a deposit when its visit does not take place."""

    _inherit = "clinic.deposit"

    def _preview_cancel(self, now=None, by="patient"):
        """Return what a cancellation at a moment would give back, as a `Refund`.

        :param datetime now: naive UTC
        :param str by: "patient", "clinic" or "no_show"
        """
        self.ensure_one()
        held = self._get_at_stake()
        share, reason = self._get_kept_share(now or fields.Datetime.now(), by)
        kept = min(held, self._get_left_to_keep(share))
        return Refund(
            self.currency_id.round(held - kept), kept, self.currency_id, reason
        )

    def _get_at_stake(self):
        """Return what a cancellation decides about: held, or open and not going back.

        What was decided before is on its way: nothing is decided twice.
        """
        if self._is_fee_due():
            return 0.0
        if self.state == "authorized" or self._has_card():
            return self.amount
        return self._get_free() if self.state == "paid" else 0.0

    def _get_kept_share(self, now, by):
        """Return (percent kept, why) by the accepted policy and the law."""
        share, reason = self._get_share_of_terms(now, by)
        if share and not self.acceptance_id:
            return 0.0, self.env._("All is given back.")
        return share, reason

    def _get_share_of_terms(self, now, by):
        """Return (percent kept, why), whether or not the terms were accepted yet."""
        if by == "clinic":
            return 0.0, self.env._("Cancelled by the clinic: all is given back.")
        share = self.no_show_share if by == "no_show" else self.late_cancel_share
        if by == "patient" and now <= self.free_until:
            return 0.0, self.env._("Cancelled in time: all is given back.")
        if not share:
            return 0.0, self.env._("All is given back.")
        if not self._may_keep():
            return 0.0, self.env._("All is given back: the law asks for it here.")
        return share, self.env._("%g %% is kept under the terms you accepted.", share)

    def _may_keep(self):
        rules = self.env["clinic.compliance.rule"]
        return all(
            rules._is_allowed(action, self.company_id)
            for action in ("keep", "no_show_fee")
        )

    def _cancel(self, by, reason):
        """End these deposits because their visits are cancelled.

        Keeps what may be kept, gives back or releases the rest, asks for nothing more.
        That is decided once: of what was cancelled before nothing is kept or given
        back again, however long a refund is under way.

        :param str by: "patient", "clinic" or "no_show"
        :param str reason: neutral words for the file
        """
        for deposit in self:
            deposit._lock()
            if deposit._is_fee_due():
                deposit._cancel_fee(by, reason)
            elif not deposit.cancelled_on:
                deposit.sudo().cancelled_on = fields.Datetime.now()
                deposit._cancel_first(by, reason)
            elif by == "clinic":
                deposit._give_up_kept()

    def _cancel_first(self, by, reason):
        """Decide what is kept and what is given back."""
        if self._has_card():
            self._settle_card(self._preview_cancel(by=by), reason)
        elif self.state in WAITING:
            self._expire(reason)
        elif self.state in ("authorized", "paid"):
            self.sudo().reason = reason
            if by == "clinic":
                self._ask_for_arrhes()
            self._settle_cancelled(self._preview_cancel(by=by))
        if by == "clinic":
            self._give_up_kept()

    def _ask_for_arrhes(self):
        """Who takes arrhes and withdraws owes them twice: the law, not Odoo, pays."""
        if self.state == "paid" and self.nature == "arrhes":
            self._ask_staff(
                self.env._("The clinic withdrew: arrhes are owed once more"),
                self.env._(
                    "What was paid is given back by itself. Pay %s more by hand (Code "
                    "civil, art. 1590), unless it was the patient who could not come.",
                    self._format(self.paid),
                ),
            )

    def _give_up_kept(self):
        """The clinic excuses what it kept before: its fee is credited, the money goes.

        A person looks at what can't be given back.
        """
        fees = self.sudo().line_ids.filtered(lambda line: line.kind == "kept").move_id
        if not fees:
            return
        today = fields.Date.context_today(self)
        try:
            with self.env.cr.savepoint():
                fees._reverse_moves(
                    [{"date": today, "ref": fee.name} for fee in fees]
                ).action_post()
                self._refund()
        except UserError as error:
            self._ask_staff(
                self.env._("The deposit of a cancelled visit is not settled"),
                str(error),
            )

    def _cancel_fee(self, by, reason):
        """A fee that is asked for stays asked for, unless it was the clinic's fault."""
        if by == "clinic" and self.state in WAITING:
            self.sudo().to_keep = 0.0
            self._expire(reason)

    def _settle_card(self, refund, reason):
        """Charge the saved card with what is kept, if anything is."""
        deposit = self.sudo()
        if self.currency_id.compare_amounts(refund.kept, 0) > 0:
            deposit.reason = reason
            deposit._charge_saved_card(refund.kept)
        else:
            deposit._expire(reason)

    def _settle_cancelled(self, refund):
        """Keep and give back; what goes wrong stops no cancellation.

        A person looks at it.
        """
        try:
            with self.env.cr.savepoint():
                self._keep_and_give_back(refund)
        except UserError as error:
            self._ask_staff(
                self.env._("The deposit of a cancelled visit is not settled"),
                str(error),
            )

    def _keep_and_give_back(self, refund):
        is_held = self.state == "authorized"
        if self.currency_id.compare_amounts(refund.kept, 0) > 0:
            self._keep_now(refund.kept)
        elif is_held:
            self._release()
        if not is_held and self.currency_id.compare_amounts(refund.refunded, 0) > 0:
            self._refund(refund.refunded)

    def _expire(self, reason):
        """Ask for these deposits no more; late money is dealt with when it comes.

        The fee for a visit that did not take place is not given up with its slot.
        """
        waiting = self.filtered(
            lambda deposit: deposit.state in WAITING and not deposit._is_fee_due()
        )
        waiting._drop_payments()
        waiting._move_to("expired", reason=reason)
        waiting._forget_card()

    def _drop_payments(self):
        """Give up what was announced or planned to pay these, and is not under way."""
        transactions = self.sudo().transaction_ids
        transactions._get_awaited_of_deposit()._drop_transfers()
        transactions._drop_charges()
        transactions._drop_begun()

    def _release(self, reason=None):
        """Let go of a hold, or ask for nothing more: the deposit is waived.

        :param str reason: neutral words for the file
        :raise UserError: there is money that has to be refunded instead
        """
        for deposit in self:
            deposit._lock()
            if deposit.state == "authorized":
                deposit._void()
            elif deposit.state in WAITING:
                deposit._drop_payments()
                deposit.sudo().to_keep = 0.0
                deposit._move_to("released", reason=reason or self.env._("Waived."))
                deposit._forget_card()
            else:
                raise UserError(
                    self.env._("This deposit can't be released: refund it instead.")
                )

    def _forget_card(self):
        """Use the saved card no more; it stays the patient's."""
        self.sudo().write({"token_id": False})

    def _follow_move(self, start):
        """Take the new date of the visit (naive UTC).

        The last moment of a free cancellation moves too, unless it has passed.
        """
        now = fields.Datetime.now()
        for deposit in self:
            vals = {"visit_start": start}
            if now <= deposit.free_until:
                hours = timedelta(hours=deposit.free_cancel_hours)
                vals["free_until"] = max(start - hours, now)
            deposit.write(vals)
