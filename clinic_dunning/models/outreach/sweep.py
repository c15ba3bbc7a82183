from odoo import api, fields, models

SWEPT = 500


class ClinicMessage(models.Model):
    """Look again at what is queued for people whose reasons changed."""

    _inherit = "clinic.message"

    @api.model
    def _sweep(self):
        """Apply open stop events: cancel what must not be said any more.

        :return: the events applied
        """
        events = self.env["clinic.stop.event"]
        events = events.search(events._get_ripe_domain(), limit=SWEPT)
        if not events:
            return events
        waiting = self.search(
            [
                ("partner_id", "in", events.partner_id.ids),
                ("state", "in", ("queued", "in_progress")),
            ]
        )
        waiting._withdraw()
        self._note_payments(events)
        self._note_returns(events)
        events.write(
            {
                "applied_at": fields.Datetime.now(),
                "applied_xid": events._get_xid(),
            }
        )
        return events

    def _withdraw(self):
        """Cancel queued messages, letters and calls that the re-check refuses now."""
        idle = self.filtered(lambda m: m.state == "queued" or m._get_waiting_attempt())
        for message, verdict in idle._recheck().items():
            if verdict.outcome in ("skip", "cancel"):
                message._get_waiting_attempt()._withdraw(verdict.reason)
                message._skip_or_cancel(verdict)

    def _skip_or_cancel(self, verdict):
        if verdict.outcome == "skip" and self.state == "queued":
            self._skip(verdict.reason)
        else:
            self._cancel(verdict.reason)

    def _get_waiting_attempt(self):
        """Return the attempt that waits for a member of staff (to print, to call)."""
        return self.attempt_ids.filtered(
            lambda a: a.state == "accepted"
            and a.channel in self._get_silent_channels()
            and a.message_id.state == "in_progress"
        )

    @api.model
    def _note_payments(self, events):
        """Note on messages the first payment that followed them.

        Also on those held out for a test: they tell who pays without being reminded.
        """
        moves = events.filtered(lambda event: event.reason == "paid").move_id
        messages = self.search(
            [
                "|",
                ("state", "=", "delivered"),
                ("hold_out_id", "!=", False),
                ("paid_at", "=", False),
                ("entry_ids.move_id", "in", moves.ids),
            ]
        )
        for message in messages:
            paid = sum(
                entry.residual - max(entry._get_residual_now(), 0.0)
                for entry in message.entry_ids
                if entry.move_id in moves
            )
            if message.currency_id.compare_amounts(paid, 0) > 0:
                message.write({"paid_at": fields.Datetime.now(), "paid_amount": paid})

    @api.model
    def _note_returns(self, events):
        """Tell the case that a payment was taken back: its items are open again."""
        returned = events.filtered(lambda event: event.reason == "returned")
        self.env["payment.transaction"]._file_returned(returned.move_id)
        owing = returned.move_id.filtered(
            lambda move: move.is_sale_document()
            and move.state == "posted"
            and move.payment_state not in ("paid", "in_payment", "reversed")
        )
        for move in owing:
            case = self.env["clinic.followup.case"].search(
                [
                    ("partner_id", "in", move._get_people_asked().ids),
                    ("company_id", "=", move.company_id.id),
                ],
                limit=1,
            )
            if case:
                case._message_log(
                    body=self.env._(
                        "A payment of %s was taken back: it is open again.", move.name
                    )
                )
