"""Plans in a real browser: wished and accepted by patients, made at the desk."""

from datetime import timedelta

from phone import DESKTOP, PHONE
from tour import TourCase

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.plan_common import PlanCase


class PlanTourCase(TourCase, PlanCase):
    def setUp(self):
        super().setUp()
        self.bill = self._make_invoice(100.0)

    def open_details(self, phone):
        phone.click("See each bill, pay later or in instalments")
        self.unlock(phone)
        phone.sees("Pay later or in instalments")

    def look_before(self, phone, what):
        """Press "See it before you agree" below one of the wishes."""
        phone.page.locator(f"form[action$='tell/{what}'] button").click()

    def get_plan(self):
        self.env.invalidate_all()
        return self.Plan.search([("partner_id", "=", self.patient.id)], limit=1)

    def save_card_by_demo(self, phone):
        """Save a card on Odoo's own form."""
        phone.sees("Nothing is paid today.")
        phone.page.locator("#customer_input").fill("4242 4242 4242 4242")
        phone.page.locator("button[name=o_payment_submit_button]").click()
        phone.sees("Thank you, your card is saved. Nothing was paid today.")

    def let_first_instalment_come(self, plan):
        """The days until the first instalment go by."""
        first = plan.line_ids.sorted("date")[0]
        days = (first.date - self.company._get_clinic_today()).days
        self.env.cr.execute(
            """UPDATE clinic_payment_plan_line SET date = date - %s WHERE id = %s""",
            [days, first.id],
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestPlanTourOnPhone(PlanTourCase):
    size = PHONE

    def test_instalments_are_wished_accepted_and_the_first_one_paid(self):
        with self.visit() as phone:
            self.open_details(phone)
            phone.unfold("Pay in instalments, one a month")
            phone.page.get_by_label("How many").select_option("2")
            phone.page.get_by_role(
                "button", name="See it before you agree"
            ).last.click()
            phone.sees("Please look at the dates, then accept them.")
            phone.sees("50.00 €")
            phone.click("I accept these dates")
            phone.sees("Thank you, it is noted.")
            plan = self.get_plan()
            self.assertEqual(plan.state, "active")
            self.let_first_instalment_come(plan)
            phone.open(self.path)
            phone.sees("100.00 € in all, with what is due later")
            phone.click("Pay 50.00 €")
            self.pay_by_demo(phone)
            phone.sees("Thank you, your payment has arrived.")
            phone.open(self.path)
            phone.sees("nothing is due yet")
        self.assertEqual(self.bill.amount_residual, 50.0)
        self.assertEqual(plan.line_ids.sorted("date").mapped("state")[0], "paid")

    def test_automatic_collection_is_agreed_and_can_be_ended(self):
        with self.visit() as phone:
            self.open_details(phone)
            phone.unfold("Pay in instalments, one a month")
            phone.page.get_by_label("How", exact=True).select_option("new")
            phone.page.get_by_role(
                "button", name="See it before you agree"
            ).last.click()
            phone.sees("The saved card is charged on each date.")
            phone.click("I accept these dates")
            self.save_card_by_demo(phone)
            plan = self.get_plan()
            self.assertEqual(plan.state, "active")
            self.assertTrue(plan.sudo().token_id)
            phone.open(f"{self.path}/details")
            phone.sees("•••• 4242")
            phone.click("Cancel this")
            phone.sees("It is cancelled.")
        self.assertEqual(plan.state, "cancelled")
        self.assertEqual(self.bill.amount_residual, 100.0)

    def test_card_is_charged_on_a_chosen_day(self):
        day = self.company._get_clinic_today() + timedelta(days=12)
        with self.visit() as phone:
            self.open_details(phone)
            phone.unfold("Pay on a date by card")
            phone.fill("Charge a card on", day.isoformat())
            phone.page.get_by_role(
                "button", name="See it before you agree"
            ).first.click()
            phone.sees("Payment on a date")
            phone.click("I accept these dates")
            self.save_card_by_demo(phone)
        plan = self.get_plan()
        self.assertEqual(plan.state, "active")
        self.assertEqual(plan.line_ids.mapped("date"), [day])

    def test_plan_of_the_clinic_is_accepted_on_the_page(self):
        plan = self.case.with_user(self.officer)._draft_plan()
        plan.with_user(self.officer).action_propose()
        with self.visit() as phone:
            self.open_details(phone)
            phone.sees("33.34 €")
            phone.click("I accept these dates")
            phone.sees("Thank you, it is noted.")
        self.assertEqual(self.get_plan().state, "active")


@tagged("post_install", "-at_install")
class TestPlanTourOnDesktop(TestPlanTourOnPhone):
    size = DESKTOP

    def test_officer_makes_a_plan_at_the_desk(self):
        self.officer.write({"password": "plan_officer", "lang": "en_US"})
        action = "clinic_dunning.clinic_followup_case_action"
        with self.visit(
            f"/web/login?redirect=/odoo/action-{action}/{self.case.id}"
        ) as desk:
            page = desk.page
            page.locator("input[name=login]").fill("plan_officer")
            page.locator("input[name=password]").fill("plan_officer")
            page.locator("form.oe_login_form button[type=submit]").click()
            page.get_by_role("button", name="Plan", exact=True).first.click()
            desk.sees("33.34")
            page.get_by_role("button", name="Equal parts").click()
            page.get_by_role("button", name="Accepted by word").click()
            page.locator(".modal").get_by_role("button", name="Ok").click()
            desk.sees("Still to Pay")
        plan = self.get_plan()
        self.assertEqual(plan.state, "active")
        self.assertEqual(plan.accepted_user_id, self.officer)
        self.assertEqual(sum(plan.line_ids.mapped("amount")), 100.0)
