from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestDecisionPeople(DunningCase):
    """Who is asked to pay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7))
        cls.parent = cls.create_patient("Paul Diaz")
        cls.insurer = cls.create_patient("Mutual", clinic_is_third_party_payer=True)

    def asked(self):
        return self.decide().case_id.partner_id

    def test_guarantor_is_asked_for_all_his_patients_at_once(self):
        children = [self.create_patient(name) for name in ("Eva Diaz", "Tom Diaz")]
        for child in children:
            child.clinic_guarantor_id = self.parent
            self.create_invoice(child)
        self.create_invoice(self.parent)
        entries = self.decide()
        self.assertEqual(entries.case_id.partner_id, self.parent)
        self.assertEqual(entries.partner_id, self.parent.union(*children))
        message = self.compose()
        self.assertRecordValues(
            message,
            [{"partner_id": self.parent.id, "amount": 300.0, "patient_id": False}],
        )

    def test_guarantor_answers_until_his_last_day(self):
        self.patient.write(
            {
                "clinic_guarantor_id": self.parent.id,
                "clinic_guarantor_until": days_ago(20),
            }
        )
        self.create_invoice(due=days_ago(20))
        self.assertEqual(self.asked(), self.parent)
        self.create_invoice(due=days_ago(19))
        self.assertEqual(self.asked(), self.patient)

    def test_guarantor_of_one_invoice_goes_before_that_of_the_patient(self):
        self.create_invoice().clinic_guarantor_id = self.parent
        self.assertEqual(self.asked(), self.parent)

    def test_confidential_invoice_asks_the_patient_only(self):
        self.patient.clinic_guarantor_id = self.parent
        secret = self.create_invoice(clinic_confidential=True)
        self.create_invoice()
        entries = self.decide()
        told = {entry.move_id: entry.case_id.partner_id for entry in entries}
        self.assertEqual(told.pop(secret), self.patient)
        self.assertEqual(list(told.values()), [self.parent])

    def test_money_of_the_patient_counts_for_a_confidential_invoice(self):
        self.patient.clinic_guarantor_id = self.parent
        self.create_invoice(clinic_confidential=True)
        self.receive(100.0)
        self.assertFalse(self.decide())

    def test_money_of_the_patient_counts_for_whoever_was_asked_instead(self):
        self.create_invoice().clinic_guarantor_id = self.parent
        self.receive(40.0)
        self.assertEqual(self.asked(), self.parent)
        self.assertEqual(self.case_of(self.parent).amount_due, 60.0)
        self.assertEqual(self.case_of(self.patient).amount_due, 0.0)

    def test_credit_note_counts_for_whoever_was_asked_instead(self):
        self.create_invoice().clinic_guarantor_id = self.parent
        self.create_credit(amount=100.0)
        self.assertFalse(self.decide())

    def test_money_of_the_guarantor_counts_for_the_bills_of_his_patients(self):
        self.patient.clinic_guarantor_id = self.parent
        self.create_invoice()
        self.receive(100.0, self.parent)
        self.assertFalse(self.decide())

    def test_invoice_made_confidential_moves_to_the_patient(self):
        self.patient.clinic_guarantor_id = self.parent
        invoice = self.create_invoice()
        self.assertEqual(self.asked(), self.parent)
        message = self.compose()
        invoice.clinic_confidential = True
        self.assertEqual(message._recheck()[message].outcome, "skip")
        self.assertEqual(invoice.clinic_guarantor_id, self.patient)

    def test_third_party_payer_is_not_reminded(self):
        self.create_invoice(self.insurer)
        self.assertFalse(self.decide())

    def test_third_party_share_is_told_apart(self):
        self.create_invoice()
        self.create_invoice(self.insurer, amount=55, clinic_patient_id=self.patient.id)
        self.assertEqual(self.asked(), self.patient)
        self.assertRecordValues(
            self.case_of(), [{"amount_due": 100.0, "amount_third_party": 55.0}]
        )

    def test_third_party_payer_is_no_guarantor(self):
        with self.assertRaises(ValidationError):
            self.patient.clinic_guarantor_id = self.insurer
        with self.assertRaises(ValidationError):
            self.create_invoice().clinic_guarantor_id = self.insurer
        self.patient.clinic_guarantor_id = self.parent
        with self.assertRaises(ValidationError):
            self.parent.clinic_is_third_party_payer = True

    def test_nobody_is_his_own_guarantor_nor_in_a_chain(self):
        with self.assertRaises(ValidationError):
            self.patient.clinic_guarantor_id = self.patient
        self.patient.clinic_guarantor_id = self.parent
        with self.assertRaises(ValidationError):
            self.parent.clinic_guarantor_id = self.create_patient("Grandmother")

    def test_credit_of_a_dependant_helps_the_guarantor(self):
        self.patient.clinic_guarantor_id = self.parent
        self.create_invoice()
        self.create_credit(amount=100)
        self.assertFalse(self.decide())

    def test_contact_of_a_family_is_asked_through_its_main_partner(self):
        contact = self.create_patient("Child", parent_id=self.parent.id)
        self.create_invoice(contact)
        self.assertEqual(self.asked(), self.parent)
