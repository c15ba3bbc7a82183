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
            ("lost", "Paid again at the provider only"),
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
    @api.depends_context("lang")
    def _compute_next_action(self):
        actions = {
            "unallocated": self.env._("Match it with another bill, or refund it."),
            "late": self.env._("Check with the provider, then book or refund it."),
            "double": self.env._("Refund the second payment."),
            "lost": self.env._("Refund it at the provider: it is not in the books."),
            "mismatch": self.env._("Compare with the provider before booking it."),
            "replayed": self.env._(
                "Check the payment with the provider: nothing was booked."
            ),
            "failed": self.env._("Read the reason, mend it, then press “Try again”."),
            "charged_back": self.env._("Call the patient; the bill is open again."),
        }
        for exception in self:
            exception.next_action = actions.get(exception.kind)

    @api.model
    def _file(self, transaction, kind, amount=None, note=False):
        """Put money on the list, once for each transaction and kind.

        Whoever speaks with the patient gets an activity. A larger amount than before
        opens it again: more was taken back.

        :param float amount: in the transaction's currency; default: all of it
        """
        amount = transaction.amount if amount is None else amount
        known = self.sudo().search(
            [("transaction_id", "=", transaction.id), ("kind", "=", kind)], limit=1
        )
        if not known:
            known = self.sudo().create(
                {
                    "transaction_id": transaction.id,
                    "kind": kind,
                    "amount": amount,
                    "note": note,
                }
            )
            known._ask_staff()
        elif transaction.currency_id.compare_amounts(amount, known.amount) > 0:
            known.write({"amount": amount, "note": note, "state": "open"})
            known._ask_staff()
        return known

    def _ask_staff(self):
        """Plan what is to be done next for a person; its title is neutral."""
        self.ensure_one()
        officer = self._get_officer()
        if not officer:
            return
        filed = self.with_context(mail_activity_quick_update=True, lang=officer.lang)
        filed.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=filed.env._("Payment to look at"),
            note=filed.next_action,
            user_id=officer.id,
        )

    def _get_officer(self):
        """Return a billing officer of the clinic, managers last, if there is one."""
        groups = (
            "group_billing_officer",
            "group_clinic_manager",
        )
        officers, managers = (
            self.env.ref(f"clinic_dunning.{group}")
            .sudo()
            .all_user_ids.filtered(
                lambda user: self.company_id in user.company_ids
                and user.active
                and not user.share
            )
            for group in groups
        )
        return (officers - managers or officers).sorted("id")[:1]

    def action_try_again(self):
        """Book what could not be booked, once the reason is mended.

        :raise UserError: with the reason, as long as it stands
        """
        self.check_access("write")
        for exception in self.filtered(lambda e: e.kind == "failed"):
            exception.sudo().transaction_id._try_again()
            exception.action_done()

    def action_done(self):
        """Note that the money found its place."""
        self.state = "done"
        self.activity_ids.action_feedback()
