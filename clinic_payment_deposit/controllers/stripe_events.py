import logging

from werkzeug.exceptions import Forbidden, ServiceUnavailable

from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.payment_stripe import utils as stripe_utils
from odoo.addons.payment_stripe.controllers.main import StripeController

from ..tools.stripe_client import StripeFailure

_logger = logging.getLogger(__name__)

ABOUT_MONEY_BACK = ("charge.refund", "charge.dispute.")


class ClinicStripeController(StripeController):
    """Stripe's webhook: signed or refused; refunds and disputes are ours to book."""

    @http.route()
    def stripe_webhook(self):
        """Take what concerns deposits and money given back; leave the rest to core."""
        event = request.get_json_data()
        kind, record = self._read_event(event)
        transaction = self._find_transaction(kind, record)
        if not transaction:
            return super().stripe_webhook()
        self._verify_signature(transaction)
        try:
            transaction._take_stripe_event(kind, record)
        except (StripeFailure, ValidationError) as error:
            _logger.info("Event %s of Stripe will come again: %s", event["id"], error)
            raise ServiceUnavailable from None
        return request.make_json_response("")

    def _read_event(self, event):
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
            return "", {}
        record = event["data"].get("object")
        return str(event.get("type") or ""), record if isinstance(record, dict) else {}

    def _find_transaction(self, kind, record):
        """Return the payment that is ours to deal with, or none."""
        transactions = request.env["payment.transaction"].sudo()
        if kind.startswith(ABOUT_MONEY_BACK):
            return transactions._find_of_stripe(record)
        if not kind.startswith("payment_intent."):
            return transactions
        return transactions.search(
            [
                ("provider_code", "=", "stripe"),
                ("clinic_deposit_id", "!=", False),
                ("source_transaction_id", "=", False),
                ("clinic_intent", "=", record.get("id") or "-"),
            ],
            limit=1,
        )

    def _verify_signature(self, tx_sudo):
        """Without a secret anybody could tell us that something was paid."""
        if not stripe_utils.get_webhook_secret(tx_sudo.provider_id):
            _logger.info("Refused an event of Stripe: no webhook secret is set.")
            raise Forbidden()
        if not request.httprequest.headers.get("Stripe-Signature"):
            raise Forbidden()
        return super()._verify_signature(tx_sudo)
