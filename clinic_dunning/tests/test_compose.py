from odoo.tests import tagged

from .common import DunningCase, days_ago, level

NOTICE = level(
    "Notice", 30, topic="formal_notice", route="letter", legal_step="formal_notice"
)


@tagged("post_install", "-at_install")
class TestCompose(DunningCase):
    """Entries become messages."""

    def verdict(self, message):
        return message._recheck()[message]

    def test_one_message_lists_all_that_is_due(self):
        self.create_policy(level("First", 7), level("Second", 20))
        self.create_invoice(amount=100, due=days_ago(8))
        self.create_invoice(amount=50, due=days_ago(9))
        message = self.remind()
        self.assertRecordValues(
            message,
            [
                {
                    "partner_id": self.patient.id,
                    "patient_id": self.patient.id,
                    "company_id": self.company.id,
                    "amount": 150.0,
                    "level_id": self.company.clinic_followup_policy_id.level_ids[0].id,
                    "state": "queued",
                    "approval": "none",
                }
            ],
        )
        self.assertEqual(len(message.entry_ids), 2)
        self.assertFalse(self.compose(), "composed twice")

    def test_highest_level_speaks_for_all(self):
        self.create_policy(level("First", 7), level("Second", 20), catch_up="by_age")
        self.create_invoice(due=days_ago(8))
        self.create_invoice(due=days_ago(30))
        self.assertEqual(self.remind().level_id.name, "Second")

    def test_legal_step_asks_only_for_what_reached_it(self):
        self.create_policy(level("First", 7), NOTICE)
        old = self.create_invoice(amount=100, due=days_ago(40))
        self.remind()
        self.env["clinic.message"].search(
            [("case_id", "=", self.case_of().id)]
        )._cancel("Done", void=False)
        new = self.create_invoice(amount=60, due=days_ago(8))
        message = self.remind()
        self.assertEqual(message.level_id.name, "Notice")
        verdict = self.verdict(message)
        self.assertEqual([row["move_id"] for row in verdict.items], [old.id])
        self.assertEqual([row["move_id"] for row in verdict.also_open], [new.id])
        self.assertEqual(verdict.amount, 100.0)

    def test_company_and_currency_keep_apart(self):
        self.create_policy(level("First", 7))
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.create_invoice()
        self.create_invoice(currency_id=dollar.id)
        self.assertEqual(len(self.remind()), 2)

    def test_first_run_of_a_policy_waits_for_a_person(self):
        policy = self.create_policy(level("First", 7), approved=False)
        self.create_invoice()
        message = self.remind()
        self.assertEqual(message.approval, "pending")
        self.assertEqual(self.drain(), [])
        self.env["clinic.message"]._end_first_runs()
        self.assertTrue(policy.first_run_done)
        message.action_approve()
        self.assertEqual(len(self.drain()), 1)
        self.create_invoice(self.create_patient())
        self.assertEqual(self.remind().approval, "none")

    def test_policy_that_found_nothing_still_waits_for_its_first_run(self):
        policy = self.create_policy(level("First", 7), approved=False)
        self.decide()
        self.env["clinic.message"]._end_first_runs()
        self.assertFalse(policy.first_run_done)

    def test_manual_and_approval_levels_wait_for_a_person(self):
        for mode in ("manual", "approval"):
            self.create_policy(level("First", 7, mode=mode))
            self.create_invoice(self.create_patient(mode))
            self.assertEqual(set(self.remind().mapped("approval")), {"pending"}, mode)

    def test_person_by_hand_waits_for_a_person(self):
        self.create_policy(level("First", 7))
        self.patient.clinic_followup_mode = "manual"
        self.create_invoice()
        self.assertEqual(self.remind().approval, "pending")
        self.assertEqual(self.drain(), [])

    def test_batches_leave_nothing_behind(self):
        self.create_policy(level("First", 7))
        for number in range(5):
            self.create_invoice(self.create_patient(f"P {number}"))
        self.decide()
        Message = self.env["clinic.message"]
        self.assertEqual(
            [Message._compose(limit=2) for _batch in range(4)], [2, 2, 1, 0]
        )

    def test_queries_of_a_batch_do_not_grow_with_it(self):
        self.create_policy(level("First", 7))
        for number in range(20):
            self.create_invoice(self.create_patient(f"P {number}"))
        self.decide()
        counts = []
        for limit in (2, 18):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self.env["clinic.message"]._compose(limit=limit)
            counts.append(self.cr.sql_log_count - start)
        self.assertLessEqual(counts[1], counts[0])
        self.assertLess(counts[0], 25)

    def test_reminder_by_hand_is_no_first_run(self):
        policy = self.create_policy(level("First", 7), approved=False)
        self.create_invoice()
        self.create_invoice(self.create_patient())
        self.case_of().action_send_now()
        self.env["clinic.message"]._end_first_runs()
        self.assertFalse(policy.first_run_done)
        self.assertEqual(self.remind().approval, "pending")

    def test_note_before_the_due_date_does_not_expire_by_an_older_item(self):
        self.create_policy(
            level("Invoice", 0, anchor="invoice_date"), level("Soon", -3)
        )
        self.create_invoice(due=days_ago(-3), invoice_date=days_ago(5))
        self.remind()
        self.drain()
        self.create_invoice(due=days_ago(2), invoice_date=days_ago(5))
        message = self.remind()
        self.assertEqual(message.level_id.name, "Soon")
        self.assertEqual(len(message.entry_ids), 2)
        self.assertEqual(len(self.drain()), 1)
