"""Patients and strangers who use the page too much: an end, and a kind answer."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .plan_common import PlanCase


@tagged("post_install", "-at_install")
class TestPatience(PlanCase):
    """The reminders are held off a few times on the page; then people talk."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_invoice()
        self._unlock()

    def promise(self, days=3):
        return self._tell("promise", date=self.days_on(days)[0].isoformat())

    def test_a_fourth_date_is_for_the_phone(self):
        for days in (3, 5, 7):
            self.assertEqual(self.promise(days).status_code, 303)
        answer = self.promise(9)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("we will find a way together", answer.text)
        self.assertEqual(len(self.promises()), 3)
        # The desk is free to agree on one more, and time heals.
        self.case._promise(self.eur, self.days_on(9)[0], 50.0)
        self.assertEqual(len(self.promises()), 4)
        with freeze_time(fields.Datetime.now() + timedelta(days=61)):
            self.link.sudo().expires_at = fields.Datetime.now() + timedelta(days=1)
            self._unlock()
            self.assertEqual(self.promise().status_code, 303)

    def promises(self):
        self.env.invalidate_all()
        return self.env["clinic.promise"].search([("partner_id", "=", self.patient.id)])

    def claims(self):
        self.env.invalidate_all()
        return self.case.hold_ids.filtered(lambda hold: hold.reason == "says_paid")

    def test_already_paid_said_twice_is_one_pause(self):
        for _time in range(3):
            self.assertEqual(self._tell("paid").status_code, 303)
        self.assertEqual(len(self.claims()), 1)

    def test_already_paid_without_a_payment_ends_in_a_call(self):
        for days in (0, 8):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)):
                self._unlock()
                self.assertEqual(self._tell("paid").status_code, 303)
        with freeze_time(fields.Datetime.now() + timedelta(days=16)):
            self._unlock()
            answer = self._tell("paid")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("we will look for it together", answer.text)
        self.assertEqual(len(self.claims()), 2)

    def test_problem_told_twice_is_one_dispute_and_one_activity(self):
        for days in (0, 2):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)):
                self._unlock()
                answer = self._tell("problem", move=self.bill.id, problem="amount")
                self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(len(self.case.activity_ids), 1)
        self.assertEqual(self.bill.clinic_dispute_since, fields.Date.today())

    def test_plans_accepted_and_ended_again_and_again_end_in_a_call(self):
        for _time in range(3):
            self.assertEqual(self._tell("plan", count=2, card="").status_code, 303)
            plan = self._get_plan_on_page()
            self._tell_about("accept", plan)
            self._tell_about("cancel", plan)
        answer = self._tell("plan", count=2, card="")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("we will find a way together", answer.text.replace("\n", " "))


@tagged("post_install", "-at_install")
class TestSecondFactorOfOnePerson(PlanCase):
    def setUp(self):
        super().setUp()
        self.other, self.other_path = self._make_link(self.patient)

    def guess(self, link, times):
        for _time in range(times):
            self.assertFalse(link._unlock("1990-01-01"))

    def test_two_links_of_one_person_give_five_tries_together(self):
        self.guess(self.link, 3)
        self.guess(self.other, 2)
        for link in (self.link, self.other):
            self.assertFalse(link._unlock("1980-05-12"))
        self.assertEqual(len(self.case.activity_ids), 1)
        newer, _path = self._make_link(self.patient)
        self.assertFalse(newer._unlock("1980-05-12"))
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self.assertTrue(self.other._unlock("1980-05-12"))

    def test_right_answer_forgets_the_wrong_ones_of_all_links(self):
        self.guess(self.link, 4)
        self.assertTrue(self.other._unlock("1980-05-12"))
        self.guess(self.link, 4)
        self.assertTrue(self.link._unlock("1980-05-12"))

    def test_other_people_are_not_locked_with_them(self):
        ben = self._make_patient("Ben Roux", clinic_birth_date="1970-01-01")
        link, _path = self._make_link(ben)
        self.guess(self.link, 5)
        self.assertTrue(link._unlock("1970-01-01"))

    def test_wrong_answers_on_links_that_ended_are_forgotten(self):
        self.guess(self.other, 4)
        self.other.action_revoke()
        self.guess(self.link, 1)
        self.assertTrue(self.link._unlock("1980-05-12"))


