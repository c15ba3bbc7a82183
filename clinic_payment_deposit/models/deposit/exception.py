from odoo import api, fields, models

OURS = {
    "to_refund": "To be given back by hand",
    "bounced": "A refund came back",
    "disputed": "Disputed at the bank",
    "overdrawn": "More was given back than was open",
}
# What no provider gives back.
BY_HAND = ("to_refund", "bounced")
# Kinds that are still known when this addon is removed.
LASTING = ("unallocated", "failed", "mismatch", "lost", "late")


class ClinicPaymentException(models.Model):
    """Money of deposits that a person has to look at."""

    _inherit = "clinic.payment.exception"

    kind = fields.Selection(
        selection_add=list(OURS.items()),
        ondelete=dict.fromkeys(OURS, lambda records: records._become_known()),
    )
    clinic_deposit_id = fields.Many2one(
        "clinic.deposit",
        string="Deposit",
        compute="_compute_clinic_deposit_id",
        compute_sudo=True,
    )

    @api.model
    def _file(self, transaction, kind, amount=None, note=False):
        """What is given back by hand adds up; once done, it counts anew."""
        if kind in BY_HAND:
            known = transaction.sudo().clinic_exception_ids.filtered(
                lambda filed: filed.kind == kind
            )
            if known.state == "open":
                amount += known.amount
            deposit = transaction.clinic_deposit_id.sudo()
            if deposit and kind == "to_refund":
                amount = min(amount, deposit._get_free())
            known.filtered(lambda filed: filed.state == "done").amount = 0.0
        return super()._file(transaction, kind, amount=amount, note=note)

    @api.depends("transaction_id")
    def _compute_clinic_deposit_id(self):
        for exception in self:
            transaction = exception.transaction_id
            exception.clinic_deposit_id = (
                transaction.clinic_deposit_id
                or transaction.source_transaction_id.clinic_deposit_id
            )

    def action_done(self):
        """Let the deposits go on whose last trouble this was."""
        result = super().action_done()
        for deposit in self.clinic_deposit_id.sudo():
            others = self.sudo().search_count(
                [
                    ("transaction_id", "in", deposit.transaction_ids.ids),
                    ("state", "=", "open"),
                ],
                limit=1,
            )
            if not others:
                deposit._resolve()
                if "disputed" in self.mapped("kind"):
                    deposit._use_for_posted_bill()
        return result

    @api.depends("kind")
    def _compute_next_action(self):
        result = super()._compute_next_action()
        actions = {
            "to_refund": self.env._(
                "Give it back at the provider or by transfer, and note it there."
            ),
            "bounced": self.env._("Ask the patient for another way to give it back."),
            "disputed": self.env._(
                "Answer at the provider, with the accepted terms as evidence."
            ),
            "overdrawn": self.env._(
                "Undo the use of the deposit for its bill, then match the refund."
            ),
        }
        for exception in self:
            if exception.kind in actions:
                exception.next_action = actions[exception.kind]
            elif exception.clinic_deposit_id:
                exception.next_action = (
                    exception._get_deposit_action() or exception.next_action
                )
        return result

    def _get_deposit_action(self):
        """Return what to do where money of a deposit fits nowhere, or ''."""
        return {
            "late": self.env._(
                "The slot was given back: offer another one, or refund it."
            ),
            "charged_back": self.env._(
                "It is booked, a bill that it paid is open again: call the patient."
            ),
        }.get(self.kind, "")

    def _become_known(self):
        """Stay on the list when the addon that knows these kinds is removed."""
        names = dict(self._fields["kind"].selection)
        for exception in self:
            twins = self.search([("transaction_id", "=", exception.transaction_id.id)])
            free = [kind for kind in LASTING if kind not in twins.mapped("kind")]
            note = ": ".join(filter(None, (names[exception.kind], exception.note)))
            exception.write({"kind": (free or LASTING)[0], "note": note})
