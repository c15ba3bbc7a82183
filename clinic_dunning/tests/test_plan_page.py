from freezegun import freeze_time

from odoo import fields
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .plan_common import PlanCase


@tagged("post_install", "-at_install")
class TestPlanPage(PlanCase):
    def agree(self, what="plan", **data):
        """Choose on the page, look at it and accept it; return (plan, answer)."""
        self.assertEqual(self._tell(what, **data).status_code, 303)
        plan = self._get_plan_on_page()
        answer = self._tell_about("accept", plan)
        self.env.invalidate_all()
        return plan, answer

    def later(self, days=10):
        return self.days_on(days)[0].isoformat()

    # -- instalments -------------------------------------------------------------------

    def test_patient_agrees_to_instalments_and_pays_what_is_due(self):
        invoice = self._make_invoice(100.0)
        self._unlock()
        self.assertIn("3 payments of 33.34 €", self.offers())
        plan, answer = self.agree(count=3, card="")
        self.assertIn("done=accept", answer.headers["Location"])
        text = self._read(answer.headers["Location"].replace(self.base_url(), ""))
        self.assertIn("Thank you, it is noted", text)
        self.assertNotIn("Hacked", self._read(f"{self.path}/details?done=Hacked"))
        self.assertRecordValues(
            plan, [{"state": "active", "origin": "patient", "wants_card": False}]
        )
        self.assertIn("nothing is due yet", self._read())
        self.assertFalse(self.decide())
        with self.in_days(8):
            self.assertIn("to pay now 33.34 €", self._read())
            self.assertIn("100.00 € in all", self._read())
            transaction = self._pay("now")
            self.assertEqual(transaction.amount, 33.34)
            self.assertEqual(invoice.amount_residual, 66.66)
            self.assertIn("nothing is due yet", self._read())
        self.env.invalidate_all()
        self.assertEqual(plan.line_ids[0].state, "paid")

    def offers(self):
        return self._read(f"{self.path}/details")

    def test_acceptance_is_kept_as_evidence(self):
        self._make_invoice(100.0)
        self._unlock()
        plan, _answer = self.agree(count=2, card="")
        self.assertTrue(plan.accepted_at)
        self.assertEqual(plan.accepted_ip, "127.0.0.1")
        self.assertFalse(plan.accepted_user_id)
        self.assertIn("50.00", plan.accepted_text)
        self.assertIn("days late", plan.accepted_text)

    def test_only_plans_within_the_limits_are_offered(self):
        self._make_invoice(100.0)
        self.policy.plan_min_amount = 40.0
        self._unlock()
        text = self.offers()
        self.assertIn("2 payments of", text)
        self.assertNotIn("3 payments of", text)
        for count in ("3", "1", "0", "-2", "abc", "99999999999"):
            self.assertEqual(self._tell("plan", count=count).status_code, 422, count)
        self.policy.write({"plan_max_instalments": 0, "plan_later_days": 0})
        self.assertNotIn("payments of", self.offers())
        self.assertEqual(self._tell("later", date=self.later()).status_code, 422)
        self.assertFalse(self.Plan.search([("partner_id", "=", self.patient.id)]))

    def test_large_plan_waits_for_a_person(self):
        self.policy.plan_auto_amount = 50.0
        invoice = self._make_invoice(100.0)
        self._unlock()
        plan, _answer = self.agree(count=2, card="")
        self.assertEqual(plan.state, "proposed")
        self.assertIn("Asks for instalments", self.case.activity_ids.mapped("summary"))
        self.assertFalse(self.decide())
        self.assertIn("We have your wish", self.offers())
        plan.with_user(self.officer).action_approve()
        self.assertEqual(plan.state, "active")
        self.assertFalse(self.case.hold_ids.filtered("is_active"))
        self.assertFalse(self.decide())
        plan.with_user(self.officer).action_cancel()
        self.assertEqual(self.decide(), invoice)

    def test_clinics_proposal_is_accepted_on_the_page(self):
        self._make_invoice(100.0)
        plan = self.case.with_user(self.officer)._draft_plan()
        self._unlock()
        self.assertNotIn("I accept these dates", self.offers())
        plan.action_propose()
        self.assertIn("I accept these dates", self.offers())
        self._tell_about("accept", plan)
        self.env.invalidate_all()
        self.assertEqual(plan.state, "active")

    def test_newer_wish_replaces_the_older_one(self):
        self._make_invoice(100.0)
        self._unlock()
        self._tell("plan", count=2, card="")
        first = self._get_plan_on_page()
        self._tell("plan", count=3, card="")
        self.env.invalidate_all()
        self.assertEqual(first.state, "cancelled")
        self.assertEqual(self._tell_about("accept", first).status_code, 422)
        self.assertEqual(len(self._get_plan_on_page().line_ids), 3)

    def test_something_paid_before_it_is_accepted_is_said(self):
        invoice = self._make_invoice(100.0)
        self._unlock()
        self._tell("plan", count=2, card="")
        plan = self._get_plan_on_page()
        self._pay_at_desk(invoice, amount=30.0)
        answer = self._tell_about("accept", plan)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("70.00", answer.text)
        self.assertFalse(plan.accepted_at)

    def test_patient_ends_the_plan_and_the_follow_up_goes_on(self):
        invoice = self._make_invoice(100.0)
        self._unlock()
        plan, _answer = self.agree(count=2, card="")
        self._tell_about("cancel", plan)
        self.env.invalidate_all()
        self.assertEqual(plan.state, "cancelled")
        self.assertEqual(self.decide(), invoice)

    def test_disputed_bill_stays_out(self):
        invoice = self._make_invoice(100.0)
        self._make_invoice(60.0)
        invoice.clinic_dispute_since = fields.Date.today()
        self._unlock()
        plan, _answer = self.agree(count=2, card="")
        self.assertEqual(plan.amount, 60.0)

    def test_account_of_a_logged_in_patient_shows_the_plan(self):
        self._make_invoice(100.0)
        self.make_plan(7, 37)
        user = self.env["res.users"].create(
            {
                "name": "Catherine Martin",
                "login": "catherine",
                "password": "catherine-password",
                "partner_id": self.patient.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
            }
        )
        self.authenticate(user.login, "catherine-password")
        text = self._read("/my/clinic")
        self.assertIn("Payment in instalments", text)
        self.assertIn("50.00 €", text)

    # -- a card on a date --------------------------------------------------------------

    def test_saved_card_pays_on_the_chosen_date(self):
        self._make_invoice(100.0)
        card = self._make_card()
        self._unlock()
        self.assertIn("4242", self.offers())
        plan, _answer = self.agree("later", date=self.later(), card=card.id)
        self.assertRecordValues(
            plan,
            [{"state": "active", "wants_card": True, "token_id": card.id}],
        )
        self.assertEqual(plan.line_ids.date.isoformat(), self.later())
        self.assertIn("4242", self.offers())
        self._tell_about("cancel", plan)
        self.env.invalidate_all()
        self.assertEqual(plan.state, "cancelled")

    def test_days_out_of_reach_are_refused_in_words(self):
        self._make_invoice(100.0)
        card = self._make_card()
        self._unlock()
        for days in (-1, 0, 3, 31, 9999):
            answer = self._tell("later", date=self.later(days), card=card.id)
            self.assertEqual(answer.status_code, 422, days)
            self.assertIn("choose a day", answer.text)
        self.assertEqual(self._tell("later", date="x", card=card.id).status_code, 422)

    def test_card_is_saved_by_the_providers_form(self):
        self._make_invoice(100.0)
        self._unlock()
        plan, answer = self.agree("later", date=self.later(), card="new")
        path = answer.headers["Location"]
        self.assertRegex(path, "/p/card/[A-Za-z0-9_-]{32}$")
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn('data-mode="validation"', page.text)
        self.assertNotIn(self.path, page.text)
        self.assertEqual(plan.state, "draft")
        transaction = self.save_card(plan)
        self.assertRecordValues(
            transaction,
            [
                {
                    "operation": "validation",
                    "tokenize": True,
                    "amount": 0.0,
                    "partner_id": self.patient.id,
                    "landing_route": f"/p/card/done/{plan.nonce}",
                }
            ],
        )
        self.assertIn("not saved yet", self._read(f"/p/card/done/{plan.nonce}"))
        transaction.token_id = self._make_card()
        transaction._set_done()
        transaction._post_process()
        self.env.invalidate_all()
        self.assertRecordValues(plan, [{"state": "active", "card": "•••• 4242"}])
        self.assertIn("card is saved", self._read(f"/p/card/done/{plan.nonce}"))
        self.assertEqual(
            self.url_open(path, allow_redirects=False).headers["Location"],
            f"/p/card/done/{plan.nonce}",
        )

    def save_card(self, plan, **vals):
        page = self.url_open(f"/p/card/{plan.nonce}")
        token = page.text.partition('csrf_token: "')[2].partition('"')[0]
        params = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "flow": "redirect",
            "csrf_token": token,
            **vals,
        }
        self.make_jsonrpc_request(f"/p/card/transaction/{plan.nonce}", params)
        return self.env["payment.transaction"].search(
            [("clinic_plan_id", "=", plan.id)], order="id desc", limit=1
        )

    def test_foreign_pages_unknown_ways_and_old_plans_save_nothing(self):
        self._make_invoice(100.0)
        self._unlock()
        plan, _answer = self.agree("later", date=self.later(), card="new")
        bad = (
            {"csrf_token": "wrong"},
            {"flow": "token", "token_id": 1},
            {"provider_id": 0},
            {"payment_method_id": 0},
        )
        with mute_logger("odoo.http"):
            for vals in bad:
                with self.subTest(vals), self.assertRaises(JsonRpcException):
                    self.save_card(plan, **vals)
            plan._end("cancelled", "")
            with self.assertRaises(JsonRpcException):
                self.save_card(plan)
        self.assertFalse(
            self.env["payment.transaction"].search([("clinic_plan_id", "=", plan.id)])
        )
        self.assertEqual(self.url_open("/p/card/x").status_code, 404)

    def test_no_card_is_charged_in_absence_in_india(self):
        self._make_invoice(100.0)
        card = self._make_card()
        self.company.account_fiscal_country_id = self.env.ref("base.in")
        self._unlock()
        text = self.offers()
        self.assertNotIn("4242", text)
        self.assertNotIn("Charge a card on", text)
        self.assertIn("payments of", text)
        for name in (card.id, "new"):
            answer = self._tell("later", date=self.later(), card=name)
            self.assertEqual(answer.status_code, 422)
            answer = self._tell("plan", count=2, card=name)
            self.assertEqual(answer.status_code, 422)

    # -- who may -----------------------------------------------------------------------

    def test_nothing_is_offered_or_done_without_the_second_factor(self):
        self._make_invoice(100.0)
        card = self._make_card()
        for text in (self._read(), self.offers()):
            self.assertNotIn("4242", text)
            self.assertNotIn("payments of", text)
        plan = self.make_plan(7, 37)
        for what, data in (
            ("plan", {"count": 2}),
            ("later", {"date": self.later(), "card": card.id}),
            ("accept", {"plan": plan.id}),
            ("cancel", {"plan": plan.id}),
            ("card", {"plan": plan.id}),
        ):
            answer = self._tell(what, **data)
            self.assertEqual(answer.status_code, 303)
            self.assertIn("/details", answer.headers["Location"])
        self.assertEqual(self.Plan.search([("case_id", "=", self.case.id)]), plan)
        self.assertEqual(plan.state, "active")

    def test_another_patient_touches_neither_plan_nor_card(self):
        self._make_invoice(100.0)
        plan = self.make_plan(7, 37)
        card = self._make_card()
        other = self._make_patient("Paul Petit", clinic_birth_date="1990-01-01")
        self._make_invoice(80.0, partner=other)
        self.link, self.path = self._make_link(other)
        self._unlock("1990-01-01")
        self.assertNotIn("4242", self.offers())
        for what in ("accept", "cancel", "card"):
            self.assertEqual(self._tell_about(what, plan).status_code, 422)
        answer = self._tell("later", date=self.later(), card=card.id)
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(plan.state, "active")

    def test_looking_writes_nothing(self):
        self._make_invoice(100.0)
        self._unlock()
        self._tell("plan", count=2, card="")
        plan = self._get_plan_on_page()
        before = (plan.state, plan.write_date, self.Plan.search_count([]))
        with freeze_time(fields.Datetime.now()):
            for path in (self.path, f"{self.path}/details", f"/p/card/{plan.nonce}"):
                self.url_open(path)
        self.env.invalidate_all()
        after = (plan.state, plan.write_date, self.Plan.search_count([]))
        self.assertEqual(before, after)

    def test_first_screen_stays_small(self):
        self._make_invoice(100.0)
        self.make_plan(7, 37)
        for path in (self.path, f"{self.path}/details"):
            page = self.url_open(path)
            self.assertLess(len(page.content), 50_000)
            self.assertNotIn("<script", page.text)
