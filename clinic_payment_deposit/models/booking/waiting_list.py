import logging
from datetime import datetime, time, timedelta

import psycopg2
import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .slot_lock import SlotRefused, SlotTaken

_logger = logging.getLogger(__name__)

OFFER_MINUTES = 60
# Nobody can answer at night: slots are offered in these hours of the clinic's day.
OFFER_HOURS = (9, 19)
LINK_DAYS = 2


class ClinicWaitingList(models.Model):
    """Somebody who would come sooner: freed slots are offered to one after another.

    A slot on offer is held for that person, and for nobody else, until the offer ends.
    """

    _name = "clinic.waiting.list"
    _description = "Waiting List"
    _order = "last_offer_at NULLS FIRST, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Patient", required=True, index=True, ondelete="cascade"
    )
    phone = fields.Char(related="partner_id.phone")
    type_id = fields.Many2one(
        "resource.booking.type", string="Visit", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        index=True,
        precompute=True,
    )
    combination_id = fields.Many2one(
        "resource.booking.combination",
        string="With",
        domain="[('type_rel_ids.type_id', 'in', [type_id])]",
        help="Empty: whoever is free.",
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until", required=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("offered", "Offered"),
            ("taken", "Taken"),
            ("expired", "Over"),
            ("left", "Left"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
        copy=False,
    )
    booking_id = fields.Many2one(
        "resource.booking",
        string="Slot on Offer",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    when = fields.Char(related="booking_id.clinic_when", string="Offered Slot")
    offered_until = fields.Datetime(readonly=True, copy=False)
    last_offer_at = fields.Datetime(readonly=True, copy=False)
    refused = fields.Json(
        readonly=True, copy=False, help="Slots that were offered and not taken."
    )

    @api.depends("type_id.company_id")
    def _compute_company_id(self):
        for entry in self:
            entry.company_id = entry.type_id.company_id or self.env.company

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for entry in self:
            if entry.date_to < entry.date_from:
                raise ValidationError(
                    self.env._("The last day can't be before the first one.")
                )

    # -- in turn ----------------------------------------------------------------

    @api.model
    def _cron_offer(self):
        """Scheduled action: end offers, then offer what is free, each in their turn."""
        entries = self.search([("state", "in", ("offered", "waiting"))])
        self.env["ir.cron"]._commit_progress(remaining=len(entries))
        for entry in entries.sorted(lambda one: one.state != "offered"):
            try:
                entry._go_on()
                self.env["ir.cron"]._commit_progress(1)
            except psycopg2.OperationalError as error:
                self.env.cr.rollback()
                _logger.info("Entry %s waits for the next run: %s", entry.id, error)

    def _go_on(self):
        """Do what is next for one entry: follow its offer, end it, or offer a slot."""
        self.ensure_one()
        if self.state == "offered":
            self._follow_offer()
        if self.state == "waiting" and self.date_to < self._get_today():
            self.state = "expired"
        if self.state == "waiting" and self._is_offer_time():
            self._offer()

    def _get_today(self):
        return self.company_id._get_clinic_today()

    def _is_offer_time(self):
        zone = pytz.timezone(self.company_id._get_clinic_tz())
        here = pytz.utc.localize(fields.Datetime.now()).astimezone(zone)
        return OFFER_HOURS[0] <= here.hour < OFFER_HOURS[1]

    def _follow_offer(self):
        """See what became of the offered slot: taken, or given back."""
        booking = self.booking_id
        if booking._is_live() and booking.state == "confirmed":
            self.state = "taken"
        elif not booking._is_live():
            refused = [*(self.refused or []), str(booking.clinic_start)]
            self.write({"state": "waiting", "booking_id": False, "refused": refused})

    def _offer(self):
        """Hold the first slot that fits, and write to the person.

        :return: the booking that is held, none where nothing is free
        """
        self.ensure_one()
        for slot in self._get_fitting_slots():
            try:
                booking = self._hold(slot)
            except (SlotTaken, SlotRefused):
                continue
            self._tell(booking)
            self.write(
                {
                    "state": "offered",
                    "booking_id": booking.id,
                    "offered_until": booking.clinic_held_until,
                    "last_offer_at": fields.Datetime.now(),
                }
            )
            return booking
        return self.env["resource.booking"]

    def _get_fitting_slots(self):
        """Return the free slots in the days wanted, but for those not taken before."""
        zone = pytz.timezone(self.type_id.clinic_tz or "UTC")
        begin, end = (
            zone.localize(datetime.combine(day, time.min))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
            for day in (self.date_from, self.date_to + timedelta(days=1))
        )
        slots = self.type_id._get_offered(begin, end, self.combination_id or None)
        refused = set(self.refused or [])
        return [slot for slot in slots if str(slot.start) not in refused]

    def _skip_free(self):
        """Never offer what is free now: the person has seen it, and it did not suit."""
        free = [str(slot.start) for slot in self._get_fitting_slots()]
        self.refused = [*(self.refused or []), *free]

    def _hold(self, slot):
        return self.env["resource.booking"]._hold_slot(
            self.type_id,
            slot.start,
            self.partner_id,
            combination=self.combination_id or None,
            minutes=OFFER_MINUTES,
            clinic_source="waiting",
        )

    def _tell(self, booking):
        """Write to the person: to pay where a deposit is asked, else to say yes."""
        deposit = self.env["clinic.deposit"].sudo()._request(booking)
        if deposit:
            deposit._tell_requested()
        else:
            booking._tell("waiting_offer", expires_at=booking.clinic_held_until)

    # -- answers ----------------------------------------------------------------

    def _accept(self):
        """Take the slot on offer; saying yes twice is saying it once.

        :raise SlotTaken: when the offer has ended
        """
        self.ensure_one()
        entry = self.sudo()
        booking = entry.booking_id
        if entry.state == "taken" and booking._is_live():
            return booking
        if entry.state != "offered" or not booking._is_live():
            raise SlotTaken(
                self.env._("This offer is over. We will write when a slot is free.")
            )
        if not booking._is_deposit_missing():
            booking._confirm_paid()
            entry.state = "taken"
        return booking

    def _decline(self):
        """Leave the slot to the next one, and stay on the list."""
        entry = self.sudo()
        if entry.state == "offered" and entry.booking_id._is_live():
            entry.booking_id._give_back("patient")
            entry._follow_offer()

    def _leave(self):
        """Take these people off the list; a slot on offer is free again."""
        for entry in self.sudo():
            entry._decline()
            entry.filtered(lambda one: one.state == "waiting").state = "left"

    def action_offer(self):
        """Offer the first free slot now."""
        self.check_access("write")
        for entry in self.sudo().filtered(lambda one: one.state == "waiting"):
            if not entry._offer():
                raise UserError(self.env._("No slot is free in these days."))

    def action_leave(self):
        """Take these people off the list; a slot on offer is free again."""
        self.check_access("write")
        self._leave()


class ResourceBooking(models.Model):
    _inherit = "resource.booking"

    def _give_back(self, reason):
        """Whoever waits for a slot is offered it soon."""
        result = super()._give_back(reason)
        self.env.ref("clinic_payment_deposit.ir_cron_offer").sudo()._trigger()
        return result


class ClinicLink(models.Model):
    _inherit = "clinic.link"

    waiting_id = fields.Many2one(
        "clinic.waiting.list",
        string="Waiting List",
        ondelete="cascade",
        index="btree_not_null",
        readonly=True,
    )


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _make_link(self, attempt):
        """An offer leads to the page where it is taken or left."""
        if self.topic_id.code != "waiting_offer":
            return super()._make_link(attempt)
        entry = (
            self.env["clinic.waiting.list"]
            .sudo()
            .search([("booking_id", "=", self._get_booking().id)], limit=1)
        )
        return self.env["clinic.link"]._issue(
            self.partner_id,
            self.company_id,
            purpose="booking",
            days=LINK_DAYS,
            path="w",
            waiting_id=entry.id,
            message_id=self.id,
            attempt_id=attempt.id,
        )
