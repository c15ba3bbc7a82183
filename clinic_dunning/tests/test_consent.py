from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DunningCase, level


@tagged("post_install", "-at_install")
class TestConsent(DunningCase):
    """A refusal is honoured at once; its proof stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.policy.level_ids.route_id = cls.create_route("email", "letter")
        cls.create_invoice()

    def answer(self, granted, **vals):
        return self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "purpose": "billing", "granted": granted}
            | vals
        )

    def channel(self):
        message = self.remind()
        self.drain()
        return message.attempt_ids.channel

    def test_refusal_of_a_channel_takes_the_next_one(self):
        self.answer(False, channel="email")
        self.assertEqual(self.channel(), "letter")

    def test_bill_by_post_is_always_possible(self):
        self.answer(False)
        self.assertEqual(self.channel(), "letter")

    def test_latest_answer_decides(self):
        self.answer(False)
        self.answer(True)
        self.assertEqual(self.channel(), "email")

    def test_refusal_of_another_purpose_or_company_does_not_count(self):
        self.answer(False, purpose="appointment")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.answer(False, company_id=other.id)
        self.assertEqual(self.channel(), "email")

    def test_refusal_after_composing_counts(self):
        message = self.remind()
        self.answer(False, channel="email")
        self.assertEqual(self.drain(), [])
        self.assertEqual(message.attempt_ids.channel, "letter")

    def test_block_lists_are_honoured(self):
        self.env["mail.blacklist"].create({"email": self.patient.email})
        self.assertEqual(self.channel(), "letter")

    def test_blocked_number_is_not_called(self):
        self.policy.level_ids.route_id = self.create_route("phone", "letter")
        self.env["phone.blacklist"].create({"number": "+33142685300"})
        self.assertEqual(self.channel(), "letter")

    def test_proof_can_not_be_changed_or_deleted(self):
        proof = self.answer(True)
        with self.assertRaises(UserError):
            proof.granted = False
        with self.assertRaises(UserError):
            proof.unlink()
