from datetime import timedelta

import pytz
from babel.dates import format_datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.misc import babel_locale_parse

from .slot_lock import SlotRefused

# Days for which the link to an appointment works after the visit.
LINK_DAYS = 7


class ResourceBooking(models.Model):
    """An appointment of a clinic. Money hangs on it, never on the calendar's event."""

    _inherit = "resource.booking"

    clinic_company_id = fields.Many2one(
        "res.company",
        string="Clinic",
        compute="_compute_clinic_company_id",
        store=True,
        index=True,
    )
    clinic_patient_id = fields.Many2one(
        "res.partner",
        string="Patient",
        compute="_compute_clinic_patient_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="Who comes to the visit; the first attendee by default.",
    )
    clinic_held_until = fields.Datetime(
        string="Held Until",
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="The slot is given back at that time unless it is confirmed before.",
    )
    clinic_source = fields.Selection(
        [
            ("desk", "Front desk"),
            ("page", "Booking page"),
            ("reply", "Reply to a message"),
            ("waiting", "Waiting list"),
        ],
        string="Booked By",
        default="desk",
        required=True,
    )
    clinic_attendance = fields.Selection(
        [
            ("expected", "Expected"),
            ("arrived", "Arrived"),
            ("done", "Done"),
            ("no_show", "No-show"),
            ("late_cancel", "Cancelled late"),
            ("excused", "Excused"),
        ],
        string="Attendance",
        default="expected",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    clinic_start = fields.Datetime(
        string="Visit",
        compute="_compute_clinic_start",
        store=True,
        copy=False,
        index=True,
        help="Date of the visit, kept when the slot is given back.",
    )
    clinic_when = fields.Char(string="When", compute="_compute_clinic_when")
    clinic_end_reason = fields.Selection(
        [
            ("expired", "Not confirmed in time"),
            ("patient", "Cancelled by the patient"),
            ("clinic", "Cancelled by the clinic"),
        ],
        string="Given Back",
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.depends("type_id.company_id")
    def _compute_clinic_company_id(self):
        for booking in self:
            booking.clinic_company_id = (
                booking.type_id.company_id
                or booking.clinic_company_id
                or self.env.company
            )

    @api.depends("partner_ids")
    def _compute_clinic_patient_id(self):
        for booking in self:
            booking.clinic_patient_id = (
                booking.clinic_patient_id or booking.partner_ids[:1]
            )

    @api.depends("start")
    def _compute_clinic_start(self):
        for booking in self:
            booking.clinic_start = booking.start or booking.clinic_start

    @api.depends("clinic_start", "type_id.resource_calendar_id.tz")
    @api.depends_context("lang")
    def _compute_clinic_when(self):
        for booking in self:
            booking.clinic_when = booking._get_appointment_text()

    @api.depends("clinic_patient_id", "partner_ids", "clinic_when")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Tell staff who comes and when, with the zone of the clinic."""
        result = super()._compute_display_name()
        if self.env.context.get("using_portal"):
            return result
        for booking in self.filtered(lambda one: one.id and not one.name):
            patient = booking.clinic_patient_id or booking.partner_ids[:1]
            parts = [patient.display_name, booking.clinic_when]
            booking.display_name = ", ".join(filter(None, parts))
        return result

    # -- words ----------------------------------------------------------------

    def _get_clinic_tz(self):
        """Return the name of the zone in which this appointment is told."""
        return self.sudo().type_id.resource_calendar_id.tz or "UTC"

    def _get_local_start(self):
        """Return when the visit is, with the zone of the clinic; or False."""
        if not self.clinic_start:
            return False
        zone = pytz.timezone(self._get_clinic_tz())
        return pytz.utc.localize(self.clinic_start).astimezone(zone)

    def _get_appointment_text(self, lang=None):
        """Return date, time and zone of the visit, and nothing else.

        In Hindi in figures: the same words go out in both of its scripts.

        :param str lang: code of an installed language (default: the context's)
        """
        local = self._get_local_start()
        if not local:
            return ""
        lang = lang or self.env.lang or "en_US"
        shape = "dd/MM/yyyy HH:mm" if lang.startswith("hi") else "EEE d MMM HH:mm"
        text = format_datetime(
            local.replace(tzinfo=None), shape, locale=babel_locale_parse(lang)
        )
        return f"{text} ({self._get_zone_text(local)})"

    def _get_zone_text(self, local):
        name = local.strftime("%Z")
        if name.isalpha():
            return name
        offset = local.strftime("%z")
        return f"UTC{offset[:3]}:{offset[3:]}"

    # -- states ---------------------------------------------------------------

    def _is_live(self):
        """Return whether the appointment has its slot, held or confirmed."""
        self.ensure_one()
        return bool(self.active and self.meeting_id and self.start)

    def _is_deposit_missing(self):
        """Return whether money has to come before this appointment is confirmed."""
        return False

    def _ask_deposit(self, by_desk=False):
        """Ask for the deposit of appointments that got their slot without it.

        :param bool by_desk: whether staff did it; else the patient, on a page
        """

    def _has_live_payment(self):
        """Return whether a payment of this appointment is under way."""
        return False

    def _must_wait(self):
        """Return whether nothing may confirm this appointment yet."""
        self.ensure_one()
        return bool(self.clinic_held_until) or self._is_deposit_missing()

    def _check_desk(self):
        """Let only the front desk of the clinic act on these appointments.

        :raise AccessError: for others, patients above all
        """
        if not self.env.su and not self.env.user.has_group(
            "clinic_dunning.group_front_desk"
        ):
            raise AccessError(self.env._("Only the front desk may do this."))
        self.check_access("read")

    def _check_may_change(self):
        """Refuse what a patient changes too late: counted from where it stands now.

        A slot that is only held may be changed or left at any time.

        :raise SlotRefused: with a sentence for the patient
        """
        for booking in self.sudo():
            booking._check_not_over()
            if booking._is_late():
                raise SlotRefused(
                    self.env._(
                        "It is too late to change this appointment online. "
                        "Please call us."
                    )
                )

    def _check_not_over(self):
        if not self.active or self.clinic_attendance != "expected":
            raise SlotRefused(
                self.env._("This appointment is over or was cancelled already.")
            )

    def _is_late(self):
        """Return whether a confirmed appointment is past its deadline for changes."""
        notice = timedelta(hours=self.type_id.modifications_deadline)
        return bool(
            self.start
            and not self.clinic_held_until
            and fields.Datetime.now() > self.start - notice
        )

    # -- the patient's link ----------------------------------------------------

    def _get_link_days(self):
        """Return for how many days a link to this appointment works."""
        ahead = (self.clinic_start or fields.Datetime.now()) - fields.Datetime.now()
        return max(ahead.days, 0) + LINK_DAYS

    def _make_manage_link(self, **vals):
        """Return (link, address) of the page where the patient manages the appointment.

        :param vals: further values of the link
        """
        self.ensure_one()
        return self.env["clinic.link"]._issue(
            self.sudo().partner_id,
            self.sudo().clinic_company_id,
            purpose="booking",
            days=self._get_link_days(),
            path="b",
            booking_id=self.id,
            **vals,
        )


class ClinicLink(models.Model):
    _inherit = "clinic.link"

    booking_id = fields.Many2one(
        "resource.booking",
        string="Appointment",
        ondelete="cascade",
        index="btree_not_null",
        readonly=True,
    )
