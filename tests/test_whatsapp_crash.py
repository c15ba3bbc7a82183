import os
import random
import signal
import time
from collections import Counter

from whatsapp import WhatsappProcessCase

from odoo.tests import tagged

FRESH = 2  # seconds from the re-check within which a call begins

# Messages a second in all, where it is measured.
RATE = 10


@tagged("post_install", "-at_install")
class TestWhatsappCrash(WhatsappProcessCase):
    """However a sender ends, nobody gets a message twice and none is lost."""

    # -- kill -9 between any two steps ---------------------------------------------

    def assertSurvives(self, point, nth=1):
        names = self.bill()
        code = self.worker.run("send", at=(point, "SIGKILL", nth))
        self.assertEqual(code, -signal.SIGKILL, f"the sender never passed “{point}”")
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=3))

    def test_killed_before_the_claim(self):
        self.assertSurvives("before claim")

    def test_killed_before_the_lease_is_committed(self):
        self.assertSurvives("after claim")

    def test_killed_after_the_lease_is_committed(self):
        self.assertSurvives("before deliver")

    def test_killed_before_the_texts_are_committed(self):
        self.assertSurvives("after prepare")

    def test_killed_before_the_first_call(self):
        self.assertSurvives("before launch")

    def test_killed_just_before_a_call(self):
        self.assertSurvives("before call", nth=2)

    def test_killed_just_after_a_call(self):
        self.assertSurvives("after call", nth=2)

    def test_killed_before_the_answers_are_noted(self):
        self.assertSurvives("before answers")

    def test_killed_before_the_answers_are_committed(self):
        self.assertSurvives("after answers")

    def test_killed_again_and_again(self):
        names = self.bill(60)
        chance = random.Random(7)
        points = ("after claim", "after prepare", "before call", "after call")
        kills = 0
        for _time in range(10):
            at = (chance.choice(points), "SIGKILL", chance.randint(1, 2))
            self.let_time_pass()
            kills += self.worker.run("send", at=at) == -signal.SIGKILL
        self.recover(6)
        self.assertEqual(self.assertEnded(names), Counter(delivered=60))
        print(f"{len(self.twilio.outbound)} posted of 60 after {kills} times kill -9")
        self.assertGreaterEqual(kills, 3)

    # -- a sender that sleeps past its lease ---------------------------------------

    def assertOvertaken(self, point):
        names = self.bill()
        pid = self.sleep_at("send", point, fresh=FRESH)
        time.sleep(FRESH)
        self.recover()
        self.wake(pid)
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=3))

    def test_asleep_after_the_claim(self):
        self.assertOvertaken("before deliver")

    def test_asleep_before_the_first_call(self):
        self.assertOvertaken("before launch")

    def test_asleep_with_answers_that_are_not_noted(self):
        self.assertOvertaken("before answers")

    def test_asleep_with_a_text_that_is_not_committed(self):
        self.assertOvertaken("after prepare")

    def test_asleep_while_the_provider_answers(self):
        names = self.bill()
        self.twilio.slow_down(1)
        pid = self.worker.start("send", fresh=FRESH)
        self.addCleanup(self.end, pid)
        while len(self.twilio.outbound) < len(names):
            time.sleep(0.02)
        os.kill(pid, signal.SIGSTOP)
        self.assertEqual(self.worker.wait(pid), "stopped")
        self.twilio.heal()
        self.recover()
        self.wake(pid)
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=3))

    # -- a database that goes away -------------------------------------------------

    def assertSurvivesRestart(self, point):
        """All connections are cut, as when PostgreSQL restarts; the sender fails."""
        names = self.bill()
        pid = self.sleep_at("send", point)
        self.cut_connections()
        with self.assertRaises(AssertionError):
            self.wake(pid)
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=3))

    def test_database_restarts_before_the_texts_are_committed(self):
        self.assertSurvivesRestart("after prepare")

    def test_database_restarts_while_messages_are_on_their_way(self):
        self.assertSurvivesRestart("before answers")

    # -- several at once -----------------------------------------------------------

    def share(self, senders, count):
        names = self.bill(count)
        self.twilio.latency = 0.05
        self.send_at_once(senders)
        self.twilio.latency = 0
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=count))

    def test_two_senders_share_the_work_and_the_rate(self):
        self.switch_second_sender(on=True)
        self.addCleanup(self.switch_second_sender, on=False)
        self.worker.run("change_account", rate=RATE)
        self.addCleanup(self.worker.run, "change_account", rate=80)
        names = self.bill(80)
        self.send_at_once(2)
        moments = [message.created for message in self.twilio.outbound]
        seconds = (max(moments) - min(moments)).total_seconds()
        # At the start a full bucket leaves, and what its threads held back while they
        # loaded the SDK; then the rate. Senders on their own would send twice as fast.
        self.assertLessEqual(len(moments), RATE * seconds + 3.5 * RATE)
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=80))

    def switch_second_sender(self, on):
        self.sql(
            f"""UPDATE ir_cron SET active = {on} WHERE id = (
                    SELECT res_id FROM ir_model_data
                     WHERE module = 'clinic_dunning' AND name = 'ir_cron_send_2')"""
        )

    def test_four_senders_share_the_work(self):
        self.share(4, 60)

    # -- a payment or a refusal at that very moment --------------------------------

    def test_payment_just_after_the_claim(self):
        self.assertEqual(self.meanwhile("before deliver", "pay"), "skipped")

    def test_refusal_just_after_the_claim(self):
        self.assertEqual(self.meanwhile("before deliver", "opt_out"), "failed")

    # -- a provider that misbehaves ------------------------------------------------

    def send_badly(self, count=3):
        names = self.bill(count)
        self.worker.run("send")
        self.twilio.heal()
        self.recover()
        return self.assertEnded(names)

    def test_answer_that_comes_too_late(self):
        self.twilio.slow_down(4, times=1)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_connection_that_breaks_after_the_message_was_taken(self):
        self.twilio.lose_answer(times=2)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_connection_that_breaks_before_the_message_was_taken(self):
        self.twilio.lose_message(times=2)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_error_of_a_message_that_was_taken(self):
        self.twilio.fail_but_send(times=2)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_page_of_html(self):
        self.twilio.fail_but_send(times=2, html=True)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_storm_of_refusals(self):
        self.twilio.storm()
        self.assertEqual(self.send_badly(12), Counter(delivered=12))

    def test_wrong_keys(self):
        token, self.emulated.auth_token = self.emulated.auth_token, "changed"
        names = self.bill(12)
        self.worker.run("send")
        [(state,)] = self.sql("SELECT breaker_state FROM clinic_twilio_account")
        self.assertEqual((state, self.taken()), ("open", {}))
        self.emulated.auth_token = token
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=12))
