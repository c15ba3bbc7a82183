import signal
import time
from collections import Counter

from sender import SenderCase

from odoo.tests import tagged

LEASE = 4  # seconds: what sleeps in a transaction keeps its rows to itself
SETTLED = {"delivered", "failed", "skipped", "canceled", "review"}


@tagged("post_install", "-at_install")
class TestOutboxCrash(SenderCase):
    """However a sender ends, nobody gets a message twice and none is lost."""

    def recover(self):
        """Other senders run until all is quiet."""
        for _time in range(3):
            self.let_time_pass()
            self.worker.run("send")

    def taken(self):
        """How many emails the server took for each address."""
        return Counter(got.recipients[0] for got in self.smtp.messages)

    def assertEnded(self, names):
        """Each message came to an end, and nobody got two emails."""
        states = self.get_states(names)
        self.assertLessEqual(set(states.values()), SETTLED)
        self.assertLessEqual(set(self.taken().values()), {1})
        for name, state in states.items():
            came = self.taken()[f"{name.lower()}@example.com"]
            if state != "review":
                self.assertEqual(came, int(state == "delivered"), name)
        self.assertFalse(
            self.sql("SELECT id FROM clinic_message_attempt WHERE state = 'leased'")
        )
        return Counter(states.values())

    # -- kill -9 between any two steps ---------------------------------------------

    def assertSurvives(self, point, in_doubt=0, nth=1):
        names = self.bill()
        code = self.worker.run("send", at=(point, "SIGKILL", nth))
        self.assertEqual(code, -signal.SIGKILL, f"the sender never passed “{point}”")
        self.recover()
        expected = Counter(delivered=3 - in_doubt, review=in_doubt)
        self.assertEqual(self.assertEnded(names), +expected)

    def test_killed_before_the_claim(self):
        self.assertSurvives("before claim")

    def test_killed_before_the_claim_is_committed(self):
        self.assertSurvives("after claim")

    def test_killed_after_the_claim(self):
        self.assertSurvives("before deliver")

    def test_killed_before_the_texts_are_committed(self):
        self.assertSurvives("after prepare")

    def test_killed_before_the_first_email(self):
        self.assertSurvives("before drive")

    def test_killed_just_before_an_email_leaves(self):
        self.assertSurvives("before hand over", in_doubt=1, nth=2)
        self.assertEqual(len(self.smtp.messages), 2)

    def test_killed_when_the_server_has_taken_an_email(self):
        self.assertSurvives("after server", in_doubt=1, nth=2)
        self.assertEqual(len(self.smtp.messages), 3)

    def test_killed_before_what_the_server_said_is_committed(self):
        self.assertSurvives("after hand over", in_doubt=1, nth=2)

    def test_killed_before_the_result(self):
        self.assertSurvives("before result", nth=2)

    def test_killed_before_the_result_is_committed(self):
        self.assertSurvives("after result", nth=2)

    def test_person_decides_about_what_is_in_doubt(self):
        names = self.bill(1)
        self.worker.run("send", at=("before hand over", "SIGKILL", 1))
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(review=1))
        self.worker.run("send_again")
        self.recover()
        self.assertEqual(self.assertEnded(names), Counter(delivered=1))

    # -- a sender that sleeps past its lease ---------------------------------------

    def assertOvertaken(self, point):
        names = self.bill()
        pid = self.sleep_at("send", point, lease=LEASE)
        time.sleep(LEASE)
        self.recover()
        self.wake(pid)
        self.recover()
        return self.assertEnded(names)

    def test_asleep_after_the_claim(self):
        self.assertEqual(self.assertOvertaken("before deliver"), Counter(delivered=3))

    def test_asleep_before_the_first_email(self):
        self.assertEqual(self.assertOvertaken("before drive"), Counter(delivered=3))

    def test_asleep_with_a_text_that_is_not_committed(self):
        self.assertEqual(self.assertOvertaken("after prepare"), Counter(delivered=3))

    def test_asleep_between_two_emails(self):
        self.assertEqual(self.assertOvertaken("after result"), Counter(delivered=3))

    def test_asleep_just_before_an_email_leaves(self):
        self.assertEqual(self.assertOvertaken("before hand over"), Counter(delivered=3))

    def test_asleep_when_the_server_has_taken_an_email(self):
        self.assertEqual(self.assertOvertaken("after server"), Counter(delivered=3))

    # -- the database's server restarts ----------------------------------------------

    def assertOutlives(self, point, in_doubt=0):
        """Every session ends while a sender is at that point."""
        names = self.bill()
        pid = self.sleep_at("send", point)
        self.cut_connections()
        with self.assertRaisesRegex(AssertionError, "terminating connection|closed"):
            self.wake(pid)
        self.recover()
        expected = Counter(delivered=3 - in_doubt, review=in_doubt)
        self.assertEqual(self.assertEnded(names), +expected)

    def test_database_restarts_before_the_claim_is_committed(self):
        self.assertOutlives("after claim")

    def test_database_restarts_when_the_server_has_taken_an_email(self):
        self.assertOutlives("after server", in_doubt=1)

    # -- several at once -----------------------------------------------------------

    def share(self, senders):
        self.smtp.slow_down(0.02)
        self.send_at_once(senders)
        self.recover()

    def test_two_senders_share_the_work(self):
        names = self.bill(30)
        self.share(2)
        self.assertEqual(self.assertEnded(names), Counter(delivered=30))

    def test_four_senders_share_the_work(self):
        names = self.bill(60)
        self.share(4)
        self.assertEqual(self.assertEnded(names), Counter(delivered=60))

    def test_two_people_with_one_address_do_not_stop_the_senders(self):
        names = self.bill(20, twins=True)
        self.share(3)
        self.assertEqual(set(self.get_states(names).values()), {"delivered"})
        self.assertEqual(set(self.taken().values()), {2})

    # -- a payment or a refusal at that very moment --------------------------------

    def test_payment_just_before_the_claim(self):
        self.assertEqual(self.meanwhile("before claim", "pay"), "skipped")

    def test_payment_while_the_claim_is_not_committed(self):
        self.assertEqual(self.meanwhile("after claim", "pay"), "skipped")

    def test_payment_just_after_the_claim(self):
        self.assertEqual(self.meanwhile("before deliver", "pay"), "skipped")

    def test_payment_when_the_email_is_written(self):
        self.assertEqual(self.meanwhile("before drive", "pay"), "skipped")

    def test_payment_when_the_email_leaves_comes_too_late(self):
        self.assertEqual(self.meanwhile("before server", "pay"), "delivered")

    def test_refusal_just_before_the_claim(self):
        self.assertEqual(self.meanwhile("before claim", "opt_out"), "failed")

    def test_refusal_while_the_claim_is_not_committed(self):
        self.assertEqual(self.meanwhile("after claim", "opt_out"), "failed")

    def test_refusal_just_after_the_claim(self):
        self.assertEqual(self.meanwhile("before deliver", "opt_out"), "failed")

    # -- a mail server that misbehaves ---------------------------------------------

    def send_badly(self):
        names = self.bill()
        self.worker.run("send")
        self.recover()
        return self.assertEnded(names)

    def test_mailbox_that_does_not_exist(self):
        self.smtp.reject()
        self.assertEqual(self.send_badly(), Counter(failed=3))

    def test_server_that_is_busy_for_a_while(self):
        self.smtp.defer(times=3)
        self.assertEqual(self.send_badly(), Counter(delivered=3))

    def test_server_that_hangs_up_before_it_takes_the_email(self):
        self.smtp.lose_message()
        self.assertEqual(self.send_badly(), Counter(delivered=2, review=1))
        self.assertEqual(len(self.smtp.messages), 2)

    def test_server_that_takes_the_email_and_hangs_up(self):
        self.smtp.lose_reply()
        self.assertEqual(self.send_badly(), Counter(delivered=2, review=1))
        self.assertEqual(len(self.smtp.messages), 3)

    def test_server_that_takes_the_email_and_does_not_answer(self):
        self.smtp.slow_down(4, step="sent", times=1)
        self.assertEqual(self.send_badly(), Counter(delivered=2, review=1))
        self.assertEqual(len(self.smtp.messages), 3)

    def test_server_that_can_not_be_reached(self):
        self.smtp.add_fault("connect", hang_up=True, times=2)
        self.assertEqual(self.send_badly(), Counter(delivered=3))
