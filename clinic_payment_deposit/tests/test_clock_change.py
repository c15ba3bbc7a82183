from datetime import datetime, timedelta

import pytz

from odoo import Command
from odoo.tests import tagged

from ..models.booking.slot_lock import SlotRefused
from .deposit_common import DepositCase

PARIS = pytz.timezone("Europe/Paris")
SPRING = datetime(2026, 3, 29)  # at two in the morning it is three
AUTUMN = datetime(2026, 10, 25)  # at three in the morning it is two once more


@tagged("post_install", "-at_install")
class TestClockChange(DepositCase):
    """A clinic that is open when the clocks change, at night too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar.attendance_ids = [Command.clear()] + [
            Command.create(
                {
                    "name": "Open",
                    "dayofweek": str(day),
                    "hour_from": 0,
                    "hour_to": 24,
                    "day_period": "morning",
                }
            )
            for day in range(7)
        ]
        cls.kind.write({"clinic_horizon": 300, "modifications_deadline": 24})

    def get_starts(self, day, hours=6):
        """Return the local (time, zone) of the slots from midnight of that day on."""
        begin = PARIS.localize(day).astimezone(pytz.utc).replace(tzinfo=None)
        slots = self.kind._get_offered(begin, begin + timedelta(hours=hours))
        starts = [pytz.utc.localize(slot.start).astimezone(PARIS) for slot in slots]
        return [start.strftime("%H:%M %Z") for start in starts]

    def test_the_hour_that_is_missing_is_not_offered(self):
        self.assertEqual(
            self.get_starts(SPRING, 3),
            [
                "00:00 CET",
                "00:30 CET",
                "01:00 CET",
                "01:30 CET",
                "03:00 CEST",
                "03:30 CEST",
            ],
        )

    def test_the_hour_that_comes_twice_is_offered_twice_each_with_its_zone(self):
        self.assertEqual(
            self.get_starts(AUTUMN, 4)[4:],
            ["02:00 CEST", "02:30 CEST", "02:00 CET", "02:30 CET"],
        )
        first, second = (
            self.confirm(start=datetime(2026, 10, 25, hour), partner=self.patient)
            for hour in (0, 1)
        )
        self.assertEqual(second.start - first.stop, timedelta(minutes=30))
        self.assertEqual(
            [booking._get_appointment_text("en_US") for booking in first + second],
            ["Sun 25 Oct 02:00 (CEST)", "Sun 25 Oct 02:00 (CET)"],
        )

    def test_visits_of_the_day_after_stand_at_the_same_hour_of_the_clock(self):
        for day in (SPRING, AUTUMN):
            times = self.get_starts(day + timedelta(days=1), 24)
            self.assertEqual(len(times), 48)
            self.assertEqual(times[18][:5], "09:00")
        self.assertEqual(len(self.get_starts(SPRING, 23)), 46)
        self.assertEqual(len(self.get_starts(AUTUMN, 25)), 50)

    def test_deadlines_count_hours_that_pass_not_those_of_the_clock(self):
        # Sunday noon in summer time; 24 hours before, the clock showed eleven.
        noon = datetime(2026, 3, 29, 10, 0)
        deposit = self.request(noon)
        self.assertEqual(deposit.free_until, noon - timedelta(hours=24))
        booking = self.confirm(start=noon, combination=self.second_combination)
        self.go_to("2026-03-28 09:59:00")
        booking._check_may_change()
        self.assertEqual(deposit._preview_cancel().kept, 0)
        self.go_to("2026-03-28 10:01:00")
        with self.assertRaises(SlotRefused):
            booking._check_may_change()

    def test_reminders_leave_once_around_the_change(self):
        self.company.clinic_reminder_hours = 24
        noon = datetime(2026, 3, 29, 10, 0)
        booking = self.Booking._hold_slot(self.no_deposit(), noon, self.patient)
        self.env.cr.execute(
            "UPDATE resource_booking SET create_date = '2026-03-01' WHERE id = %s",
            [booking.id],
        )
        counts = []
        for moment in ("2026-03-28 09:30", "2026-03-28 10:30", "2026-03-29 02:30"):
            self.go_to(f"{moment}:00")
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                self.env(cr=cr)["resource.booking"]._cron_remind()
            self.env.invalidate_all()
            counts.append(
                self.env["clinic.message"].search_count(
                    [
                        ("topic_id.code", "=", "appointment_reminder"),
                        ("res_id", "=", booking.id),
                    ]
                )
            )
        self.assertEqual(counts, [0, 1, 1])

    def no_deposit(self):
        """Return a kind of visit for which nothing is asked."""
        return self.create_type(self.doctor_combination, clinic_horizon=300)
