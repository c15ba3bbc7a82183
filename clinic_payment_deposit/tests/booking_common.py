"""A clinic with two practitioners and a room, and what can be booked there."""

from datetime import datetime

from odoo import Command

from odoo.addons.clinic_dunning.tests.common import DunningCase

# The clock stands on Tuesday 10 March 2026, 11:00 in Paris.
MONDAY_NINE = datetime(2026, 3, 16, 8, 0)  # 09:00 in Paris


class BookingCase(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Booking = cls.env["resource.booking"]
        cls.calendar = cls.create_calendar()
        cls.doctor, cls.doctor_combination = cls.create_practitioner("lea")
        cls.second, cls.second_combination = cls.create_practitioner("tom")
        cls.kind = cls.create_type(cls.doctor_combination | cls.second_combination)

    @classmethod
    def create_calendar(cls, tz="Europe/Paris", begin=9, end=17, days=5, name="Week"):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": tz,
                "company_id": cls.company.id,
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": "Open",
                            "dayofweek": str(day),
                            "hour_from": begin,
                            "hour_to": end,
                            "day_period": "morning",
                        }
                    )
                    for day in range(days)
                ],
            }
        )

    @classmethod
    def create_practitioner(cls, login):
        """Return (user, combination) of somebody who works in the usual hours."""
        user = cls.create_user(login, "base.group_user")
        resource = cls.create_resource(login.title(), user=user)
        return user, cls.combine(resource)

    @classmethod
    def create_resource(cls, name, user=None):
        return cls.env["resource.resource"].create(
            {
                "name": name,
                "calendar_id": cls.calendar.id,
                "company_id": cls.company.id,
                "resource_type": "user" if user else "material",
                "user_id": user and user.id,
                "tz": "Europe/Paris",
            }
        )

    @classmethod
    def combine(cls, *resources):
        ids = [resource.id for resource in resources]
        return cls.env["resource.booking.combination"].create(
            {"resource_ids": [Command.set(ids)]}
        )

    @classmethod
    def create_type(cls, combinations, **vals):
        return cls.env["resource.booking.type"].create(
            {
                "name": "Knee check",
                "company_id": cls.company.id,
                "resource_calendar_id": cls.calendar.id,
                "combination_assignment": "sorted",
                "combination_rel_ids": [
                    Command.create(
                        {"combination_id": combination.id, "sequence": place}
                    )
                    for place, combination in enumerate(combinations)
                ],
                **vals,
            }
        )

    def hold(self, start=MONDAY_NINE, partner=None, minutes=15, kind=None, **vals):
        return self.Booking._hold_slot(
            kind or self.kind, start, partner or self.patient, minutes=minutes, **vals
        )

    def confirm(self, **vals):
        """Return a confirmed appointment."""
        return self.hold(**{"minutes": None, **vals})

    def release(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["resource.booking"]._cron_release()
        self.env.invalidate_all()
