from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..hooks import uninstall_hook
from .booking_common import MONDAY_NINE
from .deposit_common import DepositCase


@tagged("post_install", "-at_install")
class TestDepositDesk(DepositCase):
    """What the clinic's people do with deposits, each what is theirs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk, cls.officer, cls.manager = (
            cls.create_user(name, f"clinic_dunning.group_{name}")
            for name in ("front_desk", "billing_officer", "clinic_manager")
        )
        cls.cash = cls.create_cash_journal()

    def open_act(self, deposit, act, user):
        wizards = self.env["clinic.deposit.act"].with_user(user)
        return Form(
            wizards.with_context(
                default_deposit_id=deposit.id,
                default_act=act,
                allowed_company_ids=self.company.ids,
            )
        )

    def do(self, deposit, act, user, amount=None):
        form = self.open_act(deposit, act, user)
        if amount is not None:
            form.amount = amount
        wizard = form.save()
        wizard.action_do()
        return wizard

    def test_paid_at_the_desk_it_is_an_advance_and_the_visit_is_confirmed(self):
        for account in (None, self.create_advance_account()):
            deposit = self.request(
                partner=self.create_patient("Ann Cash" if account else "Al Cash")
            )
            wizard = self.do(deposit, "receive", self.desk)
            self.assertRecordValues(
                deposit, [{"state": "paid", "paid": 30.0, "open": 30.0}]
            )
            self.assertEqual(self.booking.state, "confirmed")
            advance = deposit._get_advance_lines()
            self.assertTrue(advance.clinic_is_reserved)
            if account:
                self.assertEqual(advance.account_id, account)
            with self.assertRaises(UserError):
                wizard.action_do()
            receipt = self.env["clinic.desk.receipt"].search(
                [("partner_id", "=", deposit.partner_id.id)]
            )
            self.assertEqual((receipt.amount, receipt.can_undo), (30.0, False))

    def test_who_pays_at_the_desk_may_accept_the_terms_there(self):
        for accepted in (False, True):
            name = f"Lou {'One' if accepted else 'Two'}"
            deposit = self.request(partner=self.create_patient(name), accepted=False)
            form = self.open_act(deposit, "receive", self.desk)
            form.has_accepted = accepted
            form.save().action_do()
            self.assertEqual(deposit.state, "paid")
            self.assertEqual(deposit.acceptance_id.version, accepted)
            self.assertEqual(deposit._preview_cancel(MONDAY_NINE).kept, 15 * accepted)

    def test_online_payment_after_the_desks_is_put_on_the_list(self):
        deposit = self.request()
        begun = self.begin(deposit)
        self.do(deposit, "receive", self.desk)
        begun._set_done()
        begun._post_process()
        self.assertEqual(self.get_filed(begun).mapped("kind"), ["double"])
        self.assertEqual((deposit.state, deposit.open), ("paid", 60.0))

    def test_cash_is_given_back_by_hand_by_managers_only(self):
        deposit = self.request()
        self.do(deposit, "receive", self.desk)
        self.booking._cancel("clinic")
        self.assertEqual(deposit.state, "paid")
        self.assertIn("given back", deposit.activity_ids.summary)
        with self.assertRaises(AccessError):
            self.do(deposit, "give_back", self.officer)
        with self.assertRaisesRegex(UserError, "30.00"):
            self.do(deposit, "give_back", self.manager, 31.0)
        self.do(deposit, "give_back", self.manager, 10.0)
        self.assertEqual((deposit.refunded, deposit.open), (10.0, 20.0))
        self.do(deposit, "give_back", self.manager)
        self.assertEqual(deposit.state, "refunded")
        self.assertFalse(deposit.activity_ids)

    def test_what_a_provider_refused_is_given_back_by_hand_once(self):
        deposit = self.request()
        paid = self.pay_deposit(deposit)
        deposit._refund(20.0)
        filed = self.get_filed(paid)
        self.do(deposit, "give_back", self.manager, 5.0)
        self.assertRecordValues(filed, [{"amount": 15.0, "state": "open"}])
        self.do(deposit, "give_back", self.manager, 15.0)
        self.assertEqual((filed.state, deposit.open), ("done", 10.0))
        with self.assertRaisesRegex(UserError, "0.00"):
            self.do(deposit, "give_back", self.manager, 10.0)

    def test_what_is_being_paid_online_is_not_taken_at_the_desk(self):
        deposit = self.request()
        self.begin(deposit)._set_pending()
        with self.assertRaisesRegex(UserError, "being paid"):
            self.do(deposit, "receive", self.desk)

    def test_each_role_has_its_own_acts(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        for act, users in {
            "refund": (self.desk, self.officer),
            "keep": (self.desk,),
            "capture": (self.desk,),
        }.items():
            for user in users:
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.do(deposit, act, user, 1.0)
        for name in ("waive", "release", "capture", "keep", "refund"):
            with self.assertRaises(AccessError):
                getattr(deposit.with_user(self.desk), f"action_{name}")()
        stranger = self.create_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            deposit.with_user(stranger).action_send_link()
        with self.assertRaises(AccessError):
            deposit.with_user(self.manager).write({"amount": 1.0})

    def test_other_clinics_deposits_are_not_seen(self):
        deposit = self.request()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.create_user("far", "clinic_dunning.group_clinic_manager")
        foreign.write({"company_id": other.id, "company_ids": [(6, 0, other.ids)]})
        self.pay_deposit(deposit)
        context = {"allowed_company_ids": other.ids}
        for model in ("clinic.deposit", "clinic.deposit.line", "clinic.deposit.cash"):
            records = self.env[model].with_user(foreign).with_context(**context)
            self.assertTrue(self.env[model].search([]), model)
            self.assertFalse(records.search([]), model)
        with self.assertRaises(AccessError):
            deposit.with_user(foreign).with_context(**context).action_send_link()

    def test_link_is_sent_again_but_not_twice_at_once(self):
        deposit = self.request()
        deposit._tell_requested()
        mine = deposit.with_user(self.desk)
        for _click in range(2):
            mine.action_send_link()
        messages = self.env["clinic.message"].search(
            [("res_model", "=", deposit._name), ("res_id", "=", deposit.id)]
        )
        self.assertEqual(len(messages), 2)

    def test_more_than_the_accepted_terms_say_is_not_kept(self):
        self.policy.write({"late_cancel_share": 20.0, "no_show_share": 40.0})
        deposit = self.request()
        self.pay_deposit(deposit)
        self.booking._by_us().clinic_attendance = "no_show"
        with self.assertRaisesRegex(UserError, "12.00"):
            self.do(deposit, "keep", self.officer, 12.5)
        self.do(deposit, "keep", self.officer)
        self.assertEqual((deposit.kept, deposit.open), (12.0, 18.0))

    def test_deposit_that_comes_after_the_bill_pays_it(self):
        deposit = self.request()
        self.booking.clinic_held_until = False
        self.booking.clinic_invoice_id = self.bill(50.0)
        self.pay_deposit(deposit)
        self.assertEqual(deposit.state, "applied")
        self.assertEqual(self.booking.clinic_invoice_id.amount_residual, 20.0)

    def test_smart_buttons_lead_to_the_deposit(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        bill = self.bill(50.0)
        deposit._apply_to(bill)
        patient = self.patient.with_user(self.desk)
        self.assertEqual(patient.clinic_deposit_count, 1)
        self.assertEqual(bill.clinic_deposit_count, 1)
        for record in (patient, bill, self.booking.with_user(self.desk)):
            action = record.action_open_clinic_deposits()
            self.assertEqual(action["res_id"], deposit.id)

    def test_chatter_tells_what_became_of_it(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        bodies = " ".join(deposit.message_ids.mapped("body"))
        self.assertIn("Asked for → Being paid", bodies)
        self.assertIn("Paid", bodies)

    def test_day_of_money_agrees_with_the_books_or_says_what_does_not(self):
        self.pay_deposit(self.request())
        self.do(
            self.request(partner=self.create_patient("Ann Cash")), "receive", self.desk
        )
        self.env.flush_all()
        days = self.env["clinic.deposit.cash"].with_user(self.officer).search([])
        self.assertRecordValues(
            days.sorted("journal_id"),
            [
                {"received": 30.0, "booked": 30.0, "problems": 0, "is_matched": True},
                {"received": 30.0, "booked": 30.0, "problems": 0, "is_matched": True},
            ],
        )
        self.assertEqual(days.journal_id, self.cash)
        double = self.request(start=MONDAY_NINE + timedelta(hours=2))
        self.pay_deposit(double)
        self.pay_deposit(double)
        self.env.flush_all()
        days.invalidate_recordset()
        online = days.search([("provider_id", "!=", False)])
        self.assertRecordValues(
            online, [{"received": 90.0, "problems": 1, "is_matched": False}]
        )
        self.assertTrue(online.action_open_deposits())

    def test_day_of_money_tells_what_was_kept_by_fees(self):
        for name, take in (
            ("Ann", self.pay_deposit),
            ("Bea", lambda deposit: self.do(deposit, "receive", self.desk)),
        ):
            deposit = self.request(partner=self.create_patient(name))
            take(deposit)
            self.booking._by_us().clinic_attendance = "no_show"
            deposit._keep(12.0)
        self.env.flush_all()
        days = self.env["clinic.deposit.cash"].with_user(self.officer).search([])
        told = {"payments": 1, "received": 30.0, "kept": 12.0, "is_matched": True}
        self.assertRecordValues(days, [told, told])

    def test_amount_in_another_currency_than_the_price_is_refused(self):
        other = self.env.ref("base.USD")
        other.active = True
        with self.assertRaisesRegex(ValidationError, "priced in USD"):
            self.kind.clinic_currency_id = other
        self.policy.action_unpublish()
        self.kind.clinic_currency_id = other
        with self.assertRaisesRegex(ValidationError, "part of the price"):
            self.policy.action_publish()
        self.policy.kind = "percent"
        self.policy.action_publish()
        quote = self.policy._quote(self.kind, self.patient, MONDAY_NINE)
        self.assertEqual((quote.amount, quote.currency), (30.0, other))

    def test_follow_up_that_asks_for_prepayment_is_a_risk(self):
        self.policy.applies = "risk"
        self.assertFalse(self.policy._explain_risk(self.patient))
        policy = self.create_policy()
        policy.level_ids.requires_prepayment = True
        self.create_invoice()
        self.decide()
        reasons = self.policy._explain_risk(self.patient)
        self.assertIn("ask for payment beforehand", reasons[0])
        self.assertTrue(self.policy._quote(self.kind, self.patient, MONDAY_NINE))

    def test_removing_the_addon_says_what_is_still_open(self):
        deposit = self.request()
        self.pay_deposit(deposit)
        uninstall_hook(self.env)
        said = f"30.00 EUR: {deposit._get_reference()}"
        for record in (self.company.partner_id, deposit._get_payments().move_id):
            self.assertIn(said, " ".join(record.message_ids.mapped("body")))

    def test_who_pays_may_be_another_than_the_patient(self):
        guarantor = self.create_patient("Guy Rantor")
        self.patient.clinic_guarantor_id = guarantor
        deposit = self.request()
        self.assertEqual(deposit.partner_id, guarantor)
        self.pay_deposit(deposit)
        bill = self.bill(100.0)
        deposit._apply_to(bill)
        self.assertEqual(bill.amount_residual, 70.0)
        self.assertEqual((deposit.state, deposit.applied), ("applied", 30.0))

    def test_refund_before_the_visit_does_not_say_it_was_cancelled(self):
        deposit = self.request()
        transaction = self.pay_deposit(deposit)
        self.provider.support_refund = "partial"
        refund = transaction._create_child_transaction(5.0, is_refund=True)
        refund._set_done()
        refund._post_process()
        messages = self.env["clinic.message"].search([("res_id", "=", deposit.id)])
        self.assertIn("deposit_refunded", messages.topic_id.mapped("code"))
        self.assertNotIn("cancel_refund", messages.topic_id.mapped("code"))
