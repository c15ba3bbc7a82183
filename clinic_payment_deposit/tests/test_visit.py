from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .deposit_common import DepositCase

VISIT_DAY = "2026-03-16 09:00:00"


@tagged("post_install", "-at_install")
class TestVisit(DepositCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.create_user("desk", "clinic_dunning.group_front_desk")
        cls.kind.write({"clinic_price": 60.0, "clinic_service_label": "Visit"})

    def visit(self, **vals):
        """Return a confirmed appointment as the front desk sees it on its day."""
        booking = self.confirm(**vals)
        self.go_to(VISIT_DAY)
        return booking.with_user(self.desk).with_context(
            allowed_company_ids=self.company.ids
        )

    def test_done_drafts_the_bill_of_the_type(self):
        booking = self.visit()
        booking.action_arrived()
        booking.action_done()
        invoice = booking.sudo().clinic_invoice_id
        self.assertRecordValues(
            invoice,
            [
                {
                    "state": "draft",
                    "partner_id": self.patient.id,
                    "clinic_patient_id": self.patient.id,
                    "clinic_service_label": "Visit",
                    "amount_untaxed": 60.0,
                    "company_id": self.company.id,
                }
            ],
        )

    def test_wrong_click_is_undone_the_same_day_only(self):
        booking = self.visit()
        booking.action_done()
        booking.action_undo()
        self.assertEqual(booking.clinic_attendance, "expected")
        self.assertFalse(booking.sudo().clinic_invoice_id)
        booking.action_no_show()
        self.go_to("2026-03-17 09:00:00")
        with self.assertRaises(UserError):
            booking.action_undo()

    def test_the_desk_excuses_and_a_manager_gives_back_at_once(self):
        booking = self.visit()
        booking.action_excuse()
        with self.assertRaises(AccessError):
            booking.action_settle()
        manager = self.create_user("mia", "clinic_dunning.group_clinic_manager")
        booking.with_user(manager).action_settle()
        self.assertTrue(booking.clinic_settled)

    def test_a_sent_bill_is_not_undone(self):
        booking = self.visit()
        booking.action_done()
        booking.sudo().clinic_invoice_id.action_post()
        with self.assertRaises(UserError):
            booking.action_undo()
        self.assertEqual(booking.clinic_attendance, "done")

    def test_nothing_is_noted_for_a_later_day_or_a_cancelled_visit(self):
        booking = self.confirm().with_user(self.desk)
        for click in (booking.action_arrived, booking.action_done):
            with self.assertRaises(UserError):
                click()
        booking.action_cancel()
        self.go_to(VISIT_DAY)
        for click in (booking.action_arrived, booking.action_no_show):
            with self.assertRaises(UserError):
                click()

    def test_steps_that_make_no_sense_are_refused(self):
        booking = self.visit()
        booking.action_done()
        for click in (booking.action_arrived, booking.action_no_show):
            with self.assertRaises(UserError):
                click()

    def test_only_the_desk_notes_and_cancels(self):
        portal = self.create_user("ana", "base.group_portal")
        booking = self.confirm(partner=portal.partner_id)
        self.go_to(VISIT_DAY)
        as_patient = booking.with_user(portal)
        for click in ("action_done", "action_no_show", "action_cancel", "action_undo"):
            with self.assertRaises(UserError, msg=click):
                getattr(as_patient, click)()
        with self.assertRaises(AccessError):
            as_patient.write({"clinic_attendance": "done"})
        manager = self.create_user("max", "resource_booking.group_manager")
        for values in (
            {"clinic_attendance": "excused"},
            {"clinic_noted_on": VISIT_DAY},
        ):
            with self.assertRaisesRegex(AccessError, "buttons"):
                booking.with_user(manager).write(values)
        self.assertEqual(booking.clinic_attendance, "expected")

    def test_desk_reads_its_clinic_only_and_books_by_methods_only(self):
        booking = self.confirm()
        other = self.env["res.company"].create({"name": "Clinic Durand"})
        stranger = self.create_user(
            "stranger", "clinic_dunning.group_front_desk", companies=other
        )
        Booking = self.env["resource.booking"]
        domain = [("id", "=", booking.id)]
        self.assertTrue(Booking.with_user(self.desk).search(domain))
        self.assertFalse(
            Booking.with_user(stranger)
            .with_context(allowed_company_ids=other.ids)
            .search(domain)
        )
        with self.assertRaises(AccessError):
            booking.with_user(self.desk).write({"clinic_held_until": False})

    def test_deposit_pays_the_bill_when_it_is_posted(self):
        deposit = self.request()
        booking = self.booking
        self.pay_deposit(deposit)
        self.assertEqual(booking.state, "confirmed")
        self.go_to(VISIT_DAY)
        booking.action_done()
        invoice = booking.clinic_invoice_id
        invoice.action_post()
        self.assertEqual(deposit.state, "applied")
        self.assertEqual(invoice.amount_residual, invoice.amount_total - deposit.amount)

    def test_payer_owes_its_share_and_the_deposit_pays_the_patients(self):
        insurer = self.create_patient("Mutual", clinic_is_third_party_payer=True)
        self.patient.write({"clinic_payer_id": insurer.id, "clinic_payer_share": 65})
        deposit = self.request()
        booking = self.booking
        self.pay_deposit(deposit)
        self.go_to(VISIT_DAY)
        booking.action_done()
        invoice = booking.clinic_invoice_id
        total = invoice.amount_total
        share = invoice.currency_id.round(total * 0.65)
        self.assertRecordValues(
            invoice,
            [{"clinic_payer_id": insurer.id, "clinic_payer_amount": share}],
        )
        invoice.action_post()
        used = min(deposit.amount, invoice.currency_id.round(total - share))
        self.assertEqual(deposit.applied, used)
        left = invoice.currency_id.round(total - share - used)
        self.assertEqual(invoice.amount_residual, left)
        payers = invoice.clinic_share_move_id._get_share_lines(insurer)
        self.assertEqual(payers.amount_residual, share)

    def test_no_show_is_settled_after_the_day(self):
        deposit = self.request()
        booking = self.booking
        self.pay_deposit(deposit)
        self.go_to(VISIT_DAY)
        booking.action_no_show()
        self.settle()
        self.assertEqual(deposit.state, "paid", "a click of today can be undone")
        self.go_to("2026-03-17 09:00:00")
        self.settle()
        self.assertTrue(booking.clinic_settled)
        self.assertNotEqual(deposit.state, "paid")

    def settle(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["resource.booking"]._cron_settle()
        self.env.invalidate_all()
