from unittest.mock import patch

from whatsapp import MOBILE, WhatsappCase, create_account

from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import create_clinic, level
from odoo.addons.clinic_whatsapp.models import account_limits
from odoo.addons.clinic_whatsapp.tools.gate import BREAK_AFTER, now


@tagged("post_install", "-at_install")
class TestWhatsappLimits(WhatsappCase):
    """Rate, budget and breaker: what has to wait is sent later, nothing is lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls.create_policy(level("First", 7))
        policy.level_ids.route_id = cls.create_route("sms", "email")

    def bill(self, count):
        """Bill so many people and compose their messages."""
        for place in range(count):
            person = self.create_patient(f"Ben N{place}", phone=f"+336123400{place:02}")
            self.create_invoice(person)
        return self.remind()

    def count(self, messages):
        """Return how many messages are in each state."""
        messages.invalidate_recordset()
        return {
            state: len(group)
            for state, group in sorted(messages.grouped("state").items())
        }

    # -- the daily budget ------------------------------------------------------

    def test_what_is_over_the_day_s_number_goes_the_next_day(self):
        self.account.daily_messages = 3
        messages = self.bill(5)
        self.drain(times=2)
        self.assertEqual(self.count(messages), {"in_progress": 3, "queued": 2})
        waiting = messages.filtered(lambda m: m.state == "queued")
        self.assertEqual(str(waiting[0].not_before), "2026-03-10 23:00:00")
        self.assertIn("budget", waiting[0].reason)
        self.go_to("2026-03-11 10:00:00")
        self.drain()
        self.assertEqual(self.count(messages), {"in_progress": 5})
        self.assertEqual(len(self.twilio.messages), 5)

    def test_budget_in_money_holds_what_it_does_not_cover(self):
        self.account.daily_amount = 0.1
        messages = self.bill(4)
        self.drain(times=2)
        self.assertEqual(self.count(messages), {"in_progress": 2, "queued": 2})
        spent = sum(0.05 * message.segments for message in self.twilio.messages)
        self.assertAlmostEqual(self.account.spent_today, spent)
        self.assertEqual(self.account.sent_today, 2)

    # -- the breaker -----------------------------------------------------------

    def test_wrong_key_stops_the_account_within_ten_calls(self):
        self.emulated.api_secret = "changed"
        calls = self.count_calls()
        messages = self.bill(16)
        self.drain(times=3)
        self.assertLessEqual(len(calls), 10)
        self.assertEqual(self.account.breaker_state, "open")
        self.assertIn("20003", self.account.breaker_reason)
        self.assertEqual(self.count(messages), {"queued": 16})
        self.assertEqual(set(messages.mapped("tries")), {0})

    def count_calls(self):
        """Return the list that grows with each call to the provider."""
        calls = []
        original = type(self.twilio).authenticate

        def authenticate(emulator, *args):
            calls.append(args)
            return original(emulator, *args)

        patcher = patch.object(type(self.twilio), "authenticate", authenticate)
        patcher.start()
        self.addCleanup(patcher.stop)
        return calls

    def test_account_tries_with_one_message_and_then_goes_on(self):
        secret, self.emulated.api_secret = self.emulated.api_secret, "changed"
        messages = self.bill(12)
        self.drain()
        self.emulated.api_secret = secret
        calls = self.count_calls()
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(len(calls), 1)
        self.assertEqual(self.account.breaker_state, "closed")
        self.go_to("2026-03-10 10:12:00")
        self.drain()
        self.assertEqual(self.count(messages), {"in_progress": 12})
        self.assertEqual(len(self.twilio.messages), 12)

    def test_trial_that_fails_doubles_the_pause(self):
        self.emulated.api_secret = "changed"
        self.bill(12)
        self.drain()
        self.assertEqual(str(self.account.breaker_until), "2026-03-10 10:01:00")
        calls = self.count_calls()
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(len(calls), 1)
        self.assertEqual(str(self.account.breaker_until), "2026-03-10 10:08:00")

    def test_trial_that_made_no_call_is_followed_by_another(self):
        messages = self.bill(2)
        self.account._open_breaker("It was wrong.")
        self.go_to("2026-03-10 10:05:00")
        # The first one tries, the second one waits; the sender dies before the call.
        self.assertEqual([self.prepare(1), self.prepare(1)], [1, 0])
        self.go_to("2026-03-10 10:20:00")
        self.drain()
        self.assertEqual(self.account.breaker_state, "closed")
        self.assertEqual(self.count(messages), {"in_progress": 2})
        self.assertEqual(len(self.twilio.messages), 1)

    def prepare(self, limit):
        """Claim so many messages; return how many of them may go out."""
        outbox = self.env["clinic.message"]
        outbox._sweep()
        self.env.flush_all()
        return len(outbox._prepare_claimed(outbox._claim(limit)))

    def test_what_another_process_finds_lets_this_one_send_again(self):
        secret, self.emulated.api_secret = self.emulated.api_secret, "changed"
        messages = self.bill(8)
        self.drain(times=2)
        self.assertFalse(self.account._get_gate().is_open())
        self.emulated.api_secret = secret
        with patch.dict(account_limits._gates, clear=True):  # as in another process
            self.account.action_test()
            self.assertEqual(self.account.breaker_state, "closed")
        self.go_to("2026-03-10 10:20:00")
        self.drain()
        self.assertEqual(self.count(messages), {"in_progress": 8})

    def test_broken_gate_that_nobody_has_noted_is_found(self):
        message = self.bill(1)
        gate = self.account._get_gate()
        for _time in range(BREAK_AFTER):
            self.assertTrue(gate.enter(now() + 5))
            gate.note(trouble=True)
        self.drain()
        self.assertEqual(self.account.breaker_state, "open")
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(self.count(message), {"in_progress": 1})

    def test_new_key_gives_a_new_chance_at_once(self):
        self.emulated.api_secret = "changed"
        self.bill(10)
        self.drain()
        self.account.api_key_secret = "changed"
        self.assertEqual(self.account.breaker_state, "closed")

    def test_storm_of_refusals_for_speed_pauses_and_loses_nothing(self):
        self.twilio.storm()
        messages = self.bill(20)
        self.drain(times=2)
        self.assertEqual(self.count(messages), {"queued": 20})
        self.assertEqual(self.account.breaker_state, "closed")
        self.twilio.heal()
        self.twilio.follows = False
        self.account._get_gate().reset()
        self.go_to("2026-03-10 10:06:00")
        self.drain()
        self.assertEqual(self.count(messages), {"in_progress": 20})
        self.assertEqual(len(self.twilio.messages), 20)

    def test_senders_at_the_same_time_share_the_rate(self):
        self.account.rate = 20
        self.bill(1)
        self.drain()
        self.assertEqual(self.account._get_gate().rate, 20)
        self.env.ref("clinic_dunning.ir_cron_send_2").active = True
        self.bill(1)
        self.drain()
        self.assertEqual(self.account._get_gate().rate, 10)

    # -- several accounts ------------------------------------------------------

    def test_each_company_sends_through_its_own_account(self):
        other = create_clinic(self.env, "Clinic Roy")
        theirs, emulated = create_account(self.env, other, self.twilio)
        self.create_policy(
            level("First", 7), company=other
        ).level_ids.route_id = self.create_route("sms")
        self.patient.phone = MOBILE
        self.create_invoice()
        self.create_invoice(company=other)
        self.decide()
        self.decide(other)
        messages = self.compose()
        self.drain()
        accounts = {message.account_sid for message in self.twilio.messages}
        self.assertEqual(accounts, {self.emulated.sid, emulated.sid})
        for message in messages:
            account = theirs if message.company_id == other else self.account
            self.assertEqual(message.attempt_ids.twilio_account_id, account)

    def test_branch_uses_its_parent_s_account(self):
        branch = create_clinic(self.env, "Branch", parent_id=self.company.id)
        accounts = self.env["clinic.twilio.account"]
        self.assertEqual(accounts._get_for(branch, "sms"), self.account)
        own, _emulated = create_account(self.env, branch, self.twilio)
        self.assertEqual(accounts._get_for(branch, "sms"), own)
        own.sms_sender = False
        self.assertEqual(accounts._get_for(branch, "sms"), self.account)
        own.active = False
        self.assertEqual(accounts._get_for(branch, "whatsapp"), self.account)

    # -- the Test button -------------------------------------------------------

    def assertSays(self, text, **changes):
        with patch.dict("os.environ"):
            self.account.write(changes)
            problems = " ".join(self.account._find_problems())
        self.assertIn(text, problems) if text else self.assertEqual(problems, "")

    def test_button_finds_nothing_wrong(self):
        self.assertSays("")
        shown = self.account.action_test()["params"]
        self.assertEqual(shown["type"], "success")

    def test_button_names_the_wrong_auth_token(self):
        self.assertSays("auth token does not belong", auth_token="f" * 32)

    def test_button_names_the_wrong_api_key(self):
        self.assertSays("API key or its secret is wrong", api_key_secret="f" * 32)

    def test_button_names_the_missing_keys(self):
        self.assertSays("auth token is missing", auth_token=False)
        self.assertSays("secret is missing", auth_token="x", api_key_secret=False)

    def test_button_names_the_wrong_sid(self):
        self.assertSays("check the account SID", account_sid="AC" + "0" * 32)

    def test_button_names_unknown_senders(self):
        self.assertSays(
            "+33700000009 is not registered for WhatsApp",
            whatsapp_sender="+33700000009",
        )
        self.assertSays(
            "+33700000008 is not a number of this account", sms_sender="+33700000008"
        )
        self.assertSays("no messaging service", messaging_service_sid="MG" + "0" * 32)

    def test_button_names_the_missing_public_address(self):
        self.assertSays("public base address is missing", public_base_url=False)
        self.assertSays("https://", public_base_url="http://clinic.example.com")

    def test_button_says_that_nobody_answers(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("clinic_whatsapp.api_base_url", "http://127.0.0.1:9")
        self.assertSays("could not be reached")

    def test_button_says_that_the_account_is_suspended(self):
        self.emulated.status = "suspended"
        self.assertSays("suspended")

    def test_button_opens_a_stopped_account_that_works_again(self):
        self.account._open_breaker("It was wrong.")
        self.account.action_test()
        self.assertEqual(self.account.breaker_state, "closed")

    # -- keys ------------------------------------------------------------------

    def test_environment_goes_before_the_database(self):
        sid = self.account.account_sid
        with patch.dict("os.environ", {"CLINIC_TWILIO_AUTH_TOKEN": "general"}):
            self.assertEqual(self.account._get_key("auth_token"), "general")
            with patch.dict(
                "os.environ", {f"CLINIC_TWILIO_AUTH_TOKEN_{sid}": "special"}
            ):
                self.assertEqual(self.account._get_key("auth_token"), "special")
        self.assertEqual(self.account._get_key("auth_token"), self.emulated.auth_token)

    def test_blank_keys_send_nothing_with_somebody_else_s(self):
        self.account.write(
            {"auth_token": False, "api_key_sid": False, "api_key_secret": False}
        )
        message = self.bill(1)
        strangers = {"TWILIO_ACCOUNT_SID": "ACx", "TWILIO_AUTH_TOKEN": "y"}
        with patch.dict("os.environ", strangers):
            self.drain()
        self.assertFalse(self.twilio.messages)
        self.assertEqual(self.count(message), {"queued": 1})
