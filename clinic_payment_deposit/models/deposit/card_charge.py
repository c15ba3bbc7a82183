from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .deposit import WAITING

IN_DOUBT = Domain("clinic_charge", "in", ("claimed", "unknown"))
# A saved card that waits for its charge or hold.
TO_CHARGE = (
    Domain("operation", "=", "offline")
    & Domain("state", "=", "draft")
    & Domain("clinic_charge", "=", False)
)


class PaymentTransaction(models.Model):
    """Saved cards of deposits, charged as those of plans are.

    Claimed and committed first, then charged in a transaction of its own; what nobody
    answered is looked up before anything else, and asked for by link where it failed.
    """

    _inherit = "payment.transaction"

    @api.model
    def _charge_cards_of_deposits(self):
        """Charge what was fixed to be charged, or held, one after the other."""
        outbox = self.env["clinic.message"]
        waiting = self.search(Domain("clinic_deposit_id", "!=", False) & TO_CHARGE)
        for transaction in waiting:
            if outbox._insist(transaction._claim_card):
                transaction._charge_claimed()

    def _claim_card(self):
        """Take this charge, in a fresh transaction; return whether it is ours."""
        self.env.cr.execute(
            """SELECT id FROM payment_transaction
                WHERE id = %s AND state = 'draft' AND clinic_charge IS NULL
                  FOR UPDATE SKIP LOCKED""",
            [self.id],
        )
        if not self.env.cr.fetchone():
            return False
        self.write(
            {"clinic_charge": "claimed", "clinic_charge_at": fields.Datetime.now()}
        )
        return True

    def _get_claim_query(self):
        if not self.clinic_deposit_id:
            return super()._get_claim_query()
        return SQL(
            """SELECT tx.id FROM payment_transaction tx
                 JOIN clinic_deposit deposit ON deposit.id = tx.clinic_deposit_id
                WHERE tx.id = %s AND tx.clinic_charge = 'claimed'
                  FOR UPDATE OF tx, deposit""",
            self.id,
        )

    def _get_charge_obstacle(self):
        deposit = self.clinic_deposit_id
        if not deposit:
            return super()._get_charge_obstacle()
        if not deposit._may_charge_absent():
            return self.env._("Cards are not charged in their owner's absence here.")
        if not self.token_id.active:
            return self.env._("The card was removed.")
        if self.provider_id.state == "disabled":
            return self.env._("The provider of the card was switched off.")
        if deposit.state not in WAITING:
            return self.env._("Nothing is asked for any more.")
        return ""

    def _refuse(self, reason):
        """Note that nothing was charged, or held; the patient gets a link instead."""
        if not self.clinic_deposit_id:
            return super()._refuse(reason)
        if self.state == "draft":
            self._set_canceled(state_message=reason)
        self.clinic_charge = "refused"
        return self.clinic_deposit_id._ask_instead(self.amount)

    def _drop_charges(self):
        """Give up what was to be charged and is not on its way yet."""
        self.filtered_domain(TO_CHARGE)._set_canceled()


class ClinicDeposit(models.Model):
    _inherit = "clinic.deposit"

    def _may_charge_absent(self):
        """Return whether cards may be used here while their owner is away."""
        rules = self.env["clinic.compliance.rule"]
        return (
            rules._is_allowed("charge_absent", self.company_id)
            and self.company_id._may_clinic_collect()
        )
