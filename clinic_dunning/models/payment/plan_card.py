from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .checkout import is_nonce
from .checkout_pay import HOURS_SHOWN

HOURS_TO_SAVE = 1


class ClinicPaymentPlan(models.Model):
    """The card that pays a plan: saved before, or now by the provider's own form."""

    _inherit = "clinic.payment.plan"

    @api.model
    def _find_waiting(self, nonce):
        """Return the plan of that nonce which waits for its card, or none (sudo)."""
        since = fields.Datetime.now() - timedelta(hours=HOURS_TO_SAVE)
        return self._find_by_nonce(nonce).filtered_domain(
            [
                ("state", "in", ("draft", "proposed")),
                ("wants_card", "=", True),
                ("token_id", "=", False),
                ("accepted_at", ">", since),
            ]
        )

    @api.model
    def _find_by_nonce(self, nonce):
        """Return the plan that this nonce names, or none (sudo)."""
        if not is_nonce(nonce):
            return self.sudo().browse()
        return self.sudo().search([("nonce", "=", nonce)], limit=1)

    @api.model
    def _find_shown(self, nonce):
        """Return the plan of that nonce while its card may still be asked about (sudo).

        The address is as secret as the link was, and ends as links do.
        """
        since = fields.Datetime.now() - timedelta(hours=HOURS_SHOWN)
        return self._find_by_nonce(nonce).filtered_domain([("accepted_at", ">", since)])

    @api.model
    def _get_card_options(self, company, partner, currency):
        """Return the providers and methods that can save a card here (sudo)."""
        providers = self.env["payment.provider"].sudo()
        if not company._may_clinic_collect():
            return providers, self.env["payment.method"].sudo()
        providers = providers._get_compatible_providers(
            company.id,
            partner.id,
            0.0,
            currency_id=currency.id,
            force_tokenization=True,
            is_validation=True,
        )
        methods = (
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers.ids,
                partner.id,
                currency_id=currency.id,
                force_tokenization=True,
            )
        )
        return methods.provider_ids & providers, methods

    @api.model
    def _get_cards(self, company, partner, currency):
        """Return the saved cards of this person that can be charged here (sudo)."""
        providers, _methods = self._get_card_options(company, partner, currency)
        tokens = self.env["payment.token"].sudo()
        if not providers:
            return tokens
        return tokens._get_available_tokens(providers.ids, partner.id)

    def _check_way_to_save(self, provider_id, payment_method_id):
        """Refuse a provider or a method that can't save a card here (any more)."""
        providers, methods = self._get_card_options(
            self.company_id, self.partner_id, self.currency_id
        )
        method = methods.filtered(lambda method: method.id == payment_method_id)
        provider = providers.filtered(lambda provider: provider.id == provider_id)
        if not provider or provider not in method.provider_ids:
            raise ValidationError(
                self.env._(
                    "This way to pay is not available. Please choose another one."
                )
            )

    def _take_card(self, token):
        """Charge this card from now on, and go on with what was accepted."""
        self._touch()
        self.sudo().token_id = token
        self._go_on()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    clinic_plan_id = fields.Many2one(
        "clinic.payment.plan",
        string="Saves a Card for",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )

    def _update_state(self, allowed_states, target_state, state_message):
        updated = super()._update_state(allowed_states, target_state, state_message)
        if updated.clinic_plan_id and target_state in ("authorized", "done"):
            # Not left to the ten-minute run: the patient may have closed the page.
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()
        return updated

    def _post_process(self):
        result = super()._post_process()
        for transaction in self.filtered(
            lambda tx: tx.clinic_plan_id and tx.token_id and tx.state == "done"
        ):
            plan = transaction.clinic_plan_id._find_waiting(
                transaction.clinic_plan_id.sudo().nonce
            )
            if plan:
                plan.with_context(lang=plan.lang)._take_card(transaction.token_id)
        return result
