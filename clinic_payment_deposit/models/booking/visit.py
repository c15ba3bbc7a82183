import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)

# What the front desk may note, and from where: the wrong click is undone the same day.
STEPS = {
    "arrived": {"expected"},
    "done": {"expected", "arrived"},
    "no_show": {"expected"},
    "excused": {"expected", "no_show", "late_cancel"},
    "expected": {"arrived", "done", "no_show", "excused"},
}
# Attendance by which a deposit is settled, once the day is over.
SETTLED_AS = {"no_show": "no_show", "excused": "clinic"}


class ResourceBooking(models.Model):
    """What became of the visit, as the front desk notes it."""

    _inherit = "resource.booking"

    clinic_noted_on = fields.Date(
        string="Noted On", readonly=True, copy=False, help="By the front desk."
    )
    clinic_settled = fields.Boolean(
        string="Settled",
        readonly=True,
        copy=False,
        help="The deposit of a visit that did not take place was kept or given back.",
    )
    clinic_invoice_id = fields.Many2one(
        "account.move", string="Bill of the Visit", readonly=True, copy=False
    )
    clinic_practitioner = fields.Char(
        string="With", compute="_compute_clinic_practitioner"
    )

    @api.depends("combination_id.resource_ids.name")
    def _compute_clinic_practitioner(self):
        for booking in self:
            resources = booking.sudo().combination_id.resource_ids
            people = resources.filtered(lambda one: one.resource_type == "user")
            booking.clinic_practitioner = ", ".join(
                (people or resources).mapped("name")
            )

    def action_arrived(self):
        """Note that the patient is here."""
        self._note_attendance("arrived")

    def action_done(self):
        """Note that the visit took place: its bill is drafted."""
        self._note_attendance("done")
        for booking in self.sudo().filtered(lambda b: not b.clinic_invoice_id):
            booking._draft_invoice()

    def action_no_show(self):
        """Note that the patient did not come; the deposit is settled after the day."""
        for booking in self.sudo():
            if not booking.clinic_start or booking.clinic_start > fields.Datetime.now():
                raise UserError(self.env._("This visit has not begun yet."))
        self._note_attendance("no_show")

    def action_late_cancel(self):
        """The patient called to cancel: the deadline says whether that is late."""
        self._check_desk()
        for booking in self:
            booking._cancel("patient")

    def action_excuse(self):
        """The patient had a good reason: the deposit is given back after the day."""
        self._note_attendance("excused")

    def action_undo(self):
        """Take back a click of today; a bill that is still a draft goes with it."""
        self._check_desk()
        for booking in self.sudo():
            today = booking.clinic_company_id._get_clinic_today()
            if booking.clinic_settled or booking.clinic_noted_on != today:
                raise UserError(
                    self.env._("Only what was noted today can be undone here.")
                )
            booking._drop_draft_invoice()
        self._note_attendance("expected")

    def _note_attendance(self, attendance):
        """Write what the front desk says, if that can follow what it said before.

        :raise UserError: for a step that makes no sense, or a visit of another day
        """
        self._check_desk()
        for booking in self._by_us():
            booking._check_step(attendance)
            booking.write(
                {
                    "clinic_attendance": attendance,
                    "clinic_noted_on": booking.clinic_company_id._get_clinic_today(),
                }
            )

    def _check_step(self, attendance):
        names = dict(self._fields["clinic_attendance"]._description_selection(self.env))
        before = self.clinic_attendance
        if before not in STEPS[attendance] or self.clinic_settled:
            raise UserError(
                self.env._(
                    "A visit that is “%(before)s” can't become “%(after)s”.",
                    before=names[before],
                    after=names[attendance],
                )
            )
        local = self._get_local_start()
        today = self.clinic_company_id._get_clinic_today()
        if not local or local.date() > today:
            raise UserError(self.env._("This visit is on a later day."))
        if attendance in ("arrived", "done", "no_show") and not self._is_live():
            raise UserError(self.env._("This appointment was cancelled."))

    # -- money ------------------------------------------------------------------

    def _draft_invoice(self):
        """Draft the visit's bill: the type's lines, the share of the patient's payer.

        Posting it begins the care-first flow, and uses the deposit.
        """
        company = self.clinic_company_id
        patient = self.clinic_patient_id
        self.clinic_invoice_id = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "partner_id": patient.id,
                    "currency_id": self.type_id.clinic_currency_id.id,
                    "invoice_date": self._get_local_start().date(),
                    "clinic_patient_id": patient.id,
                    "clinic_service_label": self.type_id.clinic_service_label,
                    "invoice_line_ids": self.type_id._prepare_clinic_invoice_lines(),
                }
            )
        )
        self._share_invoice()

    def _share_invoice(self):
        """Propose what the patient's third-party payer owes of the bill."""
        invoice = self.clinic_invoice_id
        payer, amount = self.clinic_patient_id._get_clinic_payer_share(
            invoice.amount_total, invoice.currency_id
        )
        if payer:
            invoice.write({"clinic_payer_id": payer.id, "clinic_payer_amount": amount})

    def _drop_draft_invoice(self):
        invoice = self.clinic_invoice_id
        if invoice and invoice.state != "draft":
            raise UserError(
                self.env._(
                    "The bill of this visit was sent: reverse it instead of undoing "
                    "the visit."
                )
            )
        invoice.unlink()

    def _use_deposit(self, invoice):
        """Pay the visit's bill with what is open of its deposit; tell who can't.

        A deposit that can't be used stops no bill: a person looks at it.
        """
        for booking in self.sudo():
            try:
                with self.env.cr.savepoint():
                    booking.clinic_deposit_ids._check_no_quarrel()
                    booking.clinic_deposit_ids._apply_to(invoice)
            except psycopg2.Error:
                raise
            except UserError as error:
                booking._note_unused(invoice, error)

    def _note_unused(self, invoice, error):
        officers = self.clinic_company_id._get_clinic_staff(
            "clinic_dunning.group_billing_officer"
        )
        invoice.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Deposit not used"),
            note=str(error),
            user_id=officers[:1].id or self.env.uid,
        )

    @api.model
    def _cron_settle(self):
        """Scheduled action: settle the deposits of visits that did not take place."""
        bookings = self.with_context(active_test=False).search(
            [
                ("clinic_attendance", "in", list(SETTLED_AS)),
                ("clinic_settled", "=", False),
                ("clinic_noted_on", "!=", False),
            ]
        )
        bookings = bookings.filtered(lambda booking: booking._is_day_over())
        self.env["ir.cron"]._commit_progress(remaining=len(bookings))
        for booking in bookings:
            try:
                booking._settle_absence()
                self.env["ir.cron"]._commit_progress(1)
            except psycopg2.OperationalError as error:
                self.env.cr.rollback()
                _logger.info("Visit %s is left for the next run: %s", booking.id, error)

    def _is_day_over(self):
        return self.clinic_noted_on < self.clinic_company_id._get_clinic_today()

    def _settle_absence(self):
        """Keep, release or give back the deposit, as policy and law allow."""
        for booking in self._by_us().filtered(lambda b: not b.clinic_settled):
            names = dict(booking._fields["clinic_attendance"].selection)
            booking.clinic_settled = True
            booking.clinic_deposit_ids._cancel(
                SETTLED_AS[booking.clinic_attendance], names[booking.clinic_attendance]
            )

    def action_settle(self):
        """Settle the deposits at once, without waiting for the next day.

        :raise AccessError: for what is given back by somebody's word, but by a manager
        """
        self._check_desk()
        absent = self.filtered(lambda b: b.clinic_attendance in SETTLED_AS)
        if "excused" in absent.mapped("clinic_attendance"):
            self._check_may_refund()
        absent._settle_absence()

    def _check_may_refund(self):
        if not self.env.su and not self.env.user.has_group(
            "clinic_dunning.group_clinic_manager"
        ):
            raise AccessError(
                self.env._(
                    "A manager gives this deposit back at once. Without one, it is "
                    "given back tomorrow."
                )
            )


class AccountMove(models.Model):
    _inherit = "account.move"

    clinic_booking_ids = fields.One2many(
        "resource.booking", "clinic_invoice_id", string="Visits"
    )

    def _post(self, soft=True):
        """The bill of a visit is paid by its deposit first."""
        posted = super()._post(soft)
        for invoice in posted.sudo().filtered("clinic_booking_ids"):
            invoice.clinic_booking_ids._use_deposit(invoice)
        return posted
