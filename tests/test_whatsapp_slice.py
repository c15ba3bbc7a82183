from whatsapp import WhatsappCase

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import level
from odoo.addons.clinic_whatsapp.tools.client import Receipt
from odoo.addons.clinic_whatsapp.tools.courier import Answer


@tagged("post_install", "-at_install")
class TestWhatsappSlice(WhatsappCase):
    """What a slice costs does not depend on how many messages are in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), weekly_cap=3)
        cls.account.write({"daily_messages": 1000, "daily_amount": 1000.0})

    def bill(self, count):
        """Bill so many people, who agreed to WhatsApp, and compose their reminders."""
        taken = self.env["res.partner"].search_count([])
        for number in range(taken, taken + count):
            person = self.create_patient(f"N {number}", phone=f"+33612{number:06}")
            self.agree(person)
            self.create_invoice(person)
        self.remind()
        self.env["clinic.message"]._sweep()
        self.env.flush_all()
        self.env.invalidate_all()

    def count_statements(self, route, count):
        """Return how many statements a slice of so many messages takes in all."""
        self.policy.level_ids.route_id = self.create_route(*route)
        self.bill(count)
        start = self.cr.sql_log_count
        attempts = self.env["clinic.message"]._claim(count)
        parcels = self.env["clinic.message"]._prepare_claimed(attempts)
        self.assertEqual(len(parcels), count)
        self.assertEqual(attempts.mapped("channel"), [route[0]] * count)
        self.take_answers(attempts)
        self.env.flush_all()
        return self.cr.sql_log_count - start

    def take_answers(self, attempts):
        sent = ("queued", "", "", "outbound-api", 1, None, "", "", None)
        attempts._take_answers(
            {id_: Answer(Receipt(f"SM{id_:032}", *sent)) for id_ in attempts.ids}
        )

    def assertCostsTheSame(self, *route):
        self.count_statements(route, 1)  # what is kept in memory is read
        few, many = (self.count_statements(route, count) for count in (4, 16))
        self.assertEqual(few, many)

    def test_sms(self):
        self.assertCostsTheSame("sms", "email")

    def test_whatsapp(self):
        self.approve()
        self.assertCostsTheSame("whatsapp", "sms")
