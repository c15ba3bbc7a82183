from odoo import fields, models


class ClinicDeposit(models.Model):
    """The way to deposits from what they belong to."""

    _inherit = "clinic.deposit"

    def _get_list_action(self):
        """Return the action that shows these deposits: a form where there is one."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_payment_deposit.clinic_deposit_action"
        )
        if len(self) == 1:
            form = {"res_id": self.id, "view_mode": "form", "views": [(False, "form")]}
            return action | form
        return action | {"domain": [("id", "in", self.ids)]}


class ResPartner(models.Model):
    _inherit = "res.partner"

    clinic_deposit_count = fields.Integer(
        string="Deposits",
        compute="_compute_clinic_deposit_count",
        groups="clinic_dunning.group_front_desk",
    )

    def _compute_clinic_deposit_count(self):
        for partner in self:
            partner.clinic_deposit_count = self.env["clinic.deposit"].search_count(
                partner._get_deposits_domain()
            )

    def _get_deposits_domain(self):
        """Return what finds the deposits this person paid, or that were for him."""
        return [
            "|",
            ("partner_id", "in", self.ids),
            ("patient_id", "in", self.ids),
            ("company_id", "in", self.env.companies.ids),
        ]

    def action_open_clinic_deposits(self):
        """Show this person's deposits."""
        self.ensure_one()
        deposits = self.env["clinic.deposit"].search(self._get_deposits_domain())
        return deposits._get_list_action()


class AccountMove(models.Model):
    _inherit = "account.move"

    clinic_deposit_count = fields.Integer(
        string="Deposits", compute="_compute_clinic_deposit_count"
    )

    def _compute_clinic_deposit_count(self):
        lines = self.env["clinic.deposit.line"].sudo()
        counts = dict(
            lines._read_group(
                [("move_id", "in", self.ids)],
                ["move_id"],
                ["deposit_id:count_distinct"],
            )
        )
        for move in self:
            move.clinic_deposit_count = counts.get(move, 0)

    def action_open_clinic_deposits(self):
        """Show the deposits that paid this bill, or that this fee kept."""
        self.ensure_one()
        lines = self.env["clinic.deposit.line"].sudo()
        deposits = lines.search([("move_id", "=", self.id)]).deposit_id
        return deposits.sudo(False)._get_list_action()


class ResourceBooking(models.Model):
    _inherit = "resource.booking"

    def action_open_clinic_deposits(self):
        """Show the deposits that were asked for this visit."""
        self.ensure_one()
        return self.clinic_deposit_ids._get_list_action()
