"""A clinic whose visits ask for a deposit, paid as the test says."""

from odoo import Command

from odoo.addons.clinic_dunning.tests.pay_common import PayCase

from .booking_common import MONDAY_NINE, BookingCase


class DepositCase(BookingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.clinic_profession = "other"
        cls.policy = cls.create_deposit_policy()
        cls.kind.write(
            {
                "clinic_deposit_policy_id": cls.policy.id,
                "clinic_price": 100.0,
                "clinic_currency_id": cls.company.currency_id.id,
                "clinic_service_label": "Consultation fee",
            }
        )
        cls.provider, cls.method = cls.create_provider()
        cls.Deposit = cls.env["clinic.deposit"]
        cls.Exception = cls.env["clinic.payment.exception"]

    @classmethod
    def create_deposit_policy(cls, publish=True, **vals):
        policy = cls.env["clinic.deposit.policy"].create(
            {
                "name": "Deposit",
                "company_id": cls.company.id,
                "kind": "fixed",
                "amount": 30.0,
                "late_cancel_share": 50.0,
                "no_show_share": 100.0,
                "text": "<p>You may cancel for free.</p>",
                **vals,
            }
        )
        if publish:
            policy.action_publish()
        return policy

    @classmethod
    def create_provider(cls, **vals):
        """Return a published provider that refunds and captures as it is told."""
        pay = type("Pay", (PayCase,), {"env": cls.env, "company": cls.company})
        provider, method = pay._make_provider()
        method.write({"support_refund": "partial", "support_manual_capture": "partial"})
        provider.write(vals)
        return provider, method

    @classmethod
    def create_cash_journal(cls):
        """Return the journal of what is paid at the desk."""
        journal = cls.env["account.journal"].create(
            {
                "name": "Desk",
                "type": "cash",
                "code": "DSK",
                "company_id": cls.company.id,
                "clinic_desk_allowed": True,
            }
        )
        lines = (
            journal.inbound_payment_method_line_ids
            | journal.outbound_payment_method_line_ids
        )
        lines.payment_account_id = cls.env["account.account"].search(
            [("code", "=", "511000"), ("company_ids", "in", cls.company.ids)]
        )
        return journal

    @classmethod
    def create_advance_account(cls):
        """Return an account of advances, as the French chart has it."""
        return cls.env["account.account"].create(
            {
                "name": "Advances",
                "code": "419100",
                "account_type": "liability_current",
                "reconcile": True,
                "company_ids": [Command.set(cls.company.ids)],
            }
        )

    def request(self, start=MONDAY_NINE, partner=None, minutes=15, accepted=True):
        """Hold a slot and ask for its deposit; return the deposit."""
        booking = self.hold(start, partner, minutes=minutes)
        self.booking = booking
        accept = {"version": self.policy.version, "lang": "en_US", "ip": "192.0.2.1"}
        return self.Deposit._request(booking, accept if accepted else None)

    def begin(self, deposit, **vals):
        """Return a transaction of the page, as it begins."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "reference": self.env["payment.transaction"]._compute_reference(
                    self.provider.code, prefix=f"PAY-{deposit.id}"
                ),
                "amount": deposit.amount,
                "currency_id": deposit.currency_id.id,
                "partner_id": deposit.partner_id.id,
                "operation": "online_direct",
                "clinic_deposit_id": deposit.id,
                **vals,
            }
        )

    def pay_deposit(self, deposit, **vals):
        """Pay it, post-processing included; return the transaction."""
        transaction = self.begin(deposit, **vals)
        transaction._set_done()
        transaction._post_process()
        return transaction

    def bill(self, amount=100.0, partner=None):
        """Return the posted bill of a visit."""
        return self.create_invoice(partner, amount=amount)

    def get_filed(self, transaction):
        return self.Exception.search([("transaction_id", "=", transaction.id)])
