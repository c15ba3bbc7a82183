from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models

# A provider keeps a hold for seven days; the visit comes before the last of them.
HOLD_DAYS = 6
NO_SHOWS = 2
MONTHS = 24
OVERDUE_DAYS = 60


class Quote(NamedTuple):
    """What is asked of somebody for a visit; nothing is written for it.

    kind: of the policy; way: "pay" (money now), "hold" (held on the card) or "card"
    (a saved card, the visit is too far away to hold anything)
    free_until: naive UTC, last moment of a free cancellation; pay_by: naive UTC
    """

    kind: str
    amount: float
    currency: models.Model
    free_until: datetime
    hold_minutes: int
    text: str
    version: int
    pay_by: datetime
    way: str
    policy: models.Model


class ClinicDepositPolicy(models.Model):
    """What a policy asks of one person for one visit."""

    _inherit = "clinic.deposit.policy"

    @api.model
    def _quote(self, booking_type, partner, start):
        """Return what is asked for a visit, or None; writes nothing.

        :param booking_type: `resource.booking.type`
        :param partner: who comes; empty while nobody is known: then as a new patient
        :param datetime start: naive UTC
        :return: `Quote`, or None when nothing is asked
        """
        policy = booking_type.clinic_deposit_policy_id.sudo()
        if not policy._asks(booking_type, partner):
            return None
        amount = policy._get_amount(booking_type)
        currency = booking_type.clinic_currency_id
        if currency.compare_amounts(amount, 0) <= 0:
            return None
        way = policy._get_way(partner, currency, start)
        if not policy._is_lawful(way):
            return None
        return policy._make_quote(amount, currency, start, way)

    def _make_quote(self, amount, currency, start, way):
        now = fields.Datetime.now()
        shown = self.with_context(lang=self.env.lang)
        return Quote(
            kind=self.kind,
            amount=amount,
            currency=currency,
            free_until=max(start - timedelta(hours=self.free_cancel_hours), now),
            hold_minutes=self.hold_minutes,
            text=shown.text,
            version=self.version,
            pay_by=min(now + timedelta(minutes=self.hold_minutes), max(start, now)),
            way=way,
            policy=self,
        )

    def _asks(self, booking_type, partner):
        """Return whether this policy asks anything of that person for that type."""
        if not self or self.state != "published" or self.kind == "none":
            return False
        return self._applies_to(booking_type, partner)

    def _applies_to(self, booking_type, partner):
        if self.applies == "new":
            return not self._is_known(partner)
        if self.applies == "risk":
            return bool(self._explain_risk(partner))
        if self.applies == "above":
            price = booking_type.clinic_price
            return self.currency_id.compare_amounts(price, self.threshold) > 0
        return True

    def _is_known(self, partner):
        """Return whether this person was billed here before."""
        domain = [
            ("commercial_partner_id", "in", partner.commercial_partner_id.ids),
            ("company_id", "=", self.company_id.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
        ]
        moves = self.env["account.move"].sudo()
        return bool(partner) and bool(moves.search_count(domain, limit=1))

    def _explain_risk(self, partner):
        """Return why a person is asked for a deposit: sentences for staff and patient.

        From what the ledger and the calendar know, and core's degree of trust, which a
        person of the clinic sets and which has the last word.
        """
        partner = partner.sudo().with_company(self.company_id)
        if not partner or partner.trust == "good":
            return []
        reasons = []
        if partner.trust == "bad":
            reasons.append(self.env._("The clinic has noted unpaid bills."))
        if self._has_old_debts(partner):
            reasons.append(
                self.env._("A bill is unpaid for more than %s days.", OVERDUE_DAYS)
            )
        if self._must_prepay(partner):
            reasons.append(
                self.env._("Reminders of an unpaid bill ask for payment beforehand.")
            )
        if self._count_no_shows(partner) >= NO_SHOWS:
            reasons.append(
                self.env._(
                    "%(count)s visits were missed within %(months)s months.",
                    count=NO_SHOWS,
                    months=MONTHS,
                )
            )
        return reasons

    def _has_old_debts(self, partner):
        oldest = partner.clinic_oldest_due_date
        limit = fields.Date.today() - timedelta(days=OVERDUE_DAYS)
        return bool(oldest) and oldest < limit

    def _must_prepay(self, partner):
        """Return whether the follow-up of whoever pays is at a level that says so."""
        payer = self.env["clinic.deposit"]._get_payer(partner)
        cases = self.env["clinic.followup.case"].sudo()
        case = cases.search(
            [("partner_id", "=", payer.id), ("company_id", "=", self.company_id.id)],
            limit=1,
        )
        return case.level_id.requires_prepayment and case.amount_overdue > 0

    def _count_no_shows(self, partner):
        since = fields.Datetime.now() - timedelta(days=30 * MONTHS)
        return (
            self.env["resource.booking"]
            .sudo()
            .with_context(active_test=False)
            .search_count(
                [
                    ("clinic_patient_id", "=", partner.id),
                    ("clinic_attendance", "=", "no_show"),
                    ("start", ">", since),
                ]
            )
        )

    # -- how much, and how -------------------------------------------------------------

    def _get_amount(self, booking_type):
        """Return the amount asked, in the type's currency; never above its price."""
        self.ensure_one()
        price = booking_type.clinic_price
        amount = {
            "fixed": self.amount,
            "percent": price * self.percent / 100,
            "full": price,
            "hold": self.amount or price * self.percent / 100,
        }.get(self.kind, 0.0)
        return booking_type.clinic_currency_id._round_for_cards(
            min(amount, price) if price else amount
        )

    def _get_way(self, partner, currency, start):
        """Return "hold", "card" or "pay": what a provider of this clinic is able to do.

        Where cards can't be held, the deposit is paid and can be refunded.
        """
        if self.kind != "hold":
            return "pay"
        provider = self.env["payment.provider"]
        if start - fields.Datetime.now() > timedelta(days=HOLD_DAYS):
            return "card" if self._can_save_card(partner, currency) else "pay"
        return "hold" if provider._get_holding(self.company_id, currency) else "pay"

    def _can_save_card(self, partner, currency):
        plans = self.env["clinic.payment.plan"].sudo()
        partner = partner or self.company_id.partner_id
        providers, _methods = plans._get_card_options(
            self.company_id, partner, currency
        )
        return bool(providers & providers._get_holding(self.company_id, currency))
