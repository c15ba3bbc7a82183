"""The deposit machine against a sum in the head, in any order and currency."""

from common import InvariantCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.clinic_payment_deposit.tests.deposit_common import DepositCase

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "apply", "refund", "keep", "undo", "expire"]),
        st.integers(1, 6000),
    ),
    max_size=6,
)


@tagged("post_install", "-at_install")
class TestDepositProperty(DepositCase, InvariantCase):
    """Whatever is done in whatever order: paid = used + given back + kept + open."""

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(ACTS, st.sampled_from(["JPY", "EUR", "KWD"]), st.booleans())
    def test_amounts_add_up_in_any_order(self, acts, currency_name, with_account):
        self.cr.execute("SAVEPOINT property")
        try:
            self.go_through(acts, currency_name, with_account)
        finally:
            self.env.flush_all()
            self.cr.execute("ROLLBACK TO SAVEPOINT property")
            self.env.invalidate_all(flush=False)

    def go_through(self, acts, currency_name, with_account):
        if with_account:
            self.create_advance_account()
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", currency_name)])
        currency.active = True
        self.policy.kind = "full"
        price = 3000 / 10**currency.decimal_places
        self.kind.write({"clinic_currency_id": currency.id, "clinic_price": price})
        deposit = self.request()
        for act, units in acts:
            amount = units / 10**currency.decimal_places
            try:
                with self.env.cr.savepoint():
                    getattr(self, f"do_{act}")(deposit, amount)
            except UserError:
                pass
            self.assertEqual(
                currency.compare_amounts(
                    deposit.paid,
                    deposit.applied + deposit.refunded + deposit.kept + deposit.open,
                ),
                0,
            )
            self.check_invariants()

    def do_pay(self, deposit, _amount):
        self.pay_deposit(deposit)

    def do_apply(self, deposit, amount):
        bill = self.create_invoice(amount=amount, currency_id=deposit.currency_id.id)
        deposit._apply_to(bill)

    def do_refund(self, deposit, amount):
        self.provider.support_refund = "partial"
        paid = deposit.transaction_ids.filtered(lambda tx: tx.state == "done")[:1]
        deposit._check_refund(amount)
        refund = paid._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        refund._post_process()

    def do_keep(self, deposit, amount):
        deposit.booking_id._by_us().clinic_attendance = "no_show"
        deposit._keep(amount)

    def do_undo(self, deposit, _amount):
        for line in deposit.line_ids.partial_id.sorted("id")[-1:]:
            line.unlink()

    def do_expire(self, deposit, _amount):
        deposit._expire("Over")