@tagged("post_install", "-at_install")
class TestPagesEnd(PlanCase):
    """Addresses that stand for a choice end as the link does."""

    def assertOver(self, path):
        page = self.url_open(path)
        self.assertEqual(page.status_code, 404)
        self.assertIn("This page is not shown any more.", page.text)
        self.assertNotIn("100.00", page.text)
        self.assertNotIn("Nothing was paid", page.text)

    def test_page_of_a_payment_lasts_a_day_or_as_long_as_the_link(self):
        self._make_invoice()
        path = f"/p/done/{self._pay().clinic_checkout_id.nonce}"
        with freeze_time(fields.Datetime.now() + timedelta(days=30)):
            self.assertIn("Thank you", self._read(path))
        self.link.action_revoke()
        self.assertIn("Thank you", self._read(path))
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.assertOver(path)
        self.assertOver("/p/done/" + "x" * 32)

    def test_page_of_a_saved_card_lasts_a_day(self):
        self._make_invoice()
        plan = self.make_plan(10, 40)
        path = f"/p/card/done/{plan.sudo().nonce}"
        self.assertEqual(self.url_open(path).status_code, 200)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.assertOver(path)


@tagged("post_install", "-at_install")
class TestFlood(PlanCase):
    def get_counters(self):
        self.env.cr.execute("SELECT count(*), sum(n) FROM clinic_rate_limit")
        return self.env.cr.fetchone()

    def test_refused_requests_write_nothing_and_use_up_nothing_of_others(self):
        limiter = self.env["clinic.rate.limit"]
        limits = {"link": 2, "address": 4}
        answers = [limiter._allows_all("t", limits, 3600) for _time in range(9)]
        self.assertEqual(answers, [True] * 2 + [False] * 7)
        before = self.get_counters()
        self.assertFalse(limiter._allows_all("t", limits, 3600))
        self.assertEqual(self.get_counters(), before)
        neighbour = {"other": 2, "address": 4}
        self.assertTrue(limiter._allows_all("t", neighbour, 3600))

    def test_guessed_links_stop_at_the_limit_of_the_address(self):
        limiter = self.env["clinic.rate.limit"]
        answers = [
            limiter._allows_all("t", {f"guess{number}": 2, "address": 4}, 3600)
            for number in range(8)
        ]
        self.assertEqual(answers, [True] * 4 + [False] * 4)
        before = self.get_counters()
        limiter._allows_all("t", {"one more": 2, "address": 4}, 3600)
        self.assertEqual(self.get_counters(), before)


@tagged("post_install", "-at_install")
class TestPortalReads(PlanCase):
    def log_in(self, partner):
        self._make_user(partner, "portal_reader")
        self.authenticate("portal_reader", "portal_reader")

    def test_statement_is_downloaded_by_a_form_only(self):
        ben = self._make_patient("Ben Roux")
        self._make_invoice(partner=ben)
        self.log_in(ben)
        cases = self.env["clinic.followup.case"].search([("partner_id", "=", ben.id)])
        path = f"/my/clinic/statement/{self.company.id}"
        page = self.url_open(path)
        self.assertTrue(page.url.endswith("/my/clinic"), page.url)
        self.assertFalse(cases.search([("partner_id", "=", ben.id)]) - cases)
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        with mute_logger("odoo.http"):
            refused = self.url_open(path, data={"csrf_token": "x"})
        self.assertEqual(refused.status_code, 400)
        answer = self.url_open(path, data={"csrf_token": token})
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertTrue(
            self.env["clinic.access.log"].search(
                [("partner_id", "=", ben.id), ("what", "=", "document")]
            )
        )

    def test_contact_of_a_family_sees_own_payments_only(self):
        child = self._make_patient("Lea Martin", parent_id=self.patient.id)
        self._pay_at_desk(self._make_invoice(33.0, partner=child))
        self._pay_at_desk(self._make_invoice(44.0))
        self.log_in(child)
        page = self._read("/my/clinic")
        self.assertIn("33.00", page)
        self.assertNotIn("44.00", page)
        parents = self.env["clinic.link"]._get_virtual(self.patient, self.company)
        amounts = {row["amount"] for row in parents._get_history("en_US")}
        self.assertEqual(len(amounts), 2)
