from odoo import fields, models


class ClinicDeposit(models.Model):
    """What follows when money or a hold has come: at once, late or twice."""

    _inherit = "clinic.deposit"

    paying_id = fields.Many2one(
        "payment.transaction",
        string="First Payment",
        readonly=True,
        ondelete="restrict",
        help="The payment or hold that came first: any other one is too much.",
    )

    def _get_live_transaction(self):
        """Return a transaction that is paying one of these deposits now, if any."""
        return self.env["payment.transaction"]._get_live_of_deposit(self)

    def _note_failed(self, transaction):
        """A payment failed: ask again. A hold that has ended is released."""
        if self.state == "authorized" and not self._get_hold():
            self._move_to("released", reason=self.env._("The hold has ended."))
            self._add_line(
                "released", transaction.amount, transaction_id=transaction.id
            )
            self._tell_hold_ended()
        elif self.state == "pending" and not self._get_live_transaction():
            self._move_to("requested")

    def _tell_hold_ended(self):
        """Tell the staff that a visit ahead has lost its guarantee."""
        if self.booking_id.active and self.visit_start > fields.Datetime.now():
            self._ask_staff(self.env._("The card hold of a visit ahead has ended"))

    def _ask_staff(self, summary, note=False):
        """Plan something for a person; its title is neutral."""
        officer = self.company_id._get_clinic_staff(
            "clinic_dunning.group_billing_officer"
        ).sorted("id")[:1]
        if officer:
            self.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=officer.id,
            )

    def _settle(self, transaction):
        """Go on with the visit after money or a hold has come.

        :param transaction: authorized, or done and in the books
        """
        self.ensure_one()
        self._lock()
        if self._is_second(transaction):
            self._take_second(transaction)
            return
        self.paying_id = transaction.source_transaction_id or transaction
        self.transaction_ids._drop_begun()
        if self.state == "expired":
            self._take_late(transaction)
        elif self.state == "released":
            self._move_to("exception")
            self._file(transaction, "late")
        elif self.state in ("authorized", "paid") and not (
            transaction.source_transaction_id
        ):
            self._confirm_booking()
        self._keep_due()
        self._use_for_posted_bill()

    def _is_second(self, transaction):
        """Return whether another payment of this deposit has come before.

        Whichever comes first counts, not the one that was begun first.
        """
        if transaction.source_transaction_id:
            return False
        first = self.sudo().paying_id
        if first.state in ("authorized", "done"):
            return first != transaction
        return any(
            line.kind == "paid" and not line.transaction_id for line in self.line_ids
        )

    def _take_second(self, transaction):
        """A second hold is let go; money that came twice is given back by a person."""
        if transaction.state == "authorized":
            transaction._void()
        else:
            self._file(transaction, "double")

    def _take_late(self, transaction):
        """Late money takes the slot again where it is still free, else it is filed."""
        is_held = transaction.state == "authorized"
        if self.booking_id and self.booking_id._take_again():
            self._move_to("authorized" if is_held else "paid")
            self._confirm_booking()
        elif is_held:
            transaction._void()
        else:
            self._move_to("exception")
            self._file(transaction, "late")

    def _confirm_booking(self):
        """Confirm the visit and thank the patient, once."""
        booking = self.booking_id
        if booking.active and booking.clinic_attendance == "expected":
            booking._confirm_paid()
        if not self._is_fee_due():
            self._tell_received()

    def _use_for_posted_bill(self):
        """Money that came after the visit's bill was sent pays that bill."""
        bill = self.booking_id.clinic_invoice_id
        if self.state == "paid" and bill.state == "posted":
            self.booking_id._use_deposit(bill)
