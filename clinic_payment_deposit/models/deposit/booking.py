from odoo import api, fields, models

from .deposit import WAITING


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

    def _has_live_payment(self):
        """While a payment is on its way, the slot is not given back."""
        return super()._has_live_payment() or bool(
            self.sudo().clinic_deposit_ids._get_live_transaction()
        )

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
