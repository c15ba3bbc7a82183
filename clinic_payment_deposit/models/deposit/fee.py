from odoo import Command, fields, models
from odoo.exceptions import UserError


class ClinicDeposit(models.Model):
    """Keeping a deposit: only by a posted fee, only where the law allows it."""

    _inherit = "clinic.deposit"

    def _keep(self, amount=None):
        """Keep so much: bill it as a fee that the deposit pays.

        Of a hold, that much is captured and the rest released.

        :param float amount: in the deposit's currency; default: all of it
        :return: the posted fee (`account.move`), empty while the capture is under way
        :raise UserError: where it is unlawful, or more than there is
        """
        self.ensure_one()
        self._lock()
        for action in ("keep", "no_show_fee"):
            self.env["clinic.compliance.rule"]._check_allowed(action, self.company_id)
        if amount is None:
            is_held = self.state == "authorized"
            amount = self.amount if is_held else self._get_free()
        self._check_terms(amount)
        return self._keep_now(amount)

    def _keep_now(self, amount):
        """Keep what law and terms were asked about."""
        if self.state == "authorized":
            self.sudo().to_keep = amount
            self._capture(amount)
            return self._keep_captured()
        return self._bill_fee(amount)

    def _check_terms(self, amount):
        """Refuse to keep more than the patient has accepted for what happened.

        :raise UserError: with the most that may be kept
        """
        if not self._get_share_by_terms():
            raise UserError(
                self.env._(
                    "Nothing can be kept: note first that the patient did not come or "
                    "cancelled late. Terms that were never accepted let nothing be "
                    "kept."
                )
            )
        most = self._get_most_by_terms()
        if self.currency_id.compare_amounts(amount, most) > 0:
            raise UserError(
                self.env._(
                    "The accepted terms let only %s be kept.", self._format(most)
                )
            )

    def _get_most_by_terms(self):
        """Return how much more the accepted terms let the clinic keep."""
        return self._get_left_to_keep(self._get_share_by_terms())

    def _get_share_by_terms(self):
        """Return the percentage that was accepted for what became of the visit."""
        if not self.acceptance_id:
            return 0.0
        booking = self.booking_id
        is_late = self.cancelled_on and self.cancelled_on > self.free_until
        if booking.clinic_end_reason == "patient" and is_late:
            return self.late_cancel_share
        return {
            "no_show": self.no_show_share,
            "late_cancel": self.late_cancel_share,
        }.get(booking.clinic_attendance, 0.0)

    def _get_left_to_keep(self, share):
        """Return how much more a share of what was asked lets the clinic keep.

        Not of what happens to be open: paid twice, nothing more is kept.
        """
        whole = self.currency_id._round_for_cards(self.amount * share / 100)
        return max(self.currency_id.round(whole - self.kept), 0.0)

    def _get_most_to_keep(self):
        """Return how much can be kept now: held, or open and not going back."""
        is_held = self.state == "authorized"
        here = self._get_hold().amount if is_held else self._get_free()
        return min(here, self._get_most_by_terms())

    def _keep_due(self):
        """Keep what is to be kept of money, or of a hold, that has come by now."""
        hold = self._get_hold()
        if self._is_fee_due() and self.state == "authorized" and hold:
            if not hold._get_parts_under_way():
                self._capture(min(self.to_keep, hold.amount))
        return self._keep_captured()

    def _keep_captured(self):
        """Bill what was captured to be kept, once the money is in the books."""
        wanted = self.to_keep
        if self.state != "paid" or self.currency_id.compare_amounts(wanted, 0) <= 0:
            return self.env["account.move"]
        self.sudo().to_keep = 0.0
        return self._bill_fee(min(wanted, self._get_free()))

    def _bill_fee(self, amount):
        is_wrong = self.currency_id.compare_amounts(amount, 0) <= 0
        free = self._get_free()
        if is_wrong or self.currency_id.compare_amounts(amount, free) > 0:
            raise UserError(
                self.env._("Only %s of this deposit is open.", self._format(free))
            )
        fee = (
            self.env["account.move"]
            .sudo()
            .with_company(self.company_id)
            .create(self._prepare_fee_vals(amount))
        )
        fee.no_followup = True  # On its lines, which creating it only made.
        fee.action_post()
        self._apply_to(fee)
        self._tell_kept(fee)
        return fee

    def _prepare_fee_vals(self, amount):
        lang = self.partner_id.lang or self.env.lang
        today = fields.Date.context_today(self)
        label = self.with_context(lang=lang).env._("Compensation for a reserved slot")
        return {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": today,
            "invoice_date_due": today,
            "clinic_patient_id": self.patient_id.id,
            "clinic_service_label": label,
            "clinic_deposit_id": self.id,
            "invoice_line_ids": [
                Command.create({"name": label, "price_unit": amount, "tax_ids": False})
            ],
        }
