from odoo import api, fields, models


class ClinicPaymentException(models.Model):
    """Late, double, lost, disputed or mismatched money, with what to do next.

    Real money is never refused: what fits nowhere ends here, once for each kind.
    """

    _name = "clinic.payment.exception"
    _description = "Payment to Look At"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state, id desc"
    _rec_name = "kind"

    transaction_id = fields.Many2one(
        "payment.transaction",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    partner_id = fields.Many2one(related="transaction_id.partner_id", store=True)
    company_id = fields.Many2one(
        related="transaction_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    amount = fields.Monetary(readonly=True, help="The money that fits nowhere.")
    kind = fields.Selection(
        [
            ("unallocated", "More was paid than is still due"),
            ("late", "Paid after it was cancelled or failed"),
            ("double", "Paid twice"),
            ("mismatch", "Wrong amount or currency"),
            ("replayed", "A provider's answer was used twice"),
            ("failed", "Could not be booked"),
            ("charged_back", "Taken back by the bank"),
        ],
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)
    next_action = fields.Char(compute="_compute_next_action")
    state = fields.Selection(
        [("open", "To do"), ("done", "Done")],
        default="open",
        required=True,
        tracking=True,
    )

    _once = models.Constraint(
        "UNIQUE (transaction_id, kind)", "This is on the list already."
    )

    @api.depends("kind")
    def _compute_next_action(self):
        actions = {
            "unallocated": self.env._("Match it with another bill, or refund it."),
            "late": self.env._("Check with the provider, then book or refund it."),
            "double": self.env._("Refund the second payment."),
            "mismatch": self.env._("Compare with the provider before booking it."),
            "replayed": self.env._(
                "Check the payment with the provider: nothing was booked."
            ),
            "failed": self.env._("Read the reason, mend it, and book the payment."),
            "charged_back": self.env._("Call the patient; the bill is open again."),
        }
        for exception in self:
            exception.next_action = actions.get(exception.kind)

    @api.model
    def _file(self, transaction, kind, amount=None, note=False):
        """Put money on the list, once for each transaction and kind.

        :param float amount: in the transaction's currency; default: all of it
        """
        known = self.sudo().search(
            [("transaction_id", "=", transaction.id), ("kind", "=", kind)], limit=1
        )
        return known or self.sudo().create(
            {
                "transaction_id": transaction.id,
                "kind": kind,
                "amount": transaction.amount if amount is None else amount,
                "note": note,
            }
        )

    def action_done(self):
        """Note that the money found its place."""
        self.state = "done"
