from datetime import timedelta

from odoo import api, fields, models

from ..booking.guard import is_by_us
from .deposit import WAITING

# Hours for which a slot that staff gave waits for its deposit.
DESK_HOURS = 24


class ResourceBooking(models.Model):
    """A visit and the deposits that were asked for it."""

    _inherit = "resource.booking"

    clinic_deposit_ids = fields.One2many(
        "clinic.deposit", "booking_id", string="Deposits", readonly=True
    )
    clinic_deposit_id = fields.Many2one(
        "clinic.deposit",
        string="Deposit",
        compute="_compute_clinic_deposit_id",
        store=True,
        help="The last one.",
    )
    clinic_deposit_state = fields.Selection(
        related="clinic_deposit_id.state", string="Deposit Status"
    )

    @api.depends("clinic_deposit_ids")
    def _compute_clinic_deposit_id(self):
        for booking in self:
            booking.clinic_deposit_id = booking.clinic_deposit_ids.sorted("id")[-1:]

    def _is_deposit_missing(self):
        """A visit is not confirmed before its deposit is there, by anybody."""
        deposit = self.sudo().clinic_deposit_id
        waits = deposit.state in (*WAITING, "expired")
        return super()._is_deposit_missing() or (
            bool(deposit) and waits and not deposit._is_secured()
        )

    def _ask_deposit(self, by_desk=False):
        """Hold the slot until the deposit comes, and send its link."""
        result = super()._ask_deposit(by_desk)
        for booking in self.sudo().filtered(
            lambda booking: booking._is_live() and not booking.clinic_deposit_ids
        ):
            policy = booking.type_id.clinic_deposit_policy_id
            patient = booking.clinic_patient_id or booking.partner_id
            quote = policy._quote(booking.type_id, patient, booking.start)
            if quote and booking.start > fields.Datetime.now():
                booking._hold_for_deposit(DESK_HOURS * 60 if by_desk else None)
        return result

    def _hold_for_deposit(self, minutes=None):
        """Let this appointment wait for what is asked, until it begins at most.

        :param int minutes: default: as long as the policy says
        """
        minutes = minutes or self.type_id.clinic_deposit_policy_id.hold_minutes
        until = fields.Datetime.now() + timedelta(minutes=minutes)
        self._by_us().clinic_held_until = min(until, self.start)
        self.env["clinic.deposit"]._request(self)._tell_requested()
        self._by_us()._withdraw_acceptance()

    def _secure_slots(self):
        """Whoever gives a slot by hand asks for its deposit by that."""
        result = super()._secure_slots()
        if not is_by_us(self.env):
            self._get_unconfirmed()._ask_deposit(by_desk=True)
        return result

    def _get_unconfirmed(self):
        return self.filtered(lambda booking: booking.state != "confirmed")

    def action_confirm(self):
        """Ask for the deposit instead where nobody has done so yet."""
        waiting = self.browse()
        if not is_by_us(self.env):
            waiting = self._get_unconfirmed().filtered(lambda b: not b._must_wait())
            waiting._ask_deposit(by_desk=True)
            waiting = waiting.filtered(lambda b: b._must_wait())
        return super(ResourceBooking, self - waiting).action_confirm()

    def _get_cancel_url(self):
        """What comes back of a deposit, and what is kept, is shown beforehand."""
        refund = self._preview_cancel()
        if refund and (refund.refunded or refund.kept):
            return f"{self._make_manage_link()[1]}/cancel"
        return super()._get_cancel_url()

    def _get_next_url(self):
        """Whoever chose a slot that waits for its deposit goes on to pay it."""
        if self._is_deposit_missing():
            return self.sudo().clinic_deposit_id._get_url()
        return super()._get_next_url()

    def _has_live_payment(self):
        """While a payment is on its way, the slot is not given back.

        A hold that has confirmed the visit is under way no more: it ends with it.
        """
        deposits = self.sudo().clinic_deposit_ids
        if not self.clinic_held_until:
            deposits = deposits.filtered(lambda one: one.state != "authorized")
        return super()._has_live_payment() or bool(deposits._get_live_transaction())

    def _give_back(self, reason):
        """A slot that is given back is not waited for any more.

        The deposits first: a payment that came meanwhile makes this fail and replayed.
        """
        names = dict(self._fields["clinic_end_reason"]._description_selection(self.env))
        self.sudo().clinic_deposit_ids._expire(names.get(reason, reason))
        return super()._give_back(reason)

    def _move_to(self, start, combination=None, by_desk=False):
        """The deposit goes along; a late change brings no free cancellation back."""
        result = super()._move_to(start, combination, by_desk)
        self.sudo().clinic_deposit_ids._follow_move(start)
        return result
