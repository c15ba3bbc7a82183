import json
from datetime import UTC, datetime, timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const

from ...tools.stripe_client import API_URL, StripeClient, StripeFailure, get_key

# Stripe keeps a hold so long, unless it says another moment.
HOLD = timedelta(days=7)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _get_stripe_url(self):
        """Return where Stripe answers; a copy for trying has its own."""
        parameters = self.env["ir.config_parameter"].sudo()
        url = parameters.get_param("clinic_payment_deposit.stripe_api_url")
        return (url or API_URL).rstrip("/")

    def _build_request_url(self, endpoint, *, is_proxy_request=False, **kwargs):
        url = super()._build_request_url(
            endpoint, is_proxy_request=is_proxy_request, **kwargs
        )
        if self.code == "stripe" and not is_proxy_request:
            return url.replace(API_URL, self._get_stripe_url(), 1)
        return url

    def _get_stripe_client(self):
        """Return a client of this provider's account.

        :raise ValidationError: without a secret key
        """
        try:
            return StripeClient(self.sudo().stripe_secret_key, self._get_stripe_url())
        except StripeFailure:
            raise ValidationError(
                self.env._("“%s” has no secret key.", self.name)
            ) from None

    def _stripe_get_inline_form_values(self, *args, **kwargs):
        """Stripe's form has to know that the amount is only held."""
        values = super()._stripe_get_inline_form_values(*args, **kwargs)
        if not self.env.context.get("clinic_is_hold"):
            return values
        return json.dumps({**json.loads(values), "capture_method": "manual"})


