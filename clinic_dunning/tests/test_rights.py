from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TODAY, DunningCase, days_ago, level

OURS = (
    "clinic.followup.policy",
    "clinic.followup.level",
    "clinic.followup.case",
    "clinic.followup.hold",
    "clinic.followup.entry",
    "clinic.message",
    "clinic.message.attempt",
    "clinic.message.template",
    "clinic.message.topic",
    "clinic.contact.route",
    "clinic.contact.address",
    "clinic.consent",
    "clinic.stop.event",
    "clinic.link",
    "clinic.access.log",
    "clinic.discretion.word",
)
BALANCES = ["clinic_balance", "clinic_overdue", "clinic_oldest_due_date"]


@tagged("post_install", "-at_install")
class TestRights(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.create_policy(level("First", 7), approved=False)
        cls.invoice = cls.create_invoice()
        cls.desk = cls.create_user("desk", "clinic_dunning.group_front_desk")
        cls.officer = cls.create_user("officer", "clinic_dunning.group_billing_officer")
        cls.employee = cls.create_user("employee", "base.group_user")
        cls.portal = cls.create_user("stranger", "base.group_portal")

    def assertDenied(self, user, call):
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            call(user)

    def test_strangers_and_employees_read_nothing_of_ours(self):
        self.remind()
        for user in (self.portal, self.employee):
            for model in OURS:
                self.assertDenied(
                    user, lambda u, model=model: self.env[model].with_user(u).search([])
                )

    def test_strangers_and_employees_read_no_balance(self):
        for user in (self.portal, self.employee):
            for name in BALANCES:
                self.assertDenied(
                    user, lambda u, name=name: self.patient.with_user(u).read([name])
                )
            self.assertDenied(
                user,
                lambda u: self.env["res.partner"]
                .with_user(u)
                .search([("clinic_balance", ">", 0)]),
            )

    def test_front_desk_reads_balances_and_cases(self):
        self.assertEqual(self.patient.with_user(self.desk).clinic_balance, 100.0)
        case = self.case_of().with_user(self.desk)
        self.assertEqual(case.amount_due, 100.0)
        self.assertTrue(case.reason_text)
        self.assertIn(
            self.patient,
            self.env["res.partner"]
            .with_user(self.desk)
            .search([("clinic_overdue", ">=", 100)]),
        )

    def test_front_desk_edits_no_policy_wording_or_right(self):
        for model in ("clinic.followup.policy", "clinic.message.template"):
            record = self.env[model].search([], limit=1).with_user(self.desk)
            self.assertDenied(
                self.desk, lambda _u, r=record: r.write({"active": False})
            )
        self.assertDenied(
            self.desk, lambda u: self.policy.level_ids.with_user(u).write({"delay": 1})
        )

    def test_front_desk_approves_and_cancels_nothing(self):
        message = self.remind()
        for action in ("action_approve", "action_cancel"):
            self.assertDenied(
                self.desk, lambda u, name=action: getattr(message.with_user(u), name)()
            )

    def test_front_desk_pauses_and_goes_on_at_once(self):
        case = self.case_of().with_user(self.desk)
        case.action_says_paid()
        self.assertEqual(case.state, "paused")
        case.action_resume()
        case.invalidate_recordset()
        self.assertEqual(case.state, "active")

    def test_officer_approves_and_cancels(self):
        message = self.remind()
        message.with_user(self.officer).action_approve()
        self.assertEqual(message.approval, "approved")
        message.with_user(self.officer).action_cancel()
        self.assertEqual(message.state, "canceled")

    def test_officer_sends_now_what_is_due(self):
        self.case_of().with_user(self.officer).action_send_now()
        message = self.env["clinic.message"].search(
            [("partner_id", "=", self.patient.id)]
        )
        self.assertEqual(message.approval, "approved")
        self.assertEqual(len(self.drain()), 1)

    def test_officer_skips_a_level(self):
        self.case_of().with_user(self.officer).action_skip_level()
        self.assertDecides()
        self.assertEqual(self.drain(), [])

    def test_nobody_reads_the_secret_of_a_link(self):
        link, _url = self.env["clinic.link"]._issue(self.patient, self.company)
        manager = self.create_user("boss", "clinic_dunning.group_clinic_manager")
        self.assertDenied(manager, lambda u: link.with_user(u).read(["token_hash"]))

    def test_strangers_and_front_desk_end_no_dispute(self):
        self.invoice.clinic_dispute_since = TODAY
        for user in (self.portal, self.employee, self.desk):
            self.assertDenied(
                user, lambda u: self.invoice.with_user(u).action_end_dispute()
            )
        self.officer.group_ids += self.env.ref("account.group_account_invoice")
        self.invoice.with_user(self.officer).action_end_dispute()
        self.assertFalse(self.invoice.clinic_dispute_since)

    def test_strangers_and_employees_revoke_no_link(self):
        link, _url = self.env["clinic.link"]._issue(self.patient, self.company)
        for user in (self.portal, self.employee):
            self.assertDenied(user, lambda u: link.with_user(u).action_revoke())
        self.assertFalse(link.revoked_at)
        link.with_user(self.desk).action_revoke()
        self.assertTrue(link.revoked_at)

    def test_front_desk_switches_no_follow_up_off_or_on(self):
        case = self.case_of()
        for action in ("action_stop_all", "action_switch_on"):
            self.assertDenied(
                self.desk, lambda u, name=action: getattr(case.with_user(u), name)()
            )

    def test_nobody_rewrites_whose_case_it_is(self):
        case = self.case_of()
        for vals in (
            {"partner_id": self.company.partner_id.id},
            {"last_reminder_on": "2099-01-01"},
        ):
            self.assertDenied(
                self.officer, lambda u, vals=vals: case.with_user(u).write(vals)
            )

    def test_pauses_and_consents_bear_the_name_of_who_noted_them(self):
        hold = self.env["clinic.followup.hold"].with_user(self.desk)
        hold = hold.create(
            {
                "case_id": self.case_of().id,
                "reason": "promise",
                "end_date": days_ago(-5),
                "user_id": self.officer.id,
            }
        )
        self.assertEqual(hold.user_id, self.desk)
        self.assertDenied(self.desk, lambda u: hold.write({"user_id": u.id}))
        proof = self.env["clinic.consent"].with_user(self.desk)
        proof = proof.create(
            {
                "partner_id": self.patient.id,
                "granted": True,
                "user_id": self.officer.id,
            }
        )
        self.assertEqual(proof.user_id, self.desk)

    def test_officer_writes_no_outcome(self):
        message = self.remind()
        message.with_user(self.officer).action_approve()
        self.drain()
        for vals in ({"amount": 1}, {"partner_id": self.company.partner_id.id}):
            self.assertDenied(
                self.officer, lambda u, vals=vals: message.with_user(u).write(vals)
            )
        for record in (message, message.attempt_ids):
            with self.assertRaises(UserError):
                record.state = "queued" if record == message else "failed"

    def test_how_somebody_is_followed_up_is_for_officers(self):
        contacts = self.env.ref("base.group_partner_manager")
        for user in (self.desk, self.employee, self.officer):
            user.group_ids += contacts
        for user in (self.employee, self.desk):
            self.assertDenied(
                user,
                lambda u: self.patient.with_user(u).write(
                    {"clinic_followup_mode": "none"}
                ),
            )
            self.env["res.partner"].with_user(user).create({"name": "New"})
        with Form(self.patient.with_user(self.desk)) as form:
            form.phone = "+33142685301"
        with Form(self.patient.with_user(self.officer)) as form:
            form.clinic_followup_mode = "manual"
        self.assertEqual(self.patient.clinic_followup_mode, "manual")
