import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.clinic_dunning.models.payment.transaction import (
    AWAITED,
    BEING_BOOKED,
    BEING_LOOKED_AT,
    UNDER_WAY,
)

from .card_charge import IN_DOUBT, TO_CHARGE


class PaymentTransaction(models.Model):
    """What pays, holds, captures or refunds a deposit."""

    _inherit = "payment.transaction"

    clinic_deposit_id = fields.Many2one(
        "clinic.deposit", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    clinic_is_hold = fields.Boolean(
        string="Hold",
        readonly=True,
        help="The card is not charged: the amount is held until it is captured.",
    )

    @api.model
    def _get_live_of_deposit(self, deposits):
        """Return a transaction that is paying one of these deposits now, if any."""
        if not deposits:
            return self.browse()
        unbooked = Domain("state", "=", "done") & BEING_LOOKED_AT
        domain = UNDER_WAY | BEING_BOOKED | unbooked | TO_CHARGE | IN_DOUBT
        return self.sudo().search(
            domain
            & Domain("operation", "!=", "validation")
            & Domain("clinic_deposit_id", "in", deposits.ids)
            & Domain("source_transaction_id", "=", False),
            limit=1,
        )

    def _get_awaited_of_deposit(self):
        """Return the bank transfers that were announced for deposits."""
        return self.sudo().filtered_domain(AWAITED)

    def _concerning_clinic(self):
        return super()._concerning_clinic() | self.filtered(
            lambda tx: tx.clinic_deposit_id
            or tx.source_transaction_id.clinic_deposit_id
        )

    def _create_child_transaction(
        self, amount, is_refund=False, **custom_create_values
    ):
        """Captures, voids and refunds belong to the deposit of their source.

        :raise UserError: a refund of more than is left
        """
        if is_refund:
            self._check_refundable(amount)
        if self.clinic_deposit_id and not is_refund:
            custom_create_values["clinic_deposit_id"] = self.clinic_deposit_id.id
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )

    def _check_refundable(self, amount):
        """Refuse to give back more than came: core checks it in its wizard only.

        :raise UserError: with what is left
        """
        left = self.amount + sum(
            child.amount
            for child in self.child_transaction_ids
            if child.operation == "refund"
            and child.state in ("draft", "pending", "done")
        )
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._(
                    "Only %s of this payment can be given back.",
                    self.currency_id.format(left),
                )
            )

    def _can_be_refunded(self):
        """Return whether the provider gives money back when it is asked."""
        methods = self.primary_payment_method_id or self.payment_method_id
        return (
            self.state == "done"
            and self.provider_id.state != "disabled"
            and self.provider_id.support_refund not in (False, "none")
            and methods.support_refund not in (False, "none")
        )

    # -- states ------------------------------------------------------------------------

    def _update_state(self, allowed_states, target_state, state_message):
        """A deposit follows what happens to its transactions."""
        updated = super()._update_state(allowed_states, target_state, state_message)
        for transaction in updated.filtered("clinic_deposit_id"):
            if transaction.operation != "validation":
                transaction._tell_deposit()
        return updated

    def _tell_deposit(self):
        """Let the deposit be under way, held, or asked for again.

        It is paid when the payment is in the books, see `_create_payment`.
        """
        deposit = self.clinic_deposit_id
        if self.source_transaction_id:
            self._release_rest()
            return
        if self.state in ("pending", "done") and deposit.state == "requested":
            deposit._move_to("pending")
        elif self.state == "authorized" and deposit.state in ("requested", "pending"):
            deposit._move_to("authorized")
        elif self.state in ("cancel", "error"):
            deposit._note_failed(self)

    def _release_rest(self):
        """What was not captured of a hold is let go: one capture ends it.

        Stripe does so by itself, others are asked.
        """
        source = self.source_transaction_id
        is_taken = self.state == "done" and self.operation == source.operation
        if not is_taken or source.state != "authorized":
            return
        parts = source.child_transaction_ids.filtered(
            lambda tx: tx.state in ("done", "cancel")
            and tx.operation == source.operation
        )
        rest = self.currency_id.round(source.amount - sum(parts.mapped("amount")))
        if self.currency_id.compare_amounts(rest, 0) <= 0:
            return
        self.clinic_deposit_id._add_line("released", rest, transaction_id=source.id)
        if self.provider_code == "stripe":
            source._create_child_transaction(rest)._set_canceled()
        else:
            source._void(rest)

    # -- booking -----------------------------------------------------------------------

    def _create_payment(self, **extra_create_values):
        """Book a deposit as an advance: on its account where the clinic has one.

        Money that can't be booked is put on the list: the patient has paid it.
        """
        deposit = self.clinic_deposit_id
        concerned = deposit or self.source_transaction_id.clinic_deposit_id
        if not concerned:
            return super()._create_payment(**extra_create_values)
        try:
            with self.env.cr.savepoint():
                vals = self._prepare_advance(concerned) | extra_create_values
                payment = super()._create_payment(**vals)
                if deposit:
                    deposit._note_paid(self, payment)
                return payment
        except psycopg2.OperationalError:
            raise  # Somebody else was quicker: all of it is done again.
        except Exception as error:  # pylint: disable=broad-except
            # whatever stands in the way of booking, the money has come
            self._file_failure(error)
            return self.env["account.payment"]

    def _prepare_advance(self, deposit):
        """Return what the payment of a deposit, or of its refund, is booked with."""
        account = deposit.company_id._get_clinic_advance_account()
        vals = {"memo": f"{deposit._get_reference()} {self.reference}"}
        if self.operation == "refund":
            lines = self.source_transaction_id.payment_id._get_advance_lines()
            account = lines.account_id[:1] or account
        return vals | ({"destination_account_id": account.id} if account else {})

    def _post_process(self):
        """Core first; what follows may fail without undoing the booking."""
        result = super()._post_process()
        for transaction in self.filtered(
            lambda tx: tx.clinic_deposit_id and tx.operation != "validation"
        ):
            is_split = transaction.state == "done" and transaction._was_captured()
            is_here = transaction.state == "authorized" or transaction.payment_id
            if is_here and not is_split:
                transaction._attempt(transaction._settle_deposit)
                transaction._attempt(transaction._take_at_once)
        return result

    def _was_captured(self):
        """Return whether the money came by a capture, not by this one itself."""
        return any(
            child.operation == self.operation for child in self.child_transaction_ids
        )

    def _post_process_now(self):
        """Book without waiting for the ten-minute run."""
        for transaction in self:
            if transaction.state == "done" and not transaction.is_post_processed:
                transaction._post_process()

    def _settle_deposit(self):
        self.clinic_deposit_id._settle(self)

    def _take_at_once(self):
        """Where money was asked for, it is not only held, however a provider is set."""
        deposit = self.clinic_deposit_id
        is_paying = deposit.paying_id == self and not self.clinic_is_hold
        is_held = self.state == deposit.state == "authorized"
        if is_paying and is_held and not self._get_parts_under_way():
            deposit._capture()

    def _settle_refund(self):
        """A refund of a deposit is matched with its advance, nothing else."""
        deposit = self.source_transaction_id.clinic_deposit_id
        if not deposit:
            return super()._settle_refund()
        if not self.payment_id:
            return None  # It is on the list: it could not be booked.
        advance = self.source_transaction_id.payment_id._get_advance_lines()
        debit = self.payment_id._get_advance_lines()
        opened = (advance | debit).filtered(lambda line: not line.reconciled)
        if debit in opened and len(opened) > 1:
            opened.reconcile()
        if not debit.reconciled:
            self._file_overdrawn(debit)
        elif all(advance.mapped("reconciled")):
            self._end_double()
        deposit._tell_refunded(self)
        return None

    def _end_double(self):
        """A second payment that went back is on no list any more."""
        filed = self.source_transaction_id.clinic_exception_ids.sudo()
        filed.filtered(
            lambda one: one.kind == "double" and one.state == "open"
        ).action_done()

    def _file_overdrawn(self, debit):
        """More went back than was open, at the provider: a person frees the bill.

        Nobody is reminded of it meanwhile: the clinic has given it back itself.
        """
        debit.no_followup = True
        self.env["clinic.payment.exception"]._file(
            self.source_transaction_id,
            "overdrawn",
            amount=debit.amount_residual_currency,
        )
