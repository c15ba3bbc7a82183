"""Slots under concurrency: real processes on a committed database, then I6."""

import os
from collections import Counter
from unittest.mock import patch

import crowd
from bench.server import serving
from common import ProcessCase

from odoo.tests import tagged

PEOPLE = 50


@tagged("post_install", "-at_install")
class TestBookingRace(ProcessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker.run("open_booking")

    def setUp(self):
        super().setUp()
        self.clear()

    def clear(self):
        self.sql("DELETE FROM resource_booking")
        self.sql("DELETE FROM calendar_event")

    def get_states(self):
        return [row[0] for row in self.sql("SELECT state FROM resource_booking")]

    def test_fifty_posts_on_one_slot_have_one_winner(self):
        secrets = self.worker.get_said("wish", count=PEOPLE)
        config = {"CLINIC_CONFIG": os.environ["CLINIC_TEST_CONFIG"]}
        with patch.dict(os.environ, config), serving(self.database, 0) as server:
            answers = crowd.accept_at_once(server, secrets)
        statuses = Counter(answer.status for answer in answers)
        self.assertEqual(statuses, {303: 1, 422: PEOPLE - 1})
        for answer in answers:
            if answer.status == 422:
                self.assertRegex(answer.text, "not free any more|was just taken")
        self.assertEqual(self.get_states(), ["confirmed"])

    def test_the_second_waits_for_the_first_and_gets_an_answer(self):
        first = self.sleep_at("hold", "after lock slots", name="One")
        second = self.worker.start("hold", name="Two")
        self.wait_until_blocked()
        self.assertEqual(self.wake(first), 0)
        self.assertEqual(self.worker.wait(second), 0)
        self.assertEqual(self.get_states(), ["scheduled"])

    def test_types_that_share_a_room_wait_for_each_other(self):
        first = self.sleep_at("hold", "after lock slots", name="One")
        second = self.worker.start("hold", name="Two", kind="Nurse")
        self.wait_until_blocked()
        self.wake(first)
        self.worker.wait(second)
        self.assertEqual(self.get_states(), ["scheduled"])

    def test_staff_and_patient_don_t_take_the_same_time(self):
        patient = self.sleep_at("hold", "after lock slots", name="One")
        staff = self.worker.start("staff_event")
        self.wait_until_blocked()
        self.wake(patient)
        self.assertEqual(self.worker.wait(staff), 0)
        self.assertEqual(self.count_meetings(), 0)
        self.clear()
        staff = self.sleep_at("staff_event", "after lock slots")
        patient = self.worker.start("hold", name="Two")
        self.wait_until_blocked()
        self.wake(staff)
        self.worker.wait(patient)
        self.assertEqual(self.count_meetings(), 1)
        self.assertEqual(self.get_states(), [])

    def count_meetings(self):
        query = "SELECT COUNT(*) FROM calendar_event WHERE name = 'Meeting'"
        return self.sql(query)[0][0]

    def test_moving_and_booking_one_slot_has_one_winner(self):
        self.worker.run("hold", name="One", hours=1)
        mover = self.sleep_at("move", "after lock slots", hours=0)
        other = self.worker.start("hold", name="Two", hours=0)
        self.wait_until_blocked()
        self.wake(mover)
        self.worker.wait(other)
        starts = self.sql("SELECT DISTINCT start FROM resource_booking")
        self.assertEqual(len(starts), 1)
        self.assertEqual(len(self.get_states()), 1)

    def test_release_and_payment_at_once_lose_neither_slot_nor_money(self):
        self.worker.run("hold", name="One")
        self.sql("UPDATE resource_booking SET clinic_held_until = '2020-01-01'")
        release = self.sleep_at("release", "after give back")
        payment = self.worker.start("confirm")
        self.wait_until_blocked()
        self.assertEqual(self.wake(release), 0)
        self.assertEqual(self.worker.wait(payment), 0)
        self.assertEqual(self.get_states(), ["confirmed"])

    def test_killed_while_holding_leaves_the_slot_free(self):
        code = self.worker.run("hold", at=("after lock slots", "SIGKILL", 1), name="A")
        self.assertEqual(code, -9)
        self.worker.run("hold", name="Two")
        self.assertEqual(self.get_states(), ["scheduled"])
