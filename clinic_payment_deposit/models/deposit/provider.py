from odoo import api, models
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    """What a provider can do for deposits, and whether it may be trusted with them."""

    _inherit = "payment.provider"

    @api.model
    def _get_holding(self, company, currency):
        """Return the published providers of a clinic that can hold an amount (sudo)."""
        providers = self.sudo()._get_compatible_providers(
            company.id, company.partner_id.id, 0.0, currency_id=currency.id
        )
        return providers.filtered(lambda provider: provider._can_hold())

    def _can_hold(self):
        """Return whether a card payment can wait for its capture here.

        Stripe decides for each payment; others by a setting of their own.
        """
        self.ensure_one()
        if self.code == "stripe":
            return self._is_trusted()
        return bool(self.support_manual_capture and self.capture_manually)

    def _is_trusted(self):
        """Return whether nobody else can tell us that a deposit was paid here."""
        return self.code != "stripe" or bool(self.sudo().stripe_webhook_secret)

    @api.model
    def _check_deposits_are_safe(self, company):
        """Refuse deposits where anybody could tell us that they were paid.

        :raise UserError: a published Stripe provider has no webhook secret
        """
        unsafe = self.sudo().search(
            [
                ("code", "=", "stripe"),
                ("state", "!=", "disabled"),
                ("company_id", "parent_of", company.id),
                ("stripe_webhook_secret", "in", (False, "")),
            ],
            limit=1,
        )
        if unsafe:
            raise UserError(
                self.env._(
                    "“%s” has no webhook secret: anybody could tell this clinic that a "
                    "deposit was paid. Open the provider and generate it first.",
                    unsafe.name,
                )
            )
