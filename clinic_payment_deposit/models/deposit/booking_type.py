from odoo import Command, api, fields, models


class ResourceBookingType(models.Model):
    """What a type of visit costs, and what is asked for beforehand."""

    _inherit = "resource.booking.type"

    clinic_deposit_policy_id = fields.Many2one(
        "clinic.deposit.policy",
        string="Deposit Policy",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        ondelete="restrict",
    )
    clinic_price = fields.Monetary(
        string="Price",
        currency_field="clinic_currency_id",
        help="What patients read before they book.",
    )
    clinic_currency_id = fields.Many2one(
        "res.currency",
        string="Currency",
        compute="_compute_clinic_currency_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    clinic_service_label = fields.Char(
        string="Service Label",
        translate=True,
        help="Neutral words for bills and messages, such as “Consultation fee”.",
    )
    clinic_line_ids = fields.One2many(
        "clinic.visit.line",
        "type_id",
        string="Lines of the Visit's Bill",
        copy=True,
        help="Empty: one line with the label and the price.",
    )

    @api.depends("company_id")
    def _compute_clinic_currency_id(self):
        """Take the clinic's own, also for types that were there before this addon."""
        for kind in self:
            kind.clinic_currency_id = (
                kind.clinic_currency_id or kind._get_clinic_company().currency_id
            )

    @api.constrains("clinic_deposit_policy_id", "clinic_currency_id")
    def _check_deposit_currency(self):
        self.clinic_deposit_policy_id._check_currency()

    def _get_clinic_company(self):
        """Return the clinic of this type of visit."""
        return self.company_id or self.env.company

    def _prepare_clinic_invoice_lines(self):
        """Return the commands for the lines of a visit's draft invoice."""
        self.ensure_one()
        if self.clinic_line_ids:
            return [
                Command.create(line._prepare_invoice_line())
                for line in self.clinic_line_ids
            ]
        label = self.clinic_service_label or self.env._("Visit")
        return [Command.create({"name": label, "price_unit": self.clinic_price})]


class ClinicVisitLine(models.Model):
    """A line that the bill of each visit of a type begins with."""

    _name = "clinic.visit.line"
    _description = "Line of a Visit's Bill"
    _order = "sequence, id"

    type_id = fields.Many2one(
        "resource.booking.type", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", required=True)
    quantity = fields.Float(default=1.0, required=True)
    price_unit = fields.Monetary(
        string="Price", help="0: the product's own price.", currency_field="currency_id"
    )
    currency_id = fields.Many2one(related="type_id.clinic_currency_id")

    def _prepare_invoice_line(self):
        price = {"price_unit": self.price_unit} if self.price_unit else {}
        return {"product_id": self.product_id.id, "quantity": self.quantity, **price}
