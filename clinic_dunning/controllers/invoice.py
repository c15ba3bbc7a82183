"""Core's own ways to pay a bill, where amount and way back came from the browser."""

from urllib.parse import urlsplit

from odoo import http
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import request

from odoo.addons.account_payment.controllers.payment import PaymentPortal

from .checkout import TRANSACTIONS_PER_HOUR
from .page import PatientPage

HOME = "/my"


def get_own_route(route):
    """Return the way back if it stays on this site, else the portal's first page."""
    route = route or ""
    is_plain = route.isprintable() and "\\" not in route
    is_path = route.startswith("/") and not route.startswith("//")
    return route if is_plain and is_path and not urlsplit(route).netloc else HOME


class ClinicInvoicePayment(PatientPage, PaymentPortal):
    """The server says what may be paid for a bill, and where the payer goes then."""

    @http.route()
    def invoice_transaction(self, invoice_id, access_token, amount=None, **kwargs):
        """Pay a bill by the rules of our own page.

        :raise ValidationError: in words, for an impossible amount, while another
            payment is on its way, or after too many tries
        """
        try:
            invoice_sudo = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except (AccessError, MissingError):
            raise ValidationError(
                request.env._("This page is too old. Please open your link again.")
            ) from None
        subject = f"invoice:{invoice_id}"
        if not self._allows(
            "transaction", subject, TRANSACTIONS_PER_HOUR, 3600, when_broken=False
        ):
            raise ValidationError(
                request.env._("Too many tries. Please wait a while, or call us.")
            )
        kwargs |= {
            "amount": invoice_sudo._check_online_amount(amount),
            "landing_route": invoice_sudo.get_portal_url(),
        }
        return super().invoice_transaction(invoice_id, access_token, **kwargs)

    @http.route()
    def overdue_invoices_transaction(self, payment_reference, **kwargs):
        """Refuse: the amount would be the client's."""
        raise ValidationError(request.env._("Please pay on the page of your account."))

    def _create_transaction(self, *args, landing_route=None, **kwargs):
        """Nobody is led to another site after a payment, whatever the browser says."""
        return super()._create_transaction(
            *args, landing_route=get_own_route(landing_route), **kwargs
        )
