from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TODAY, days_ago, level
from .desk import DeskCase


@tagged("post_install", "-at_install")
class TestCallOutcome(DeskCase):
    def plan_call(self, partner=None):
        """Return the message of a call that waits for the front desk."""
        partner = partner or self.patient
        self.create_invoice(partner)
        if not self.company.clinic_followup_policy_id:
            self.create_policy(level(route="call"))
        self.remind()
        self.drain()
        self.env.invalidate_all()
        return self.env["clinic.message"].search([("partner_id", "=", partner.id)])

    def call(self, outcome, partner=None, **vals):
        dialog = self.open_dialog(self.case_as(self.desk, partner), "action_log_call")
        dialog.outcome = outcome
        for name, value in vals.items():
            setattr(dialog, name, value)
        return dialog.save().action_save()

    def test_call_waits_with_its_script(self):
        message = self.plan_call()
        self.assertEqual(message.attempt_ids.channel, "phone")
        case = self.case_as(self.desk)
        self.assertTrue(case.is_call_due)
        dialog = self.open_dialog(case, "action_log_call")
        self.assertTrue(dialog.script)
        self.assertNotIn("&lt;br", dialog.script)

    def test_says_paid_pauses_a_week_and_ends_the_call(self):
        message = self.plan_call()
        self.call("paid")
        hold = self.case_of().hold_ids
        self.assertRecordValues(
            hold, [{"reason": "says_paid", "end_date": days_ago(-7)}]
        )
        self.assertEqual(message.state, "delivered")
        self.assertFalse(self.case_of().activity_ids)

    def test_promise_is_kept_or_broken_by_the_ledger(self):
        self.plan_call()
        self.call("promise", promise_date=days_ago(-9), note="After the salary")
        case = self.case_as(self.desk)
        self.assertRecordValues(
            case.promise_ids,
            [
                {
                    "amount": 100.0,
                    "date": days_ago(-9),
                    "state": "open",
                    "user_id": self.desk.id,
                }
            ],
        )
        self.assertRecordValues(
            case.hold_ids,
            [
                {
                    "reason": "promise",
                    "end_date": days_ago(-10),
                    "note": "After the salary",
                    "user_id": self.desk.id,
                }
            ],
        )
        self.pay(self.case_of().invoice_ids)
        self.env.invalidate_all()
        self.assertEqual(case.promise_ids.state, "kept")

    def test_broken_promise_lets_the_follow_up_go_on(self):
        self.plan_call()
        self.call("promise", promise_date=days_ago(-9), promise_amount=40.0)
        self.create_invoice(amount=5.0)
        self.go_to("2026-03-19 10:00:00")
        self.assertHeld("Promise to pay")
        self.go_to("2026-03-20 10:00:00")
        self.env.invalidate_all()
        promise = self.case_as(self.desk).promise_ids
        self.assertEqual(promise.state, "broken")
        self.assertEqual(promise.search([("state", "=", "broken")]), promise)
        self.assertFalse(promise.search([("state", "=", "kept")]))
        self.assertTrue(self.decide())

    def test_promise_of_part_is_kept_by_that_part(self):
        self.plan_call()
        self.call("promise", promise_amount=40.0)
        self.pay(self.case_of().invoice_ids, 40.0)
        self.env.invalidate_all()
        self.assertEqual(self.case_as(self.desk).promise_ids.state, "kept")

    def test_impossible_promise_is_refused(self):
        self.plan_call()
        for values in (
            {"promise_date": TODAY},
            {"promise_date": days_ago(-60)},
            {"promise_amount": 100.01},
            {"promise_amount": -1.0},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.call("promise", **values)
        self.assertFalse(self.case_as(self.desk).promise_ids)

    def test_promise_far_away_is_for_the_officer(self):
        self.create_invoice()
        dialog = self.open_dialog(self.case_as(self.officer), "action_promise")
        self.assertEqual(dialog.outcome, "promise")
        dialog.promise_date = days_ago(-60)
        dialog.save().action_save()
        self.assertEqual(self.case_of().hold_ids.end_date, days_ago(-61))

    def test_promise_is_in_the_currency_that_is_open(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.create_invoice(amount=30.0, currency_id=dollar.id)
        self.call("promise")
        promise = self.case_as(self.desk).promise_ids
        self.assertRecordValues(promise, [{"amount": 30.0, "currency_id": dollar.id}])

    def test_dispute_marks_the_only_invoice(self):
        self.plan_call()
        self.call("dispute", note="Paid twice")
        move = self.case_of().invoice_ids
        self.assertRecordValues(
            move,
            [{"clinic_dispute_since": TODAY, "clinic_dispute_reason": "Paid twice"}],
        )

    def test_dispute_without_a_word_is_refused(self):
        self.plan_call()
        dialog = self.open_dialog(self.case_as(self.desk), "action_log_call")
        dialog.outcome = "dispute"
        with self.assertRaises(AssertionError):  # required on the screen
            dialog.save()

    def test_hardship_and_insurer_pause_thirty_days(self):
        for outcome in ("hardship", "insurer"):
            partner = self.create_patient(f"Person {outcome}")
            self.plan_call(partner)
            self.call(outcome, partner)
            self.assertRecordValues(
                self.case_of(partner).hold_ids,
                [{"reason": outcome, "end_date": TODAY + timedelta(days=30)}],
            )

    def test_wrong_number_is_not_called_again_until_corrected(self):
        message = self.plan_call()
        self.call("wrong_number", note="A shop answers")
        self.assertEqual(message.attempt_ids.state, "failed")
        self.assertTrue(message._get_obstacle("phone"))
        self.patient.phone = "+33142685399"
        self.assertFalse(message._get_obstacle("phone"))

    def test_left_alone_refuses_all_about_bills_but_letters(self):
        message = self.plan_call()
        self.call("asked")
        refused = [
            channel
            for channel in ("phone", "email", "letter")
            if self.env["clinic.consent"]._get_refusal(
                self.patient, self.company, "billing", channel
            )
        ]
        self.assertEqual(refused, ["phone", "email"])
        self.assertEqual(self.case_of().hold_ids.reason, "asked")
        self.assertEqual(message.state, "delivered")

    def test_no_answer_comes_back_tomorrow_and_gives_up_after_three(self):
        message = self.plan_call()
        self.call("no_answer")
        self.assertEqual(self.case_of().activity_ids.date_deadline, days_ago(-1))
        self.assertFalse(self.case_as(self.desk).is_call_due)
        self.call("no_answer")
        self.call("no_answer")
        self.assertEqual(message.attempt_ids.state, "failed")
        self.assertFalse(self.case_of().activity_ids)

    def test_each_talk_is_kept_as_a_row(self):
        self.plan_call()
        self.call("no_answer", note="Rang long")
        self.open_dialog(self.case_as(self.desk), "action_promise").save().action_save()
        self.assertRecordValues(
            self.case_of().call_ids,
            [
                {"outcome": "promise", "by_phone": False, "user_id": self.desk.id},
                {"outcome": "no_answer", "by_phone": True, "user_id": self.desk.id},
            ],
        )
        with self.assertRaises(AccessError):
            self.case_as(self.desk).call_ids.write({"note": "Else"})

    def test_call_without_a_planned_one_is_noted(self):
        self.create_invoice()
        self.call("no_answer", note="Rang long")
        self.assertIn("Rang long", self.case_of().message_ids[0].body)

    def test_saving_opens_the_next_person(self):
        other = self.create_patient("Max Roy")
        self.plan_call()
        self.plan_call(other)
        dialog = self.open_dialog(self.case_as(self.desk), "action_log_call")
        action = dialog.save().action_save_and_next()
        self.assertEqual(action["context"]["default_case_id"], self.case_of(other).id)
        dialog = self.open_dialog(self.case_as(self.desk, other), "action_log_call")
        self.assertEqual(
            dialog.save().action_save_and_next()["type"], "ir.actions.client"
        )


@tagged("post_install", "-at_install")
class TestDialogs(DeskCase):
    def test_dispute_of_one_invoice_leaves_the_other(self):
        first = self.create_invoice(amount=10.0, due=days_ago(30))
        second = self.create_invoice(amount=20.0, due=days_ago(20))
        dialog = self.open_dialog(self.case_as(self.desk), "action_dispute")
        dialog.reason = "Not my visit"
        with dialog.line_ids.edit(1) as line:
            line.chosen = True
        dialog.save().action_apply()
        self.assertFalse(first.clinic_dispute_since)
        self.assertEqual(second.clinic_dispute_since, TODAY)
        self.assertIn(second.name, self.case_of().message_ids[0].body)

    def test_dispute_of_nothing_is_refused(self):
        self.create_invoice(amount=10.0)
        self.create_invoice(amount=20.0)
        dialog = self.open_dialog(self.case_as(self.desk), "action_dispute")
        dialog.reason = "Not my visit"
        with self.assertRaisesRegex(UserError, "Choose"):
            dialog.save().action_apply()

    def test_dispute_of_another_companys_invoice_is_refused(self):
        other = self.create_other_clinic()
        foreign = self.create_invoice(company=other)
        lines = self.env["clinic.dispute.line"].with_user(self.desk)
        line = lines.create({"move_id": foreign.id})
        with self.assertRaisesRegex(UserError, "Only open customer invoices"):
            line._dispute("Mine", self.case_as(self.desk))

    def test_dispute_tells_nothing_of_another_companys_invoice(self):
        foreign = self.create_invoice(company=self.create_other_clinic())
        wizard = self.env["clinic.dispute"].with_user(self.desk)
        wizard = wizard.with_context(default_move_ids=foreign.ids)
        self.assertEqual(wizard.default_get(["line_ids"])["line_ids"], [])

    def test_pause_and_resume_on_the_same_day_by_the_desk(self):
        self.create_invoice()
        case = self.case_as(self.desk)
        dialog = self.open_dialog(case, "action_pause")
        dialog.reason = "complaint"
        dialog.save().action_apply()
        self.assertEqual(case.state, "paused")
        case.action_resume()
        self.assertEqual(case.state, "active")

    def test_desk_snoozes_and_notes_says_paid(self):
        self.create_invoice()
        case = self.case_as(self.desk)
        case.action_postpone()
        self.assertEqual(case.postponed_until, days_ago(-7))
        case.action_says_paid()
        self.assertEqual(case.state, "paused")

    def test_link_is_shown_once_and_stored_nowhere(self):
        self.create_invoice()
        dialog = self.open_dialog(self.case_as(self.desk), "action_show_link")
        secret = dialog.address.rpartition("/")[2]
        link = self.env["clinic.link"]._find(secret, "pay")
        self.assertEqual(link.partner_id, self.patient)
        note = self.case_of().message_ids[0].body
        self.assertIn(secret[-4:], note)
        self.assertNotIn(secret, note)

    def test_desk_may_not_send_skip_or_approve(self):
        self.create_invoice()
        self.create_policy(level(mode="approval"))
        message = self.remind()
        case = self.case_as(self.desk)
        for action in (case.action_send_now, case.action_skip_level):
            with self.assertRaises(AccessError):
                action()
        for action in ("action_approve", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(message.with_user(self.desk), action)()

    def test_officer_sends_now_and_skips_without_ledger_rights(self):
        self.create_invoice()
        self.create_policy(level(mode="approval"), level("Later", 90))
        case = self.case_as(self.officer)
        case.action_send_now()
        message = self.env["clinic.message"].search([("case_id", "=", case.id)])
        self.assertEqual(message.approval, "approved")
        case.action_skip_level()
        self.assertEqual(message.state, "canceled")
        self.assertEqual(case.entry_ids.state, "done")

    def test_approval_tells_count_and_amount_first(self):
        self.create_invoice(amount=40.0)
        self.create_invoice(self.create_patient(), amount=60.0)
        self.create_policy(level(mode="approval"))
        messages = self.remind().with_user(self.officer)
        dialog = Form(
            self.env["clinic.message.approval"]
            .with_user(self.officer)
            .with_context(active_ids=messages.ids)
        )
        self.assertIn(self.company.currency_id.format(100.0), dialog.summary)
        self.assertIn("2 messages", dialog.summary)
        dialog.save().action_approve()
        self.assertEqual(messages.mapped("approval"), ["approved"] * 2)
        with self.assertRaisesRegex(UserError, "None of these"):
            self.env["clinic.message.approval"].with_user(self.officer).with_context(
                active_ids=messages.ids
            ).default_get(["message_ids"])

    def test_policy_starts_from_a_preset_switched_off(self):
        start = Form(self.env["clinic.policy.start"].with_user(self.manager))
        start.preset = "india_care_first"
        self.assertIn("48 hours", start.steps)
        action = start.save().action_start()
        policy = self.env["clinic.followup.policy"].browse(action["res_id"])
        self.assertRecordValues(
            policy, [{"state": "draft", "company_id": self.company.id}]
        )
        self.assertIn("48 hours", policy.timeline_html)
        self.assertIn("Hindi", policy.wording_html)

    def test_dry_run_tells_and_writes_nothing(self):
        self.create_invoice(amount=40.0)
        self.create_invoice(amount=50.0).no_followup = True
        policy = self.create_policy()
        action = policy.with_user(self.officer).action_preview()
        preview = Form(
            self.env["clinic.policy.preview"]
            .with_user(self.officer)
            .with_context(**action["context"])
        )
        amount = self.company.currency_id.format(40.0)
        for part in (amount, "Ana Diaz", "excluded from follow-up"):
            self.assertIn(part, preview.result)
        domain = [("company_id", "=", self.company.id)]
        self.assertFalse(self.env["clinic.followup.entry"].search(domain))

    def test_desk_may_not_change_a_policy(self):
        policy = self.create_policy()
        with self.assertRaises(AccessError):
            policy.with_user(self.desk).action_deactivate()
        with self.assertRaises(AccessError):
            self.env["clinic.policy.start"].with_user(self.desk).create({})

    def test_pause_needs_an_end(self):
        self.create_invoice()
        dialog = self.open_dialog(self.case_as(self.desk), "action_pause")
        dialog.reason = "complaint"
        dialog.until = False
        with self.assertRaisesRegex(ValidationError, "until when"):
            dialog.save().action_apply()
