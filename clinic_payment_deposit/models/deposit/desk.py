from odoo import fields, models
from odoo.exceptions import AccessError

MANAGER = "clinic_dunning.group_clinic_manager"
OFFICER = "clinic_dunning.group_billing_officer"
DESK = "clinic_dunning.group_front_desk"


class ClinicDeposit(models.Model):
    """The buttons of the back office, each for whom it is meant."""

    _inherit = "clinic.deposit"

    def _check_group(self, group):
        """Refuse whoever is not of that group, or may not see these deposits.

        :raise AccessError: in words
        """
        self.check_access("read")
        if not self.env.user.has_group(group) and not self.env.su:
            raise AccessError(
                self.env._("Your role does not include this. Ask the clinic's manager.")
            )

    def action_capture(self):
        """Take the whole amount that is held on the card."""
        self._check_group(OFFICER)
        for deposit in self.sudo():
            deposit._capture()

    def action_refund(self):
        """Give back all that is open: managers only."""
        self._check_group(MANAGER)
        for deposit in self.sudo():
            deposit._refund()
        self.sudo().transaction_ids.child_transaction_ids._post_process_now()

    def action_keep(self):
        """Keep what is open or held, by a fee, where the law allows it."""
        self._check_group(OFFICER)
        for deposit in self.sudo():
            deposit._keep()

    def action_release(self):
        """Let go of the hold: nothing was charged."""
        self._check_group(OFFICER)
        self.sudo()._release()

    def action_waive(self):
        """Ask for nothing: the visit is confirmed without a deposit."""
        self._check_group(OFFICER)
        for deposit in self.sudo():
            deposit._release()
            if deposit.booking_id.clinic_attendance == "expected":
                deposit.booking_id._confirm_paid()

    def action_send_link(self):
        """Send the link of the pay page, again if it was sent; not twice at once.

        :return: the client action that says so
        """
        self._check_group(DESK)
        minute = fields.Datetime.now().replace(second=0)
        self.sudo()._tell_requested(f":{minute}")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": self.env._("The link is on its way.")},
        }

    def action_open_exceptions(self):
        """Open what is on the list of exceptions about this deposit."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_payment_exception_action"
        )
        transactions = self.sudo().transaction_ids
        ids = (transactions | transactions.child_transaction_ids).ids
        return action | {"domain": [("transaction_id", "in", ids)], "context": {}}


class ClinicPaymentException(models.Model):
    _inherit = "clinic.payment.exception"

    def action_open_deposit(self):
        """Open the deposit that this is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.deposit",
            "res_id": self.clinic_deposit_id.id,
            "view_mode": "form",
        }

    def action_refund_deposit(self):
        """Give the money back to where it came from, as far as it is open."""
        deposits = self.clinic_deposit_id
        deposits._check_group(MANAGER)
        for exception in self.filtered("clinic_deposit_id"):
            deposit = exception.clinic_deposit_id.sudo()
            deposit._refund(min(exception.amount, deposit.open))
            deposit.transaction_ids.child_transaction_ids._post_process_now()
        self.action_done()
