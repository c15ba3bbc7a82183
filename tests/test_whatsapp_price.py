from whatsapp import WhatsappCase

from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestWhatsappPrice(WhatsappCase):
    """Twilio tells its price some time after the message."""

    def setUp(self):
        super().setUp()
        self.create_policy()
        self.company.clinic_followup_policy_id.level_ids.route_id = self.create_route(
            "sms"
        )

    def send(self, count=1):
        for number in range(count):
            patient = self.patient
            if number:
                patient = self.create_patient(
                    f"Person {number}", phone=f"+3361234{number:04}"
                )
            self.create_invoice(patient)
        messages = self.remind()
        self.drain(times=2)
        for message in self.twilio.messages:
            message.change("sent")
            message.change("delivered")
        return messages

    def fetch(self, moment="2026-03-11 03:00:00"):
        self.go_to(moment)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.message.attempt"]._cron_price()
        self.env.invalidate_all()

    def test_price_that_comes_late_is_fetched(self):
        message = self.send()
        attempt = message.attempt_ids
        self.fetch()
        self.assertFalse(attempt.price_unit)
        self.assertEqual(attempt.cost, 0.05, "the estimate stands")
        self.twilio.messages[0].bill()
        self.fetch()
        self.assertEqual((attempt.price, attempt.price_unit), (0.0075, "USD"))

    def test_cost_is_what_it_was_in_the_company_s_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].search([]).unlink()
        message = self.send()
        self.twilio.messages[0].bill()
        self.fetch()
        self.assertEqual(message.cost, 0.05, "no rate: the estimate stands")
        self.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 1.5,
            }
        )
        message.attempt_ids._take_price(0.0075, "USD")
        message.invalidate_recordset()
        self.assertAlmostEqual(message.cost, 0.005)
        message.attempt_ids._take_price(0.04, "EUR")
        message.invalidate_recordset()
        self.assertAlmostEqual(message.cost, 0.04)

    def test_many_are_fetched_page_by_page_and_once(self):
        messages = self.send(5)
        for message in self.twilio.messages:
            message.bill()
        self.account._get_client().PAGE_SIZE = 2
        self.addCleanup(delattr, self.account._get_client(), "PAGE_SIZE")
        self.fetch()
        self.assertEqual(set(messages.attempt_ids.mapped("price_unit")), {"USD"})
        self.assertFalse(
            messages.attempt_ids.search(messages.attempt_ids._get_unpriced_domain())
        )

    def test_account_that_does_not_answer_keeps_nobody_waiting(self):
        message = self.send()
        self.emulated.api_secret = "changed"
        self.fetch()
        self.assertFalse(message.attempt_ids.price_unit)

    def test_what_is_older_than_a_week_is_not_asked_for(self):
        message = self.send()
        self.twilio.messages[0].bill()
        self.fetch("2026-03-18 03:00:00")
        self.assertFalse(message.attempt_ids.price_unit)
