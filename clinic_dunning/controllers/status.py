"""What somebody sees on the way back from a provider."""

import logging

import psycopg2

from odoo import http
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

_logger = logging.getLogger(__name__)


class ClinicPaymentStatus(PaymentPostProcessing):
    """Who paid on a page of ours comes back to it: core's page bears another name."""

    @http.route()
    def display_status(self, **kwargs):
        """Book what has arrived, then show how it stands, without a script."""
        transaction = self._get_monitored_transaction()
        if not (transaction.landing_route or "").startswith("/p/"):
            return super().display_status(**kwargs)
        if transaction.state == "done" and not transaction.is_post_processed:
            self._book(transaction)
        return request.redirect(transaction.landing_route)

    def _book(self, transaction):
        """Book a payment; if it goes wrong, the scheduled action tries again."""
        try:
            with request.env.cr.savepoint():
                transaction._post_process()
        except psycopg2.OperationalError:
            raise  # Somebody else was quicker: the request is made again.
        except Exception:  # pylint: disable=broad-except
            # whatever it is, the payer reads that his payment is being checked
            _logger.exception("Transaction %s is not booked yet.", transaction.id)
