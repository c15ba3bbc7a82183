from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class SlotTaken(UserError):
    """Somebody else has the slot; the sentence may be shown to anybody."""


class SlotRefused(UserError):
    """What is asked is not offered, or not any more; the sentence may be shown."""


class ResourceResource(models.Model):
    """Practitioners and rooms: whoever books one of them locks it first."""

    _inherit = "resource.resource"

    def _lock_slots(self):
        """Let one transaction at a time book these resources.

        The update is a real one: whoever waited for it works on an old snapshot, and
        PostgreSQL makes him fail instead of letting him book what he can't see. Odoo
        then replays his request. A lock alone would let him go on.
        """
        if not self:
            return
        ids = tuple(self.ids)
        self.env.cr.execute(
            SQL(
                """SELECT id FROM resource_resource WHERE id IN %s
                    ORDER BY id FOR NO KEY UPDATE""",
                ids,
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE resource_resource SET write_date = write_date WHERE id IN %s",
                ids,
            )
        )

    def _get_busy(self, start, stop, but=None):
        """Return {resource id: [(start, stop)]} of what these resources do already.

        Held and confirmed appointments of any type, and, for a person, the events that
        he takes part in and has not declined.

        :param datetime start: naive UTC
        :param datetime stop: naive UTC
        :param but: bookings that don't count
        """
        busy = {resource_id: [] for resource_id in self.ids}
        if not busy:
            return busy
        self.env.flush_all()
        self.env.cr.execute(
            self._get_busy_sql(), self._prepare_busy_values(start, stop, but)
        )
        for resource_id, begin, end in self.env.cr.fetchall():
            busy[resource_id].append((begin, end))
        return busy

    def _prepare_busy_values(self, start, stop, but):
        return {
            "ids": tuple(self.ids),
            "start": start,
            "stop": stop,
            "but": tuple(but.ids if but else ()) or (0,),
        }

    def _get_busy_sql(self):
        return """
            SELECT rel.resource_resource_id, booking.start, booking.stop
              FROM resource_booking booking
              JOIN resource_booking_combination_resource_resource_rel rel
                ON rel.resource_booking_combination_id = booking.combination_id
             WHERE rel.resource_resource_id IN %(ids)s AND booking.active
               AND booking.state IN ('scheduled', 'confirmed')
               AND booking.start < %(stop)s AND booking.stop > %(start)s
               AND booking.id NOT IN %(but)s
            UNION ALL
            SELECT person.id, span.start, span.stop
              FROM resource_resource person
              JOIN res_users account ON account.id = person.user_id AND account.active
              JOIN calendar_event_res_partner_rel part
                ON part.res_partner_id = account.partner_id
              JOIN calendar_event event
                ON event.id = part.calendar_event_id AND event.active
              CROSS JOIN LATERAL (
                SELECT CASE WHEN event.allday
                            THEN timezone('UTC', timezone(
                                person.tz, event.start_date::timestamp))
                            ELSE event.start END AS start,
                       CASE WHEN event.allday
                            THEN timezone('UTC', timezone(
                                person.tz, event.stop_date + interval '1 day'))
                            ELSE event.stop END AS stop) span
             WHERE person.id IN %(ids)s AND person.resource_type = 'user'
               AND span.start < %(stop)s AND span.stop > %(start)s
               AND (event.user_id = account.id AND event.show_as = 'busy'
                    OR EXISTS (SELECT FROM calendar_attendee attendee
                                WHERE attendee.event_id = event.id
                                  AND attendee.partner_id = account.partner_id
                                  AND attendee.state != 'declined'))
               AND NOT EXISTS (SELECT FROM resource_booking booking
                                WHERE booking.meeting_id = event.id)"""
