from odoo import fields, models

KEPT_OR_USED = ("applied", "kept")


class PaymentTransaction(models.Model):
    """A payment that its owner disputes at the bank, and what the bank takes back."""

    _inherit = "payment.transaction"

    clinic_is_taken_back = fields.Boolean(
        string="Taken Back", readonly=True, help="By the bank: nobody gave it back."
    )

    def _take_dispute(self, dispute):
        """Put a dispute on the list; a lost one is money taken back by the bank."""
        exceptions = self.env["clinic.payment.exception"]
        amount = self._get_major_amount(dispute.get("amount"))
        reason = dispute.get("reason")
        known = exceptions.sudo().search(
            [("transaction_id", "=", self.id), ("kind", "=", "disputed")]
        )
        if dispute.get("status") in ("won", "warning_closed"):
            known.filtered(lambda known: known.state == "open").action_done()
            return
        known = known or exceptions._file(self, "disputed", amount, note=reason)
        self.clinic_deposit_id._stop_for_a_person()
        if dispute.get("status") == "lost":
            exceptions._file(self, "charged_back", amount, note=reason)
            known.filtered(lambda known: known.state == "open").action_done()
            self._book_taken_back(dispute["id"], amount)

    def _book_taken_back(self, reference, amount):
        """Book what the bank took back, once, as a refund that nobody asked for."""
        money = self._get_money()
        known = money.child_transaction_ids.mapped("provider_reference")
        if reference in known or self.currency_id.compare_amounts(amount, 0) <= 0:
            return
        money.with_context(clinic_was_made=True)._create_child_transaction(
            amount,
            is_refund=True,
            provider_reference=reference,
            clinic_is_taken_back=True,
        )._set_done()

    def _settle_refund(self):
        """What the bank took from a bill or a fee opens that one again."""
        deposit = self.source_transaction_id.clinic_deposit_id
        if not (self.clinic_is_taken_back and deposit):
            return super()._settle_refund()
        bills = deposit._free_used(-self.amount)
        result = super()._settle_refund()
        for bill in bills.filtered("amount_residual"):
            deposit._apply_to(bill)
        return result


class ClinicDeposit(models.Model):
    _inherit = "clinic.deposit"

    def _stop_for_a_person(self):
        """Wait for a person: nothing is used, kept or given back by itself."""
        for deposit in self:
            if deposit.state not in ("exception", "requested", "pending", "expired"):
                deposit._move_to("exception")

    def _free_used(self, amount):
        """Free so much of these deposits of bills and fees, the last ones first.

        :return: the bills that are open again (sudo)
        """
        freed = self.env["account.move"].sudo()
        used = self.sudo().line_ids.filtered(lambda line: line.kind in KEPT_OR_USED)
        for bill in used.sorted("id", reverse=True).move_id:
            if self.currency_id.compare_amounts(self.open, amount) < 0:
                bill._free_of_deposits()
                freed |= bill
        return freed

    def _tell_refunded(self, refund):
        """Nobody is thanked for what the bank took."""
        if refund.clinic_is_taken_back:
            return None
        return super()._tell_refunded(refund)
