import secrets
from datetime import timedelta

from odoo import fields, models

from .deposit import WAITING

# A wire transfer can't meet a nearer deadline.
TRANSFER_DAYS = 5


class ClinicDeposit(models.Model):
    """What patients read on the page of a deposit: nothing about the visit itself."""

    _inherit = "clinic.deposit"

    def _get_page_values(self, link, lang=None):
        """Return what the templates of `/d/…` need: formatted text.

        :param link: `clinic.link` that was opened, or a virtual one
        :param str lang: the language chosen on the page, such as "fr"
        """
        self.ensure_one()
        lang = link._get_lang(lang or self.lang)
        deposit = self.sudo().with_context(lang=lang)
        link = link.with_context(lang=lang)
        return {
            **link._get_header(lang),
            "folder": "d",
            "hello": link._get_greeting(),
            "form": secrets.token_urlsafe(12),
            "standing": deposit._get_standing(),
            "way": deposit.way,
            "amount": deposit._format(deposit.amount),
            "appointment": deposit._get_visit_text(lang),
            "is_confirmed": deposit.booking_id.state == "confirmed",
            "what": deposit._get_what_text(),
            "nature": deposit._get_nature_text(),
            "deadline": deposit._get_deadline_text(lang),
            "free_until": deposit._get_free_text(lang),
            "policy": deposit._get_policy_text(),
            "version": deposit.policy_version,
            "accepted": bool(deposit.acceptance_id),
            "button": deposit._get_button_text(),
            "refunded": deposit._format(deposit.refunded),
            "kept": deposit._format(deposit.kept),
        }

    def _get_standing(self):
        """Return in one word how the deposit stands for the patient."""
        if self._get_live_transaction() and self.state != "authorized":
            return "checking"
        if self._has_card():
            return "card"
        if self.state in WAITING:
            return "open" if self._may_be_paid() else "expired"
        return {"applied": "paid"}.get(self.state, self.state)

    def _may_be_paid(self):
        """Return whether this is asked for and its time is not over."""
        self.ensure_one()
        now = fields.Datetime.now()
        return self.state in WAITING and (not self.pay_by or self.pay_by > now)

    def _get_visit_text(self, lang):
        booking = self.booking_id
        if booking:
            return booking._get_appointment_text(lang)
        return self._format_moment(self.visit_start, lang)

    def _get_policy_text(self):
        """Return the accepted version's text; the shown one, in the page's language."""
        if self.policy_id.version == self.policy_version and not self.acceptance_id:
            return self.policy_id.with_context(lang=self.env.lang).text
        return self.policy_text

    def _get_what_text(self):
        if self._is_fee_due():
            return self.env._("For the appointment that did not take place")
        return {
            "pay": self.env._("Deposit for your appointment"),
            "hold": self.env._("Held on your card, not charged"),
            "card": self.env._("Your card is saved, nothing is charged now"),
        }[self.way]

    def _get_button_text(self):
        amount = self._format(self.amount)
        return {
            "pay": self.env._("Pay %s", amount),
            "hold": self.env._("Hold %s on my card", amount),
            "card": self.env._("Save my card"),
        }[self.way]

    def _get_nature_text(self):
        """Return what the advance is, in words: in French law it matters."""
        if self._is_fee_due():
            return self.env._(
                "The terms that you accepted ask for it. You get a bill for it."
            )
        if self.way == "hold":
            return self.env._(
                "The amount is only held. It is released after your visit, or charged "
                "as the terms below say."
            )
        if self.way == "card":
            return self.env._(
                "Some days before your visit this amount is held on your card, not "
                "charged. It is charged, up to this amount, only as the terms below "
                "say. You get a message each time."
            )
        return {
            "deposit": self.env._("It is taken off your bill."),
            "acompte": self.env._(
                "It is an “acompte”, taken off your bill: both sides are bound."
            ),
            "arrhes": self.env._(
                "These are “arrhes”, taken off your bill: you lose them if you cancel "
                "late, the clinic gives back twice as much if it cancels."
            ),
        }[self.nature]

    def _get_free_text(self, lang):
        """Return until when a cancellation is free, as a date; or that it is not."""
        now = fields.Datetime.now()
        if self._is_fee_due():
            return ""
        if self.free_until and self.free_until > now:
            return self.env._(
                "Free cancellation until %s.",
                self._format_moment(self.free_until, lang),
            )
        if self._get_share_of_terms(now, "patient")[0]:
            return self.env._("Free cancellation is not possible any more.")
        return self.env._("Cancellation is free.")

    def _get_deadline_text(self, lang):
        """Return until when the slot is kept, and how long that is."""
        if not self.pay_by or not self._may_be_paid():
            return ""
        left = self.pay_by - fields.Datetime.now()
        moment = self._format_moment(self.pay_by, lang)
        if not self.booking_id.clinic_held_until:
            return self.env._("Please do so before %s.", moment)
        if left > timedelta(hours=2):
            return self.env._("Your time is kept for you until %s.", moment)
        return self.env._(
            "Your time is kept for you until %(moment)s: %(minutes)s minutes left.",
            moment=moment,
            minutes=max(int(left.total_seconds() // 60), 1),
        )

    # -- ways to pay -------------------------------------------------------------------

    def _filter_options(self, providers, methods):
        """Return the providers and methods that can do what is asked (sudo)."""
        if self.way == "card":
            return self._get_card_options()
        providers = providers.filtered(lambda provider: provider._is_trusted())
        if self.way == "hold":
            providers = providers.filtered(lambda provider: provider._can_hold())
            methods = methods.filtered(lambda method: method._can_hold())
        elif not self._has_time_for_transfer():
            providers = providers.filtered(lambda provider: provider.code != "custom")
        return providers, methods.filtered(
            lambda method: method.provider_ids & providers
        )

    def _get_card_options(self):
        """Return the providers and methods that can save a card to be held later."""
        plans = self.env["clinic.payment.plan"].sudo()
        providers, methods = plans._get_card_options(
            self.company_id, self.partner_id, self.currency_id
        )
        providers = providers.filtered(lambda provider: provider._can_hold())
        return providers, methods.filtered(
            lambda method: method.provider_ids & providers
        )

    def _has_time_for_transfer(self):
        soon = fields.Datetime.now() + timedelta(days=TRANSFER_DAYS)
        return not self.pay_by or self.pay_by > soon


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def _can_hold(self):
        """Return whether an amount can be held now and captured later."""
        self.ensure_one()
        method = self.primary_payment_method_id or self
        return method.support_manual_capture not in (False, "none")
