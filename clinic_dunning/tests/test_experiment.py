from datetime import timedelta

import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TODAY, DunningCase, level


class ExperimentCase(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.topic = cls.env.ref("clinic_dunning.topic_after7")

    @classmethod
    def create_test(cls, **vals):
        return cls.env["clinic.message.experiment"].create(
            {
                "name": "Warmer",
                "company_id": cls.company.id,
                "topic_id": cls.topic.id,
                "date_from": TODAY,
                "date_to": TODAY + timedelta(days=20),
                "hold_out": 50,
                **vals,
            }
        )

    def bill_people(self, count):
        return [
            self.create_invoice(
                self.create_patient(f"Person {n}", email=f"p{n}@example.com")
            )
            for n in range(count)
        ]

    def get_held_out(self, messages):
        return messages.filtered("hold_out_id")


@tagged("post_install", "-at_install")
class TestHoldOut(ExperimentCase):
    """Some people get no reminder of the topic, to see who pays anyway."""

    def send(self, count=9, **policy):
        self.create_policy(level(topic="after7", route="email"), **policy)
        self.bill_people(count)
        messages = self.remind()
        self.sent = self.drain(times=2)
        return messages

    def test_hold_out_gets_nothing_and_the_level_is_spent(self):
        test = self.create_test()
        messages = self.send()
        held = self.get_held_out(messages)
        self.assertTrue(held)
        self.assertEqual(len(self.sent), len(messages) - len(held))
        self.assertEqual(held.hold_out_id, test)
        self.assertEqual(set(held.mapped("state")), {"skipped"})
        self.assertEqual(set(held.entry_ids.mapped("state")), {"done"})
        self.assertIn("Warmer", held[0].reason)
        self.assertFalse(held.attempt_ids)
        self.assertFalse(self.remind())

    def test_same_person_is_held_out_for_the_whole_test(self):
        test = self.create_test()
        messages = self.send()
        for message in messages:
            found = bool(test._find_hold_out(message))
            self.assertEqual(found, bool(message.hold_out_id))

    def test_after_the_test_everybody_is_reminded(self):
        self.create_test(
            date_from=TODAY - timedelta(days=9), date_to=TODAY
        ).action_end()
        self.go_to("2026-03-11 10:00:00")
        self.assertFalse(self.get_held_out(self.send()))

    def test_other_topics_and_companies_are_left_alone(self):
        self.create_test(topic_id=self.env.ref("clinic_dunning.topic_before7").id)
        self.create_test(company_id=self.env.company.create({"name": "Other"}).id)
        self.assertFalse(self.get_held_out(self.send()))

    def test_legal_step_reaches_everybody(self):
        self.create_test()
        policy = self.create_policy(level(topic="after7", route="email"))
        policy.level_ids.legal_step = "agency"
        self.bill_people(9)
        self.assertFalse(self.get_held_out(self.remind()))
        messages = self.env["clinic.message"].search(
            [("company_id", "=", self.company.id)]
        )
        self.drain(times=2)
        self.assertFalse(self.get_held_out(messages))

    def test_what_a_person_sends_by_hand_goes_out(self):
        self.create_test()
        self.create_policy(level(topic="after7", route="email"))
        for invoice in self.bill_people(8):
            self.case_of(invoice.partner_id).action_send_now()
        self.assertEqual(len(self.drain(times=2)), 8)

    def test_payment_of_the_held_out_is_noted(self):
        self.create_test()
        held = self.get_held_out(self.send())[0]
        self.pay(held.entry_ids.move_id)
        self.drain()
        self.assertTrue(held.paid_at)
        self.assertEqual(held.paid_amount, 100)

    def test_who_has_paid_meanwhile_is_no_hold_out(self):
        self.create_test()
        self.create_policy(level(topic="after7", route="email"))
        invoices = self.bill_people(8)
        messages = self.remind()
        for invoice in invoices:
            self.pay(invoice)
        self.drain(times=2)
        self.assertFalse(self.get_held_out(messages))


@tagged("post_install", "-at_install")
class TestExperimentForm(ExperimentCase):
    def test_two_tests_of_a_topic_at_once_are_refused(self):
        self.create_test()
        with self.assertRaisesRegex(ValidationError, "Warmer"):
            self.create_test(name="Second")
        later = TODAY + timedelta(days=21)
        self.create_test(date_from=later, date_to=later)

    def test_formal_notice_is_never_tested(self):
        with self.assertRaisesRegex(ValidationError, "formal notice"):
            self.create_test(
                topic_id=self.env.ref("clinic_dunning.topic_formal_notice").id
            )

    @mute_logger("odoo.sql_db")
    def test_more_than_half_is_no_hold_out(self):
        for share in (-1, 51):
            with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
                self.create_test(hold_out=share)

    def test_form_says_in_words_who_gets_what(self):
        manager = self.create_user("wording", "clinic_dunning.group_clinic_manager")
        tests = self.env["clinic.message.experiment"].with_user(manager)
        with Form(tests.with_company(self.company)) as form:
            form.name = "Short or long"
            form.topic_id = self.topic
            form.date_to = TODAY + timedelta(days=5)
            self.assertIn("one wording only", form.summary)
        self.assertIn("10 in 100", form.record.summary)
        self.assertEqual(form.record.state, "running")
        self.env["clinic.message.template"].create(
            {"topic_id": self.topic.id, "variant": "B", "body": "Hello, {clinic} here."}
        )
        form.record.invalidate_recordset()
        self.assertIn("A, B", form.record.summary)


@tagged("post_install", "-at_install")
class TestPilot(ExperimentCase):
    def test_policy_begins_with_its_pilot_group(self):
        tag = self.env.ref("clinic_dunning.pilot_group")
        policy = self.create_policy(level(topic="after7", route="email"))
        policy.pilot_category_id = tag
        invoices = self.bill_people(3)
        invoices[0].partner_id.category_id = tag
        self.assertDecides(invoices[0])
        self.assertHeld("pilot group", invoices[1].partner_id)
        policy.pilot_category_id = False
        self.assertDecides(*invoices[1:])


@tagged("post_install", "-at_install")
class TestToOneself(ExperimentCase):
    """A wording leaves by the real way, to whoever presses the button."""

    def setUp(self):
        super().setUp()
        self.officer = self.create_user(
            "tester", "clinic_dunning.group_billing_officer"
        )
        self.officer.partner_id.email = "tester@clinic.example.com"
        self.template = self.env["clinic.message.template"].create(
            {
                "topic_id": self.topic.id,
                "channel": "email",
                "variant": "B",
                "weight": 0,
                "subject": "A note from {clinic}",
                "body": "Hello {first_name}, {amount} of {service}: {link} Thank you.",
            }
        )

    def open(self, user=None, **vals):
        dialogs = self.env["clinic.template.test"].with_user(user or self.officer)
        return dialogs.with_company(self.company).create(
            {"template_id": self.template.id, **vals}
        )

    def test_goes_to_the_user_with_example_values_and_counts_nowhere(self):
        dialog = self.open()
        self.assertEqual(dialog.channel, "email")
        self.assertEqual(dialog.address, "tester@clinic.example.com")
        self.assertFalse(dialog.obstacle)
        dialog.action_send()
        (mail,) = self.drain()
        self.assertIn("tester@clinic.example.com", mail["To"])
        self.assertIn("Catherine", mail.as_string())
        message = self.env["clinic.message"].search([("is_test", "=", True)])
        self.assertEqual(message.attempt_ids.template_id, self.template)
        self.assertEqual(message.state, "delivered")
        self.assertFalse(message.case_id or message.entry_ids)
        self.assertIn("Test", message.display_name)

    def test_leaves_at_any_hour_and_uncounted(self):
        self.go_to("2026-03-10 23:30:00")
        for _time in range(5):
            self.open().action_send()
        self.assertEqual(len(self.drain()), 5)

    def test_says_why_it_cannot_be_sent(self):
        self.officer.partner_id.email = False
        dialog = self.open()
        self.assertIn("email", dialog.obstacle)
        with self.assertRaisesRegex(UserError, "email"):
            dialog.action_send()

    def test_letters_and_calls_are_no_choice(self):
        channels = dict(self.env["clinic.template.test"]._selection_channel())
        self.assertIn("email", channels)
        self.assertFalse({"letter", "phone"} & set(channels))
