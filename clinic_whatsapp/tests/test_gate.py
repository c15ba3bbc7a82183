import threading
from concurrent.futures import ThreadPoolExecutor

from odoo.tests import BaseCase, tagged

from ..tools.gate import BREAK_AFTER, MOST_UNPROVEN, Gate, now


@tagged("post_install", "-at_install")
class TestGate(BaseCase):
    """How fast, and whether at all."""

    def enter(self, gate, seconds=5.0):
        return gate.enter(now() + seconds)

    def prove(self, gate):
        self.assertTrue(self.enter(gate))
        gate.note()

    def test_rate_is_kept(self):
        gate = Gate(20)
        self.prove(gate)
        began = now()
        for _time in range(29):
            self.prove(gate)
        self.assertGreaterEqual(now() - began, 0.4)

    def test_turn_that_would_come_too_late_is_not_taken(self):
        gate = Gate(1)
        self.prove(gate)
        self.assertFalse(self.enter(gate, 0.2))
        self.assertFalse(self.enter(gate, -1))

    def test_breaker_opens_when_calls_fail_one_after_the_other(self):
        gate = Gate(80)
        for _time in range(BREAK_AFTER):
            self.assertTrue(self.enter(gate))
            gate.note(trouble=True)
        self.assertFalse(gate.is_open())
        self.assertFalse(self.enter(gate))
        gate.reset()
        self.assertTrue(self.enter(gate))

    def test_one_success_among_failures_keeps_it_closed(self):
        gate = Gate(80)
        for _time in range(3 * BREAK_AFTER):
            self.assertTrue(self.enter(gate))
            gate.note(trouble=_time % 3 != 0)
        self.assertTrue(gate.is_open())

    def test_many_threads_make_few_calls_before_the_first_answer(self):
        gate, calls = Gate(80), []
        may_fail = threading.Event()

        def call():
            if not self.enter(gate, 2.0):
                return
            calls.append(1)
            may_fail.wait(1)
            gate.note(trouble=True)

        with ThreadPoolExecutor(16) as pool:
            for _time in range(32):
                pool.submit(call)
            while len(calls) < MOST_UNPROVEN:
                threading.Event().wait(0.01)
            may_fail.set()
        self.assertLessEqual(len(calls), 10)
        self.assertFalse(gate.is_open())

    def test_pause_that_the_provider_asked_for_is_kept(self):
        gate = Gate(80)
        self.assertTrue(self.enter(gate))
        gate.note(pause=0.3)
        self.assertFalse(self.enter(gate, 0.1))
        began = now()
        self.assertTrue(self.enter(gate))
        self.assertGreaterEqual(now() - began, 0.1)