class PaymentTransaction(models.Model):
    """Holds, partial captures, releases and refunds at Stripe, each done once."""

    _inherit = "payment.transaction"

    clinic_intent = fields.Char(
        string="Intent at the Provider",
        readonly=True,
        copy=False,
        help="What to look up if nobody tells how the payment went.",
    )
    clinic_capture_before = fields.Datetime(
        string="Capture before",
        readonly=True,
        copy=False,
        help="The provider lets go of the hold at that moment.",
    )

    clinic_act = fields.Selection(
        [("capture", "Capture"), ("cancel", "Release"), ("refund", "Refund")],
        string="Asked of the Provider",
        readonly=True,
        copy=False,
        help="What to ask again if the question never arrived.",
    )

    # -- beginning ---------------------------------------------------------------------

    def _stripe_create_intent(self):
        intent = super()._stripe_create_intent()
        if intent and self.clinic_deposit_id:
            self.clinic_intent = intent["id"]
        return intent

    def _stripe_prepare_payment_intent_payload(self):
        payload = super()._stripe_prepare_payment_intent_payload()
        if self.clinic_is_hold:
            payload["capture_method"] = "manual"
        return payload

    # -- capture, release, refund ------------------------------------------------------

    def _send_capture_request(self):
        """Take what this capture asks for: core takes all, whatever it is asked."""
        if self.provider_code != "stripe":
            return super()._send_capture_request()
        source = self.source_transaction_id
        return self._ask_stripe(
            "capture",
            intent=source.provider_reference,
            amount=self._get_minor_amount(),
        )

    def _send_void_request(self):
        if self.provider_code != "stripe":
            return super()._send_void_request()
        return self._ask_stripe(
            "cancel", intent=self.source_transaction_id.provider_reference
        )

    def _send_refund_request(self):
        if self.provider_code != "stripe":
            return super()._send_refund_request()
        return self._ask_stripe(
            "refund",
            intent=self.source_transaction_id.provider_reference,
            amount=self._get_minor_amount(),
            reference=self.reference,
        )

    def _refund(self, amount_to_refund=None):
        """What the webhook tells of this refund waits until it is in the database."""
        self._touch_money()
        return super()._refund(amount_to_refund)

    def _touch_money(self):
        """Let acts and news about one payment come one after the other.

        The second one fails on its old snapshot and is replayed.
        """
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE payment_transaction SET write_date = write_date WHERE id IN %s",
            [self._ids or (0,)],
        )
        self.clinic_deposit_id._lock()

    def _ask_stripe(self, act, **arguments):
        """Ask once, and take the answer; no answer means: under way, look it up.

        :raise ValidationError: Stripe refused
        """
        self.clinic_act = act
        key = get_key(
            self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
            act,
            self.reference,
            arguments.get("amount", 0),
        )
        try:
            client = self.provider_id._get_stripe_client()
            answer = getattr(client, act)(key=key, **arguments)
        except StripeFailure as failure:
            if not failure.is_ambiguous:
                raise ValidationError(str(failure)) from None
            self._set_pending(state_message=str(failure))
            return
        self._process("stripe", self._make_stripe_data(answer))

    def _make_stripe_data(self, record):
        """Return what core's `_process` reads of an intent or a refund."""
        if record.get("object") == "refund":
            return {"refund": record}
        if record.get("object") == "setup_intent":
            return {
                "reference": self.reference,
                "setup_intent": record,
                "payment_method": record.get("payment_method"),
            }
        return {
            "reference": self.reference,
            "payment_intent": record,
            "payment_method": record.get("payment_method"),
        }

    def _get_minor_amount(self, amount=None):
        """Return an amount (this one's) in the smallest unit, as Stripe counts."""
        return payment_utils.to_minor_currency_units(
            abs(self.amount if amount is None else amount),
            self.currency_id,
            arbitrary_decimal_number=const.CURRENCY_DECIMALS.get(self.currency_id.name),
        )

    def _get_major_amount(self, minor):
        return payment_utils.to_major_currency_units(
            minor or 0,
            self.currency_id,
            arbitrary_decimal_number=const.CURRENCY_DECIMALS.get(self.currency_id.name),
        )

    # -- answers -----------------------------------------------------------------------

    def _is_capture(self):
        """Return whether this takes, or lets go of, what its source holds."""
        source = self.source_transaction_id
        return bool(source) and self.operation == source.operation

    def _extract_amount_data(self, payment_data):
        """A capture is as large as what was received, not as what was held."""
        data = super()._extract_amount_data(payment_data)
        intent = payment_data.get("payment_intent")
        if self.provider_code == "stripe" and self._is_capture() and intent:
            if intent.get("status") == "succeeded":
                data["amount"] = self._get_major_amount(intent["amount_received"])
            else:
                data["amount"] = self.amount
        return data

    def _process(self, provider_code, payment_data):
        """News of a hold go to the part of it that they are about."""
        intent = payment_data.get("payment_intent")
        transaction = self
        if provider_code == "stripe" and isinstance(intent, dict):
            transaction = self or self._search_by_reference("stripe", payment_data)
            if transaction and transaction._takes_part(intent):
                return transaction._process_captured(intent, payment_data)
        return super(PaymentTransaction, transaction)._process(
            provider_code, payment_data
        )

    def _takes_part(self, intent):
        """Return whether an intent tells of the capture of a hold, whole or in part."""
        return (
            not self.source_transaction_id
            and intent.get("status") == "succeeded"
            and intent.get("description") == self.reference
            and intent.get("capture_method") == "manual"
            and bool(self.clinic_deposit_id or self._get_parts_under_way())
        )

    def _process_captured(self, intent, payment_data):
        """Book what was captured, by us or at Stripe's own pages, once."""
        self._touch_money()
        if self.state in ("draft", "pending", "error"):
            self._process_held(intent, payment_data)
        received = self._get_major_amount(intent.get("amount_received"))
        captures = self.child_transaction_ids.filtered(lambda tx: tx._is_capture())
        done = captures.filtered(lambda tx: tx.state == "done")
        if done or self.state != "authorized":
            return done[:1] or self
        waiting = captures.filtered(
            lambda tx: tx.state in ("draft", "pending", "error")
            and not tx.currency_id.compare_amounts(tx.amount, received)
        )
        capture = waiting[:1] or self._create_child_transaction(received)
        return capture._process("stripe", {**payment_data, "reference": ""})

    def _process_held(self, intent, payment_data):
        """Learn of the hold first whose capture is told of already."""
        held = {**intent, "status": "requires_capture"}
        return super()._process("stripe", {**payment_data, "payment_intent": held})

    def _apply_updates(self, payment_data):
        result = super()._apply_updates(payment_data)
        if self.provider_code == "stripe" and self.state == "authorized":
            self.clinic_capture_before = self._read_capture_before(
                payment_data.get("payment_intent") or {}
            )
        return result

    def _read_capture_before(self, intent):
        """Return until when Stripe keeps a hold (naive UTC)."""
        charge = intent.get("latest_charge")
        if not isinstance(charge, dict):
            charge = next(iter((intent.get("charges") or {}).get("data") or ()), {})
        card = (charge.get("payment_method_details") or {}).get("card") or {}
        if stamp := card.get("capture_before"):
            return datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None)
        return (self.last_state_change or fields.Datetime.now()) + HOLD

    def _set_authorized(self, *, state_message=None, extra_allowed_states=()):
        """A card that was declined may be accepted a minute later."""
        if self.clinic_deposit_id:
            extra_allowed_states = (*extra_allowed_states, "error")
        return super()._set_authorized(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

    # -- looking up --------------------------------------------------------------------

    def _refetch(self):
        """Ask Stripe how this stands and take it, whatever was told before.

        :raise StripeFailure: Stripe does not answer
        """
        self.ensure_one()
        intent = self.provider_reference or self.clinic_intent
        if self.provider_code != "stripe" or not intent:
            return
        self._touch_money()
        client = self.provider_id._get_stripe_client()
        is_card = self.operation == "validation"
        record = client.get_setup(intent) if is_card else client.get_intent(intent)
        if self._is_news(record):
            self._process("stripe", self._make_stripe_data(record))

    def _is_news(self, intent):
        """Return whether an intent says more than is known here."""
        expected = {"authorized": "requires_capture", "done": "succeeded"}
        is_begun = intent["status"] not in (
            "requires_payment_method",
            "requires_action",
        )
        return intent["status"] != expected.get(self.state) and (
            is_begun or self.state in ("pending", "authorized")
        )

    def _look_up_by_stripe(self):
        """Return what Stripe knows of a charge of a saved card whose answer was lost.

        All that was ever charged to this card's owner is read, however long ago: what
        is not found is charged again.

        :return: dict for `_process`, False where there is nothing of that reference,
            None where Stripe does not answer
        """
        try:
            client = self.provider_id._get_stripe_client()
            intents = client.find_intents(customer=self.token_id.provider_ref)
        except StripeFailure:
            return None
        for intent in intents:
            if intent.get("description") == self.reference:
                return self._make_stripe_data(intent)
        return False
