from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ClinicPaymentCheckout(models.Model):
    """The same way to a payment as for bills: here a deposit is what was chosen."""

    _inherit = "clinic.payment.checkout"

    clinic_deposit_id = fields.Many2one(
        "clinic.deposit", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    @api.model
    def _open_deposit(self, deposit, link, form="", lang=None):
        """Fix that a deposit will be paid; its amount is the deposit's own.

        :param str form: names the form that was sent; sent twice, it is one choice
        :raise ValidationError: in words for the patient, when it can't be paid any more
        """
        link._touch()
        nonce = self._get_nonce(link, ("deposit", deposit.id, form))
        if known := self._find(nonce):
            return known
        self._check_deposit(deposit)
        return self.create(
            {
                **self._prepare_vals(link, deposit.currency_id, lang),
                "nonce": nonce,
                "amount": deposit.amount,
                "clinic_deposit_id": deposit.id,
            }
        )

    def _check_deposit(self, deposit):
        """Refuse what expired, was paid or waived; and terms that nobody accepted.

        :raise ValidationError: in words for the patient
        """
        if not deposit._may_be_paid():
            raise ValidationError(
                self.env._(
                    "This time was given back, nothing was charged. Please choose "
                    "another one, or call us."
                )
            )
        if not deposit.acceptance_id:
            raise ValidationError(self.env._("Please accept the terms first."))

    def _lock(self):
        result = super()._lock()
        self.clinic_deposit_id._lock()
        return result

    def _check_payable(self):
        result = super()._check_payable()
        if self.clinic_deposit_id:
            self._check_deposit(self.clinic_deposit_id)
            self._check_asked()
        return result

    def _check_asked(self):
        """Refuse what was begun when another amount was asked.

        :raise ValidationError: in words for the patient
        """
        if self.currency_id.compare_amounts(self.amount, self.clinic_deposit_id.amount):
            raise ValidationError(
                self.env._("The amount has changed. Please reload the page.")
            )

    def _get_options(self):
        providers, methods = super()._get_options()
        if not self.clinic_deposit_id:
            return providers, methods
        return self.clinic_deposit_id._filter_options(providers, methods)

    def _get_live_transaction(self):
        deposit = self.clinic_deposit_id
        return super()._get_live_transaction() or deposit._get_live_transaction()

    def _get_awaited_transfers(self):
        awaited = super()._get_awaited_transfers()
        deposit = self.clinic_deposit_id
        return awaited | deposit.transaction_ids._get_awaited_of_deposit()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """What is begun for a deposit belongs to it, and is a hold where it asks so."""
        checkouts = self.env["clinic.payment.checkout"].sudo()
        for vals in vals_list:
            checkout = checkouts.browse(vals.get("clinic_checkout_id") or ())
            if deposit := checkout.clinic_deposit_id:
                vals["clinic_deposit_id"] = deposit.id
                vals["clinic_is_hold"] = (
                    deposit.way == "hold" and vals.get("operation") != "validation"
                )
        return super().create(vals_list)

    def _thank(self):
        """For a deposit the words are others, see `clinic.deposit`."""
        if not self.clinic_checkout_id.clinic_deposit_id:
            return super()._thank()
        return None
