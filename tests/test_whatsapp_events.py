from emulators.twilio.callbacks import get_status_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whatsapp import WebhookCase

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import level

STATUSES = ("queued", "sent", "delivered", "read", "failed", "undelivered")


class Rollback(Exception):
    pass


@tagged("post_install", "-at_install")
class TestWhatsappEvents(WebhookCase):
    """Receipts late, twice, in any order and in any batches end in one state."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls.create_policy(level("First", 7))
        policy.level_ids.route_id = cls.create_route("sms", "email")
        cls.create_invoice()

    def end_of(self, attempt, batches):
        """Return the states in which these batches of receipts end; nothing stays."""
        sent = self.twilio.find(attempt.provider_ref)
        events = self.env["clinic.twilio.event"]
        try:
            with self.env.cr.savepoint():
                for batch in batches:
                    for status in batch:
                        code = "30008" if status in ("failed", "undelivered") else None
                        form = get_status_form(sent, status, code)
                        events._receive(self.account, "status", form, attempt.uuid)
                    while events._apply_next(100):
                        pass
                self.check_invariants()
                ends = attempt.state, attempt.message_id.proof
                raise Rollback
        except Rollback:
            self.env.invalidate_all()
        return ends

    def test_order_duplicates_and_batches_make_no_difference(self):
        message = self.remind()
        self.drain()
        attempt = message.attempt_ids

        @settings(
            derandomize=True,
            max_examples=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.sets(st.sampled_from(STATUSES), min_size=1).flatmap(
                lambda told: st.tuples(
                    st.permutations(sorted(told) * 2),
                    st.lists(st.booleans(), min_size=11, max_size=11),
                )
            )
        )
        def check(example):
            order, breaks = example
            batches = [[order[0]]]
            for status, is_break in zip(order[1:], breaks, strict=False):
                if is_break:
                    batches.append([])
                batches[-1].append(status)
            told = sorted(set(order), key=STATUSES.index)
            self.assertEqual(self.end_of(attempt, batches), self.get_end(told))

        check()

    def get_end(self, told):
        """Return what a set of receipts must come to: what arrived, arrived."""
        if "read" in told:
            return "read", "read"
        if "delivered" in told:
            return "delivered", "delivered"
        if "failed" in told or "undelivered" in told:
            return "failed", "none"
        return ("sent" if "sent" in told else "accepted"), "none"
