"""Patients in a real browser, in a clinic with the demo provider."""

from common import EndsWithInvariants
from phone import Phone

from odoo import Command

from odoo.addons.clinic_dunning.tests.pay_common import PayCase


class TourCase(EndsWithInvariants, PayCase):
    """Tours end with the invariants, without a script's error or a foreign request."""

    size = None

    @classmethod
    def _make_provider(cls):
        """Return the demo provider of the clinic, published."""
        domain = [("code", "=", "demo"), ("company_id", "=", cls.company.id)]
        provider = cls.env["payment.provider"].search(domain, limit=1)
        if not provider:
            template = cls.env.ref("payment.payment_provider_demo")
            provider = template.copy({"company_id": cls.company.id})
        provider.write({"state": "test", "is_published": True})
        method = provider.with_context(active_test=False).payment_method_ids[:1]
        provider.payment_method_ids = [Command.set(method.ids)]
        method.active = True
        provider.journal_id = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)]
        )
        lines = provider.journal_id.inbound_payment_method_line_ids
        lines.payment_account_id = lines.payment_account_id[:1]
        return provider, method

    def visit(self, path=None):
        """Return the visitor's phone, to be opened with `with`."""
        return Phone(self, self.size).opened(path or self.path)

    def pay_by_demo(self, phone):
        """Pay on Odoo's own form, as it stands after the choice."""
        phone.sees("You pay")
        phone.page.locator("#customer_input").fill("4242 4242 4242 4242")
        phone.page.locator("button[name=o_payment_submit_button]").click()

    def unlock(self, phone):
        phone.sees("Your birth date, please")
        phone.fill("Birth date", "1980-05-12")
        phone.page.locator(".pay").first.click()
