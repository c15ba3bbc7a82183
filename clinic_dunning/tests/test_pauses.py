from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .desk import DeskCase


@tagged("post_install", "-at_install")
class TestPauses(DeskCase):
    """Managers learn every week who paused whose follow-up."""

    def setUp(self):
        super().setUp()
        (self.company.partner_id | self.manager.partner_id).lang = "en_US"
        self.create_invoice(amount=70.0)
        holds = self.case_as(self.desk)._hold("hardship", days=9, note="Secret words")
        other = self.case_as(self.officer, self.create_patient())
        self.note_now(holds | other._hold("insurer", days=30).with_env(holds.env))
        self.go_to("2026-03-16 06:00:00")  # the Monday after
        self.env.invalidate_all()

    def note_now(self, holds):
        """Let the database believe in the frozen clock."""
        holds.flush_recordset()
        self.env.cr.execute(
            "UPDATE clinic_followup_hold SET create_date = %s WHERE id IN %s",
            [fields.Datetime.now(), holds._ids],
        )

    def report(self):
        return self.env["clinic.pause.report"]._report_last_week(self.company)

    def test_managers_are_told_once_a_week(self):
        report = self.report()
        self.assertRecordValues(
            report, [{"pause_count": 2, "user_count": 2, "company_id": self.company.id}]
        )
        self.assertEqual(str(report.date_from), "2026-03-09")
        self.assertEqual(str(report.date_to), "2026-03-15")
        self.assertEqual(report.activity_ids.user_id, self.manager)
        self.assertIn("Pauses last week: 2", report.activity_ids.summary)
        self.assertFalse(self.report())
        self.go_to("2026-03-18 06:00:00")
        self.assertFalse(self.report(), "later in the same week")
        self.go_to("2026-03-23 06:00:00")
        self.assertFalse(self.report(), "a week without a pause")

    def test_report_lists_people_by_user_and_no_free_word(self):
        summary = self.report().summary
        amount = self.company.currency_id.format(70.0)
        for part in ("desk", "officer", "Ana Diaz", "Can't pay at present", amount):
            self.assertIn(part, summary.unescape())
        self.assertNotIn("Secret", summary)

    def test_what_patients_ask_on_their_page_is_no_pause_of_a_user(self):
        self.go_to("2026-03-17 10:00:00")
        public = self.env.ref("base.public_user")
        self.note_now(self.case_of().with_user(public).sudo()._hold("promise", days=3))
        self.go_to("2026-03-23 06:00:00")
        self.assertFalse(self.report())

    def test_pauses_of_another_clinic_are_not_counted(self):
        clinic = self.create_other_clinic()
        self.assertFalse(self.env["clinic.pause.report"]._report_last_week(clinic))

    def test_job_reports_every_clinic(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["clinic.pause.report"]._cron_report()
        self.env.invalidate_all()
        reports = self.env["clinic.pause.report"].search(
            [("date_from", "=", "2026-03-09"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(reports.pause_count, 2)

    def test_manager_opens_it_and_others_do_not(self):
        report = self.report().with_user(self.manager)
        with Form(report) as form:
            self.assertEqual(form.pause_count, 2)
        action = report.action_open_pauses()
        self.assertEqual(
            self.env["clinic.followup.hold"].search_count(action["domain"]), 2
        )
        report.activity_ids.action_done()
        with self.assertRaises(AccessError):
            report.with_user(self.officer).read(["summary"])

    def test_pauses_are_counted_by_user(self):
        rows = (
            self.env["clinic.followup.hold"]
            .with_user(self.desk)
            ._read_group(
                [("company_id", "=", self.company.id)], ["user_id"], ["days:sum"]
            )
        )
        self.assertEqual(dict(rows), {self.desk: 9, self.officer: 30})
        self.env["clinic.followup.hold"].get_views(
            [(False, mode) for mode in ("list", "pivot", "graph", "search")]
        )
