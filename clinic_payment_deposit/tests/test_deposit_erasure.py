from odoo.exceptions import UserError
from odoo.tests import tagged

from .deposit_common import DepositCase


@tagged("post_install", "-at_install")
class TestDepositErasure(DepositCase):
    """Nobody is erased whose money or visit is still in the book."""

    def test_open_deposit_and_visit_come_first(self):
        deposit = self.request()
        self.env["clinic.waiting.list"].create(
            {
                "partner_id": self.patient.id,
                "type_id": self.kind.id,
                "date_to": "2026-05-01",
            }
        )
        with self.assertRaisesRegex(UserError, "(?s)deposit of.*appointment ahead"):
            self.patient._erase_clinic_data()
        self.booking.action_cancel()
        self.assertEqual(deposit.state, "expired")
        self.booking.message_post(body="Ana will come with her mother")
        self.patient._erase_clinic_data()
        self.assertEqual(self.patient.name, f"Erased person {self.patient.id}")
        self.assertFalse(self.booking.message_ids)
        self.assertFalse(
            self.env["clinic.waiting.list"].search(
                [("partner_id", "=", self.patient.id)]
            )
        )
