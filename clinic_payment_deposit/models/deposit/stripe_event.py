from odoo import api, fields, models


class PaymentTransaction(models.Model):
    """News from Stripe that core knows nothing of, or counts twice."""

    _inherit = "payment.transaction"

    @api.model
    def _find_of_stripe(self, record):
        """Return the payment that a charge, refund or dispute is about (sudo)."""
        intent = record.get("payment_intent")
        intent = intent.get("id") if isinstance(intent, dict) else intent
        if not intent:
            return self.sudo().browse()
        return self.sudo().search(
            [
                ("provider_code", "=", "stripe"),
                ("source_transaction_id", "=", False),
                ("provider_reference", "=", intent),
            ],
            limit=1,
        )

    def _take_stripe_event(self, kind, record):
        """Take an event whose signature was checked.

        :param str kind: type of the event, such as "charge.refunded"
        :param dict record: the charge, refund, dispute or intent it tells of
        """
        self.ensure_one()
        self._touch_money()
        if kind.startswith("charge.dispute."):
            # As it stands now: news come in any order.
            client = self.provider_id._get_stripe_client()
            self._take_dispute(client.get_dispute(record["id"]))
        elif kind.startswith("charge.refund"):
            self._take_refunds()
        else:
            self._refetch()

    # -- refunds -----------------------------------------------------------------------

    def _take_refunds(self):
        """Book the refunds that Stripe knows of, each once, wherever it was made.

        :raise StripeFailure: Stripe does not answer: it will tell again
        """
        client = self.provider_id._get_stripe_client()
        for refund in client.get_refunds(self.provider_reference):
            child = self._find_refund(refund) or self._note_foreign_refund(refund)
            if child:
                child._take_refund(refund)

    def _find_refund(self, refund):
        """Return our transaction of a refund: by its id, else by our reference.

        What was undone here after Stripe did it left its reference to the next one,
        which is another refund.
        """
        reference = (refund.get("metadata") or {}).get("reference")
        children = self._get_refunds()
        return children.filtered(
            lambda tx: tx.provider_reference == refund["id"]
        ) or children.filtered(
            lambda tx: (
                reference
                and tx.reference == reference
                and not tx.provider_reference
                and tx._get_minor_amount() == refund["amount"]
            )
        )

    def _note_foreign_refund(self, refund):
        """Make the transaction of a refund that was made at Stripe's own pages."""
        if refund["status"] not in ("succeeded", "pending"):
            return self.browse()
        amount = self._get_major_amount(refund["amount"])
        money = self._get_money().with_context(clinic_was_made=True)
        return money._create_child_transaction(amount, is_refund=True)

    def _check_refundable(self, amount):
        """What was given back already is booked, however much it was."""
        if self.env.context.get("clinic_was_made"):
            return None
        return super()._check_refundable(amount)

    def _take_refund(self, refund):
        """Let one refund become what Stripe says of it."""
        if refund["status"] in ("failed", "canceled"):
            self._bounce(refund)
        elif self.state in ("draft", "pending", "error"):
            self._process("stripe", {"refund": refund})

    def _bounce(self, refund):
        """A refund came back: its booking is undone, a person finds another way."""
        if self.state == "error":
            return
        reason = refund.get("failure_reason") or self.env._("The refund came back.")
        self._set_error(reason, extra_allowed_states=("done",))
        source = self.source_transaction_id
        self.env["clinic.payment.exception"]._file(
            source, "bounced", amount=-self.amount, note=reason
        )
        if self.payment_id:
            self._attempt(self._undo_payment)
        source.clinic_deposit_id._stop_for_a_person()

    def _undo_payment(self):
        """Take a refund out of the books; in a closed period it is reversed today."""
        move = self.payment_id.move_id
        today = fields.Date.context_today(self)
        if move._get_violated_lock_dates(move.date, False):
            move._reverse_moves([{"date": today, "ref": move.name}], cancel=True)
        else:
            self.payment_id.action_draft()
            self.payment_id.action_cancel()
