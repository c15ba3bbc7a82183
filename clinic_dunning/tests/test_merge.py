from odoo.tests import tagged

from .common import DunningCase, days_ago, level


@tagged("post_install", "-at_install")
class TestMerge(DunningCase):
    """Two records of one person become one; the history stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), level("Second", 30))
        cls.double = cls.create_patient("Ana Diaz Ruiz")

    def merge(self):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.patient | self.double).ids, self.patient)

    def cases(self):
        return self.env["clinic.followup.case"].search(
            [("company_id", "=", self.company.id)]
        )

    def test_merged_person_is_not_reminded_again(self):
        self.create_invoice()
        self.create_invoice(self.double)
        entries = self.decide()
        entries._close()
        self.merge()
        self.assertEqual(self.cases().partner_id, self.patient)
        self.assertEqual(self.cases().entry_ids, entries)
        self.assertDecides()

    def test_case_of_the_vanished_person_alone_moves(self):
        self.create_invoice(self.double)
        self.decide()._close()
        case = self.cases()
        self.merge()
        self.assertEqual(self.cases(), case)
        self.assertEqual(case.partner_id, self.patient)
        self.assertDecides()

    def test_pauses_messages_and_chatter_move(self):
        self.create_invoice()
        self.create_invoice(self.double)
        messages = self.remind()
        double = self.cases().filtered(lambda case: case.partner_id == self.double)
        double._message_log(body="Speaks only in the morning")
        double._hold("promise", days=5)
        self.merge()
        kept = self.cases()
        self.assertEqual(kept.message_out_ids, messages)
        self.assertEqual(kept.state, "paused")
        self.assertIn("morning", "".join(kept.message_ids.mapped("body")))

    def test_links_of_the_vanished_person_are_revoked(self):
        link, _url = self.env["clinic.link"]._issue(self.double, self.company)
        self.merge()
        self.assertTrue(link.revoked_at)

    def test_dates_of_the_reminders_are_kept(self):
        self.policy.min_days = 10
        self.create_invoice(self.double)
        self.decide()._close()
        self.case_of()
        self.merge()
        late = self.create_invoice(due=days_ago(9))
        self.assertFalse(self.decide())
        self.go_to("2026-03-20 10:00:00")
        self.assertDecides(late)

    def test_dependant_becomes_one_with_his_guarantor(self):
        self.double.clinic_guarantor_id = self.patient
        self.create_invoice(self.double)
        self.decide()._close()
        self.merge()
        self.assertFalse(self.patient.clinic_guarantor_id)
        self.assertDecides()

    def test_guarantor_becomes_one_with_his_dependant(self):
        self.patient.clinic_guarantor_id = self.double
        child = self.create_patient("Eva", clinic_guarantor_id=self.double.id)
        self.merge()
        self.assertFalse(self.patient.clinic_guarantor_id)
        self.assertEqual(child.clinic_guarantor_id, self.patient)
