from odoo import api, fields, models


class ClinicPaymentException(models.Model):
    """Money of deposits that a person has to look at."""

    _inherit = "clinic.payment.exception"

    kind = fields.Selection(
        selection_add=[
            ("to_refund", "To be given back by hand"),
            ("bounced", "A refund came back"),
            ("disputed", "Disputed at the bank"),
        ],
        ondelete={
            "to_refund": "cascade",
            "bounced": "cascade",
            "disputed": "cascade",
        },
    )
    clinic_deposit_id = fields.Many2one(
        "clinic.deposit",
        string="Deposit",
        compute="_compute_clinic_deposit_id",
        compute_sudo=True,
    )

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
        }
        for exception in self:
            if exception.kind in actions:
                exception.next_action = actions[exception.kind]
            elif exception.kind == "late" and exception.clinic_deposit_id:
                exception.next_action = self.env._(
                    "The slot was given back: offer another one, or refund it."
                )
        return result
