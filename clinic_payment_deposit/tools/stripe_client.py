"""Stripe over its official SDK: captures, releases, refunds, look-ups. No `env` here.

Each POST bears a key that says what it is about: sent again, by us or by the SDK after
a broken connection, it does nothing a second time.
"""

import hashlib

import stripe

API_URL = "https://api.stripe.com"
# The shapes that Odoo's own connector reads.
API_VERSION = "2019-05-16"
TIMEOUT = 15
RETRIES = 1
PAGE = 100


class StripeFailure(Exception):
    """Stripe said no, or nothing.

    :param bool is_ambiguous: it may have been done all the same
    """

    def __init__(self, message, code="", is_ambiguous=False):
        super().__init__(message)
        self.code = code
        self.is_ambiguous = is_ambiguous


def get_key(*parts):
    """Return the idempotency key of an act: the same parts give the same key."""
    text = "|".join(map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest()


class StripeClient:
    """One account at Stripe."""

    def __init__(self, secret_key, api_url=API_URL, timeout=TIMEOUT):
        if not secret_key:
            raise StripeFailure("No secret key", code="no_key")
        self._sdk = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_url or API_URL},
            stripe_version=API_VERSION,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=timeout),
        ).v1

    # -- acts --------------------------------------------------------------------------

    def capture(self, *, intent, amount, key):
        """Take so much of what is held; Stripe releases the rest.

        :param int amount: in the currency's smallest unit
        :return: the intent as a dict
        """
        return self._ask(
            self._sdk.payment_intents.capture,
            intent,
            {"amount_to_capture": amount},
            {"idempotency_key": key},
        )

    def cancel(self, *, intent, key):
        """Let go of all that is held; return the intent as a dict."""
        return self._ask(
            self._sdk.payment_intents.cancel, intent, {}, {"idempotency_key": key}
        )

    def cancel_setup(self, *, setup, key):
        """Save no card by this intent any more; return it as a dict."""
        return self._ask(
            self._sdk.setup_intents.cancel, setup, {}, {"idempotency_key": key}
        )

    def refund(self, *, intent, amount, reference, key):
        """Give back so much; return the refund as a dict.

        :param int amount: in the currency's smallest unit
        :param str reference: our own, to recognise it by
        """
        params = {
            "payment_intent": intent,
            "amount": amount,
            "metadata": {"reference": reference},
        }
        return self._ask(self._sdk.refunds.create, params, {"idempotency_key": key})

    # -- look-ups ----------------------------------------------------------------------

    def get_intent(self, intent):
        """Return an intent with its payment method."""
        return self._ask(
            self._sdk.payment_intents.retrieve, intent, {"expand": ["payment_method"]}
        )

    def get_setup(self, setup):
        """Return the intent to save a card, with its payment method."""
        return self._ask(
            self._sdk.setup_intents.retrieve, setup, {"expand": ["payment_method"]}
        )

    def get_refunds(self, intent):
        """Return all refunds of an intent."""
        return self._list(self._sdk.refunds.list, payment_intent=intent)

    def find_intents(self, *, customer):
        """Return all intents of a customer."""
        return self._list(self._sdk.payment_intents.list, customer=customer)

    def get_dispute(self, dispute):
        """Return a dispute as it stands now."""
        return self._ask(self._sdk.disputes.retrieve, dispute)

    # -- one door ----------------------------------------------------------------------

    def _list(self, method, **params):
        found = []
        while True:
            page = self._ask(method, {"limit": PAGE, **params})
            found += page["data"]
            if not page.get("has_more"):
                return found
            params["starting_after"] = found[-1]["id"]

    def _ask(self, method, *arguments):
        """Return Stripe's answer as a dict.

        :raise StripeFailure: the only exception that leaves this file
        """
        try:
            return method(*arguments).to_dict()
        except (stripe.APIConnectionError, stripe.APIError) as error:
            raise StripeFailure(self._say(error), is_ambiguous=True) from error
        except stripe.StripeError as error:
            status = error.http_status or 0
            raise StripeFailure(
                self._say(error), error.code or "", status >= 500
            ) from error

    def _say(self, error):
        return error.user_message or type(error).__name__
