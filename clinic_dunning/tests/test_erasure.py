from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DunningCase, level


@tagged("post_install", "-at_install")
class TestErasure(DunningCase):
    """Who asks for it is forgotten; proofs and books stay, and name nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7, route="email"))
        cls.invoice = cls.create_invoice()
        cls.manager = cls.create_user("claire", "clinic_dunning.group_clinic_manager")
        cls.env["clinic.consent"].create(
            {"partner_id": cls.patient.id, "granted": True, "ip": "192.0.2.7"}
        )

    def settle(self):
        """Remind the patient, who pays."""
        message = self.remind()
        self.drain()
        self.pay(self.invoice)
        return message

    def erase(self):
        return self.patient.with_user(self.manager).action_clinic_erase()

    def test_nothing_tells_who_it_was_but_the_books(self):
        message = self.settle()
        case = self.case_of()
        case.message_post(body="Ana called about her bill")
        _link, url = self.env["clinic.link"]._issue(self.patient, self.company)
        self.erase()
        self.assertRecordValues(
            self.patient,
            [
                {
                    "active": False,
                    "email": False,
                    "phone": False,
                    "clinic_birth_date": False,
                    "name": "Ana Diaz",
                    "city": "Paris",
                    "clinic_named_until": date(2036, 3, 10),
                }
            ],
        )
        self.assertRecordValues(
            message, [{"state": "delivered", "proof": "accepted", "values": False}]
        )
        self.assertFalse(message.attempt_ids.address_hash)
        self.assertTrue(message.attempt_ids.sent_at)
        self.assertFalse(message.attempt_ids.sudo().mail_mail_id)
        self.assertFalse(case.message_ids | self.patient.message_ids)
        self.assertFalse(self.env["clinic.link"]._find(url.rsplit("/")[-1], "pay"))

    def test_proof_of_consent_stays_and_a_refusal_of_all_is_the_last(self):
        self.settle()
        self.erase()
        proofs = self.env["clinic.consent"].search(
            [("partner_id", "=", self.patient.id)], order="id"
        )
        self.assertEqual(proofs.mapped("granted"), [True, False, False, False])
        self.assertFalse(any(proofs.mapped("ip")))

    def test_name_goes_when_the_books_need_it_no_more(self):
        self.settle()
        self.erase()
        people = self.env["res.partner"]
        people._gc_clinic_erased()
        self.assertEqual(self.patient.name, "Ana Diaz")
        self.go_to("2036-03-11 10:00:00")
        people._gc_clinic_erased()
        self.assertEqual(self.patient.name, f"Erased person {self.patient.id}")
        self.assertFalse(self.patient.street)

    def test_who_was_never_billed_leaves_no_name(self):
        stranger = self.create_patient("Zoe Blanc")
        stranger.with_user(self.manager).action_clinic_erase()
        self.assertEqual(stranger.name, f"Erased person {stranger.id}")
        log = self.env["privacy.log"].search([], limit=1, order="id desc")
        self.assertEqual(log.anonymized_name, "Z** B****")
        self.assertEqual(log.user_id, self.manager)

    def test_waiting_letter_is_withdrawn(self):
        self.policy.level_ids.route_id = self.create_route("letter")
        message = self.remind()
        self.drain()
        self.pay(self.invoice)
        self.env["clinic.stop.event"].search([]).applied_at = "2026-03-10 10:00:00"
        self.erase()
        self.assertEqual(message.state, "canceled")
        self.assertFalse(message.attempt_ids.letter_body)

    def test_open_bill_dependants_and_staff_come_first(self):
        with self.assertRaisesRegex(UserError, "Ana Diaz is open"):
            self.erase()
        self.pay(self.invoice)
        child = self.create_patient("Leo Diaz", clinic_guarantor_id=self.patient.id)
        with self.assertRaisesRegex(UserError, "pays for Leo Diaz"):
            self.erase()
        child.clinic_guarantor_id = False
        with self.assertRaisesRegex(UserError, "works here"):
            self.manager.partner_id.with_user(self.manager).action_clinic_erase()
        self.erase()

    def test_officer_erases_nobody(self):
        officer = self.create_user("marc", "clinic_dunning.group_billing_officer")
        with self.assertRaises(AccessError):
            self.patient.with_user(officer).action_clinic_erase()
        self.assertTrue(self.patient.active)

    def test_look_up_goes_to_its_end(self):
        self.settle()
        look_up = self.env["privacy.lookup.wizard"].create(
            {"name": self.patient.name, "email": self.patient.email}
        )
        look_up.action_lookup()
        found = set(look_up.line_ids.mapped("res_model"))
        self.assertLessEqual(
            {"res.partner", "clinic.consent", "clinic.message", "account.move"}, found
        )
        look_up.line_ids.action_unlink_all()
        self.assertTrue(all(look_up.line_ids.mapped("is_unlinked")))
        self.assertTrue(self.patient.clinic_erased_at)
        self.assertIn("names nobody", look_up.execution_details)
        self.assertTrue(self.invoice.exists())
