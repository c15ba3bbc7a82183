import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..followup.moment import Moment
from ..outreach.recheck import NOT_BOOKED

_logger = logging.getLogger(__name__)

UNDER_WAY = Domain("state", "in", ("pending", "authorized")) & Domain(
    # A bank transfer waits for days: meanwhile another way to pay stays open.
    "provider_code",
    "!=",
    "custom",
)
BEING_BOOKED = Domain("state", "=", "done") & Domain("is_post_processed", "=", False)
# Money that came and is not in the books: a person looks at it first.
BEING_LOOKED_AT = (
    Domain("payment_id", "=", False)
    & Domain("child_transaction_ids", "=", False)
    & Domain(
        "clinic_exception_ids",
        "any",
        [("state", "=", "open"), ("kind", "in", NOT_BOOKED)],
    )
)
TIME_TO_PAY = timedelta(hours=2)
JUST_BEGUN = timedelta(minutes=15)
AWAITED = Domain("state", "=", "pending") & Domain("provider_code", "=", "custom")


class PaymentTransaction(models.Model):
    """What the patient chose to pay is what is booked and matched."""

    _inherit = "payment.transaction"

    clinic_checkout_id = fields.Many2one(
        "clinic.payment.checkout",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    clinic_allocation_ids = fields.One2many(
        "clinic.payment.allocation", "transaction_id", readonly=True
    )
    clinic_exception_ids = fields.One2many(
        "clinic.payment.exception", "transaction_id", readonly=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        for transaction in transactions.filtered("clinic_checkout_id"):
            checkout = transaction.clinic_checkout_id
            checkout.transaction_id = transaction
            checkout.allocation_ids.transaction_id = transaction
        return transactions

    @api.model
    def _get_live(self, moves):
        """Return a transaction that is paying one of these documents now, if any."""
        return self._search_of(moves, UNDER_WAY | BEING_BOOKED | BEING_LOOKED_AT)[:1]

    @api.model
    def _get_begun(self, moves):
        """Return what was begun a short while ago for these documents, not ended yet.

        Nobody knows whether it was paid: the provider has not answered.
        """
        since = fields.Datetime.now() - JUST_BEGUN
        young = Domain("state", "=", "draft") & Domain("create_date", ">", since)
        return self._search_of(moves, young)

    @api.model
    def _get_awaited(self, moves):
        """Return the bank transfers announced for these documents (sudo)."""
        return self._search_of(moves, AWAITED)

    def _get_clinic_communication(self):
        """Return what a bank transfer must bear to be recognised."""
        moves = self.clinic_allocation_ids.move_id or self.invoice_ids
        return moves[:1].payment_reference or self.reference or ""

    def _drop_transfers(self):
        """Let people pay another way than by the transfer they announced.

        A transfer that arrives all the same is matched on the bank statement.
        """
        self.filtered_domain(AWAITED)._set_canceled(
            state_message=self.env._("Another way to pay was chosen.")
        )

    @api.model
    def _search_of(self, moves, domain):
        if not moves:
            return self.browse()
        return self.sudo().search(
            (
                Domain("invoice_ids", "in", moves.ids)
                | Domain("clinic_allocation_ids.move_id", "in", moves.ids)
            )
            & domain
        )

    # -- what gets under way stops reminders ---------------------------------------

    def _update_state(self, allowed_states, target_state, state_message):
        """A transaction that gets under way stops the reminders of its invoices.

        Money on a cancelled transaction is refused by core: it goes on the list.
        """
        late = self.filtered(lambda tx: tx.state in ("cancel", "error"))
        updated = super()._update_state(allowed_states, target_state, state_message)
        if target_state in ("authorized", "done"):
            for transaction in (late - updated)._concerning_clinic():
                self.env["clinic.payment.exception"]._file(transaction, "late")
        else:
            late = self.browse()
        touched = updated | late
        (touched.invoice_ids | touched.clinic_allocation_ids.move_id)._record_stop(
            "paid"
        )
        if updated._concerning_clinic() and target_state in ("authorized", "done"):
            # Not left to the ten-minute run: the patient may have closed the page.
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
        return updated

    def _concerning_clinic(self):
        """Return those that pay bills, and the refunds and captures of such."""
        return self.filtered(
            lambda tx: tx.clinic_checkout_id
            or tx.invoice_ids
            or tx.source_transaction_id.invoice_ids
        )

    # -- booking -------------------------------------------------------------------

    def _create_payment(self, **extra_create_values):
        """Book what was chosen on the page: one payment for each receivable account.

        Money that can't be booked is put on the list: the patient has paid it.
        """
        parts = self._get_clinic_parts()
        if not parts:
            return super()._create_payment(**extra_create_values)
        self = self.with_context(clinic_paid_on=self._get_day_of_payment())
        try:
            with self.env.cr.savepoint():
                return self._book(parts, extra_create_values)
        except psycopg2.OperationalError:
            raise  # Somebody else was quicker: all of it is done again.
        except Exception as error:  # pylint: disable=broad-except
            # whatever stands in the way of booking, the money has come
            self._file_failure(error)
            return self.env["account.payment"]

    def _get_clinic_parts(self):
        """Return what was chosen; a capture of all of it stands for its source."""
        source = self.source_transaction_id
        if source.operation == self.operation and source.amount == self.amount:
            return source.clinic_allocation_ids
        return self.clinic_allocation_ids

    def _book(self, parts, extra_create_values):
        if self._takes_early_discount(parts):
            self._check_discount_account()
            payment = super()._create_payment(
                **{**extra_create_values, "partner_id": parts.partner_id[:1].id}
            )
            for part in parts:
                part.matched = part.amount
            return payment
        payments = self.env["account.payment"]
        for account, group in parts.grouped(lambda part: part._get_account()).items():
            payment = self._create_payment_on(account, group, extra_create_values)
            payments |= payment
            for part in group.sorted(lambda part: not part._is_whole()):
                part._reconcile_with(payment)
        self.payment_id = payments[:1]
        self._file_unmatched(parts)
        return payments[:1]

    def _takes_early_discount(self, parts):
        """Return whether this pays one invoice for good at its discounted amount."""
        move = parts.move_id
        if len(move) != 1 or not move.is_invoice(include_receipts=True):
            return False
        early = move._get_early_amount(self._get_day_of_payment())
        return bool(early) and self.currency_id.compare_amounts(self.amount, early) == 0

    def _check_discount_account(self):
        """Core would fail without a word for people.

        :raise UserError: with what to do
        """
        company = self.company_id or self.provider_id.company_id
        if not company.account_journal_early_pay_discount_loss_account_id:
            raise UserError(
                self.env._(
                    "A discount for early payment was given and has no account. Choose "
                    "the account of cash discounts (loss) in the accounting settings, "
                    "then press “Try again”."
                )
            )

    def _get_day_of_payment(self):
        """Return the clinic's day on which the payer began, shortly before it was paid.

        Who began before midnight has the discount of that day.
        """
        began = self.create_date
        if self.last_state_change:
            began = max(began, self.last_state_change - TIME_TO_PAY)
        company = self.company_id or self.provider_id.company_id
        return Moment(began, company._get_clinic_tz()).today

    def _create_payment_on(self, account, parts, extra_create_values):
        """Book one payment without core's matching, which spreads it over all terms."""
        chosen = parts.transaction_id
        invoices = chosen.invoice_ids
        chosen.invoice_ids = False
        payment = super()._create_payment(
            **{
                **extra_create_values,
                "amount": self.currency_id.round(sum(parts.mapped("amount"))),
                "destination_account_id": account.id,
                "partner_id": self._get_payer(parts).id,
                "memo": " ".join(
                    [self.reference, *filter(None, parts.move_id.mapped("name"))]
                ),
                "invoice_ids": parts.move_id.ids,
            }
        )
        chosen.invoice_ids = invoices
        return payment

    def _get_payer(self, parts):
        """Return the debtor; for a family, whoever pays for it."""
        debtors = parts.partner_id
        return debtors if len(debtors) == 1 else self.partner_id.commercial_partner_id

    def _file_unmatched(self, parts):
        """Put what could not be matched on the list: paid meanwhile, or twice."""
        left = sum(part.amount - part.matched for part in parts)
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return
        twin = parts.search(
            [
                ("move_id", "in", parts.move_id.ids),
                ("transaction_id", "not in", (self | self.source_transaction_id).ids),
                ("transaction_id.state", "=", "done"),
            ],
            limit=1,
        )
        kind = "double" if twin else "unallocated"
        self.env["clinic.payment.exception"]._file(self, kind, amount=left)

    def _post_process(self):
        """Core first; our own follow-up may fail without undoing the booking.

        Core posts drafts that were paid. What was chosen here was posted: as a draft
        somebody is mending it, and it stays one.
        """
        drafts = {
            transaction: transaction.invoice_ids.filtered(lambda m: m.state == "draft")
            for transaction in self.filtered("clinic_checkout_id")
        }
        for transaction, moves in drafts.items():
            transaction.invoice_ids -= moves
        result = super()._post_process()
        for transaction, moves in drafts.items():
            transaction.invoice_ids |= moves
        for transaction in self.filtered(lambda tx: tx.state == "done"):
            if transaction.clinic_checkout_id:
                transaction._attempt(transaction._thank)
            if transaction.operation == "refund" and transaction._concerning_clinic():
                transaction._attempt(transaction._settle_refund)
        return result

    def _attempt(self, act):
        """Do something of ours; if it goes wrong, no booking is undone by it."""
        try:
            with self.env.cr.savepoint():
                act()
        except psycopg2.OperationalError:
            raise  # Somebody else was quicker: all of it is done again.
        except Exception as error:  # pylint: disable=broad-except
            # whatever it is, the payment stays booked
            self._file_failure(error, amount=0.0)

    def _try_again(self):
        """Settle anew what failed before; nothing is booked twice.

        :raise UserError: with the reason, as long as it stands
        """
        self.with_context(clinic_tries_again=True)._post_process()

    def _file_failure(self, error, amount=None):
        """Put it on the list; whoever tries again reads the reason instead."""
        if self.env.context.get("clinic_tries_again"):
            raise UserError(str(error)) from error
        _logger.warning("Transaction %s is not settled: %s", self.id, error)
        self.env["clinic.payment.exception"]._file(
            self, "failed", amount=amount, note=str(error).partition("\n")[0]
        )

    def _thank(self):
        """Queue the one thank-you message with the receipt."""
        checkout = self.clinic_checkout_id
        self.env["clinic.message"].sudo()._queue(
            "paid",
            checkout.partner_id,
            checkout.company_id,
            f"paid:{self.id}",
            source=self,
            currency_id=self.currency_id.id,
            amount=self.amount,
            route_id=self.env.ref("clinic_dunning.route_email").id,
            values={"reference": self.reference},
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()
