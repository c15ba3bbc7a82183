from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import format_date, mute_logger

from .common import TODAY, days_ago, level
from .desk import DeskCase


@tagged("post_install", "-at_install")
class TestEvidence(DeskCase):
    """One chronology of a case, for mediation or court."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.lang = "en_US"
        cls.invoice = cls.create_invoice(amount=80.0, due=days_ago(10))

    def read_file(self, user=None, partner=None):
        user = user or self.officer
        html, _type = (
            self.env["ir.actions.report"]
            .with_user(user)
            .with_context(allowed_company_ids=self.company.ids)
            ._render_qweb_html(
                "clinic_dunning.action_report_evidence", self.case_of(partner).ids
            )
        )
        return html.decode()

    def get_events(self):
        self.env.invalidate_all()
        case = self.case_as(self.officer)
        return case._get_evidence_values()["events"]

    def assertTold(self, *parts):
        told = "\n".join(f"{event.what} {event.detail}" for event in self.get_events())
        for part in parts:
            self.assertIn(part, told)
        return told

    def money(self, amount):
        return self.company.currency_id.format(amount)

    def test_bills_and_payments_are_told_in_their_order(self):
        self.pay(self.invoice, 30.0)
        events = self.get_events()
        self.assertEqual([event.day for event in events], [days_ago(10), TODAY])
        self.assertIn(self.money(80.0), events[0].what)
        self.assertIn(f"Payment of {self.money(30.0)}", events[1].what)

    def test_letter_is_told_with_its_proof(self):
        self.create_policy(level("Second letter", route="letter", topic="repeat"))
        message = self.remind()
        self.drain()
        self.env.invalidate_all()
        letter = message.attempt_ids.with_user(self.officer)
        letter.action_print_letters()
        letter.action_mark_posted()
        letter.write({"registered_number": "RK 123", "received_on": days_ago(-2)})
        self.assertTold("“Second letter” by Letter: Sent", "RK 123", "received on")

    def test_email_that_came_back_is_told_as_failed(self):
        self.create_policy(level("First"))
        self.remind()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.drain(fault="SMTPRecipientsRefused: {'a': (550, b'5.1.1 no such')}")
        self.assertTold("“First” by Email: Failed")

    def test_talks_promises_pauses_and_disputes_are_told(self):
        dialog = self.open_dialog(self.case_as(self.desk), "action_promise")
        dialog.note = "After the salary"
        dialog.save().action_save()
        dialog = self.open_dialog(self.case_as(self.desk), "action_dispute")
        dialog.reason = "Not my visit"
        dialog.save().action_apply()
        self.assertTold(
            "At the desk: Promises to pay After the salary",
            f"Promise to pay {self.money(80.0)}",
            "Reminders paused until",
            f"{self.invoice.name} is disputed",
            "Not my visit",
        )

    def test_settled_dispute_is_told(self):
        move = self.invoice.with_context(tracking_disable=False)
        move.clinic_dispute_since = days_ago(3)
        self.flush_tracking()
        move.action_end_dispute()
        self.flush_tracking()
        self.assertTold(f"The dispute of {self.invoice.name}", "settled")

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.flush()

    def test_refusals_and_accepted_policies_are_told(self):
        self.env["clinic.consent"].create(
            {"partner_id": self.patient.id, "channel": "email", "granted": False}
        )
        self.assertTold("Asked not to be written to: Bills, Email")

    def test_note_that_tells_of_care_is_left_out(self):
        case = self.case_as(self.desk)
        case._hold("other", days=3, note="Waits for the oncology report")
        told = self.assertTold("(a note is left out)")
        self.assertNotIn("oncology", told)

    def test_confidential_bill_is_not_told_to_the_guarantor(self):
        child = self.create_patient("Eve Diaz", clinic_guarantor_id=self.patient.id)
        bill = self.create_invoice(child)
        self.create_policy(level("First"))
        self.decide()
        bill.clinic_confidential = True
        told = self.assertTold(self.invoice.name)
        self.assertNotIn(bill.name, told)

    def test_file_is_printed_and_noted_in_the_access_log(self):
        html = self.read_file()
        day = format_date(self.env, TODAY)
        for part in ("Ana Diaz", self.invoice.name, "Chronology", f"As of {day}"):
            self.assertIn(part, html)
        logs = self.env["clinic.access.log"].search([("what", "=", "evidence")])
        self.assertRecordValues(
            logs, [{"user_id": self.officer.id, "partner_id": self.patient.id}]
        )

    def test_front_desk_and_other_clinics_do_not_get_it(self):
        with self.assertRaises(AccessError):
            self.read_file(self.desk)
        other = self.create_other_clinic()
        stranger = self.create_user(
            "stranger", "clinic_dunning.group_billing_officer", other
        )
        case = self.case_of().with_user(stranger)
        with self.assertRaises(AccessError):
            case.with_context(allowed_company_ids=other.ids)._get_evidence_values()
        self.assertFalse(
            self.env["clinic.access.log"].search([("what", "=", "evidence")])
        )
