from datetime import timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.mail.tools.discuss import Store

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayDetails(PayCase):
    def read_details(self):
        return self._read(f"{self.path}/details")

    def get_case(self):
        return self.link._get_case()

    def today(self, days=0):
        return self.company._get_clinic_today() + timedelta(days=days)

    def born(self, years):
        return self.today() - relativedelta(years=years)

    def test_details_need_the_birth_date(self):
        invoice = self._make_invoice()
        self.assertNotIn(invoice.name, self.read_details())
        self.assertEqual(self._unlock().status_code, 303)
        self.assertIn(invoice.payment_reference or invoice.name, self.read_details())

    def test_birth_date_is_read_as_people_write_it(self):
        for text in ("1980-05-12", "12/05/1980", "12.5.1980", " 12-05-1980 "):
            self.assertTrue(self.link._unlock(text), text)
        for text in ("", "1980", "31/02/1980", "12/05/80", "05/12/1980x"):
            self.assertFalse(self.link._unlock(text), text)
            self.link.sudo().write({"failures": 0, "locked_until": False})

    def test_no_birth_date_on_file_answers_like_a_wrong_one(self):
        wrong = self._unlock("1990-01-01")
        self.patient.clinic_birth_date = False
        missing = self._unlock("1990-01-01")
        self.assertEqual(wrong.status_code, missing.status_code)
        texts = [
            [line for line in page.text.splitlines() if "csrf" not in line]
            for page in (wrong, missing)
        ]
        self.assertEqual(*texts)
        self.assertFalse(self.link._unlock(""))

    def test_five_failures_lock_the_link_and_tell_the_staff(self):
        for _time in range(5):
            self.assertEqual(self._unlock("1990-01-01").status_code, 422)
        self.assertEqual(self._unlock().status_code, 422)
        self.assertEqual(len(self.get_case().activity_ids), 1)
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self.assertTrue(self.link._unlock("1980-05-12"))

    def test_details_are_closed_again_after_a_quarter_of_an_hour(self):
        invoice = self._make_invoice()
        self._unlock()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            self.assertNotIn(invoice.name, self.read_details())

    def test_unlocking_one_link_opens_no_other(self):
        self._unlock()
        other = self._make_patient("Ben Roux", clinic_birth_date="1970-01-01")
        invoice = self._make_invoice(partner=other)
        _link, path = self._make_link(other)
        self.assertNotIn(invoice.name, self._read(f"{path}/details"))

    def test_guarantor_reads_minors_and_consenting_adults_only(self):
        family = {
            "Lea": {"clinic_birth_date": self.born(10)},
            "Max": {"clinic_birth_date": self.born(18)},
            "Zoe": {"clinic_birth_date": self.born(30), "clinic_share_consent": True},
            "Tom": {},
        }
        for amount, (name, vals) in enumerate(family.items(), start=51):
            person = self._make_patient(
                f"{name} Martin", clinic_guarantor_id=self.patient.id, **vals
            )
            self._make_invoice(amount, partner=person)
        self._unlock()
        page = self.read_details()
        self.assertIn("Lea", page)
        self.assertIn("Zoe", page)
        self.assertNotIn("Max", page)
        self.assertNotIn("Tom", page)
        # theirs is one total, which can be paid
        self.assertIn("106.00", page)
        self.assertIn("210.00", self._read())

    def test_nothing_ticked_or_nothing_of_ones_own_is_answered_in_words(self):
        self._make_invoice()
        self._unlock()
        for item in ("", "1-1-20260101", "x"):
            answer = self._post(
                "checkout", f"{self.path}/details", choice="items", item=item
            )
            self.assertEqual(answer.status_code, 422)
            self.assertIn("Please tick what you would like to pay.", answer.text)
            self.assertIn("Pay what is ticked", answer.text)

    def test_promise_holds_reminders_and_the_ledger_keeps_it(self):
        invoice = self._make_invoice(100.0)
        self._unlock()
        self._tell("promise", date=self.today(10).isoformat())
        promise = self.env["clinic.promise"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertRecordValues(
            promise, [{"amount": 100.0, "state": "open", "paid": 0.0}]
        )
        self.assertRecordValues(
            self.get_case().hold_ids,
            [{"reason": "promise", "end_date": self.today(11), "is_active": True}],
        )
        with freeze_time(self.today(11)):
            promise.invalidate_recordset()
            self.assertEqual(promise.state, "broken")
        self._pay_at_desk(invoice)
        promise.invalidate_recordset()
        self.assertEqual(promise.state, "kept")

    def test_impossible_dates_of_a_promise_are_answered_in_words(self):
        self._make_invoice()
        self._unlock()
        for text in ("", "x", self.today().isoformat(), self.today(30).isoformat()):
            answer = self._tell("promise", date=text)
            self.assertEqual(answer.status_code, 422)
            self.assertIn("within the next 29 days", answer.text)
        self.assertFalse(self.env["clinic.promise"].search([]))

    def test_last_day_of_a_promise_is_within_the_longest_pause(self):
        self._make_invoice()
        self._unlock()
        self._tell("promise", date=self.today(29).isoformat())
        hold = self.get_case().hold_ids
        self.assertEqual((hold.end_date - hold.start_date).days, 30)

    def test_problem_disputes_the_chosen_bill_only(self):
        chosen, other = self._make_invoice(), self._make_invoice(40.0)
        self._unlock()
        self._tell("problem", move=chosen.id, problem="amount")
        self.assertEqual(chosen.clinic_dispute_since, self.today())
        self.assertFalse(other.clinic_dispute_since)
        self.assertTrue(self.get_case().activity_ids)
        self.assertIn("40.00", self._read())

    def test_desk_reads_in_its_language_what_was_told_in_another(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        bill = self._make_invoice()
        self._unlock()
        self._tell("problem", move=bill.id, problem="amount", lang="fr_FR")
        self.assertEqual(bill.clinic_dispute_reason, "The amount is not right")
        self.assertEqual(self.get_case().activity_ids.summary, "Question about a bill")

    def test_desk_of_another_company_than_the_visitors_reads_what_was_asked(self):
        public = self.env.ref("base.public_user")
        self.assertNotIn(self.company, public.company_ids)
        bill = self._make_invoice()
        self._unlock()
        self._tell("problem", move=bill.id, problem="amount")
        desk = new_test_user(
            self.env,
            "desk",
            groups="clinic_dunning.group_front_desk",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        asked = self.get_case().activity_ids.with_user(desk)
        self.env.invalidate_all()
        self.assertTrue(Store().add(asked).get_result()["mail.activity"])

    def test_endless_numbers_are_answered_in_words(self):
        self._make_invoice()
        self._unlock()
        endless = "9" * 5000
        for what, data in {
            "problem": {"move": endless, "problem": "amount"},
            "plan": {"count": endless},
        }.items():
            self.assertEqual(self._tell(what, **data).status_code, 422, what)

    def test_language_from_the_browser_breaks_no_address(self):
        answer = self._post(
            "unlock", f"{self.path}/details", birth_date="1980-05-12", lang="\r\n"
        )
        self.assertEqual(answer.status_code, 303)

    def test_bill_of_somebody_else_can_not_be_disputed_nor_read(self):
        stranger = self._make_patient("Ben Roux")
        invoice = self._make_invoice(partner=stranger)
        self._unlock()
        self.assertEqual(
            self._tell("problem", move=invoice.id, problem="amount").status_code, 422
        )
        self.assertFalse(invoice.clinic_dispute_since)
        page = self.url_open(f"{self.path}/invoice/{invoice.id}")
        self.assertEqual(page.status_code, 404)

    def test_says_paid_pauses_for_a_week(self):
        self._make_invoice()
        self._unlock()
        self._tell("paid")
        self.assertRecordValues(
            self.get_case().hold_ids,
            [{"reason": "says_paid", "end_date": self.today(7)}],
        )

    def test_choices_are_kept_as_proofs_of_what_changed(self):
        self._unlock()
        granted = {
            choice["name"] for choice in self.link._get_choices() if choice["granted"]
        }
        self._tell("choices", choice=list(granted - {"appointment.email"}))
        self.assertRecordValues(
            self.env["clinic.consent"].search([("partner_id", "=", self.patient.id)]),
            [
                {
                    "purpose": "appointment",
                    "channel": "email",
                    "granted": False,
                    "source": "link",
                    "text_version": "page-1",
                    "user_id": False,
                }
            ],
        )

    def test_policy_acceptance_is_kept_once_for_each_version(self):
        policy = self.env["clinic.followup.policy"]._create_preset(
            "fr_dentist", self.company
        )
        policy.payment_policy_text = "<p>Thirty days</p>"
        self.company.clinic_followup_policy_id = policy
        self._unlock()
        self._tell("policy")
        self._tell("policy")
        proof = self.env["clinic.policy.acceptance"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertEqual(len(proof), 1)
        self.assertIn("Thirty days", proof.text)
        with self.assertRaises(UserError):
            proof.version = 9

    def test_nothing_can_be_told_before_the_birth_date(self):
        self._make_invoice()
        self._tell("paid")
        self.assertFalse(self.get_case().hold_ids)
        self.assertEqual(self._tell("unknown").status_code, 404)

    def test_pdf_of_a_bill_needs_the_birth_date(self):
        invoice = self._make_invoice()
        address = f"{self.path}/invoice/{invoice.id}"
        page = self.url_open(address, allow_redirects=False)
        self.assertEqual(page.status_code, 303)
