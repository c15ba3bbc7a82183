from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    clinic_desk_user_id = fields.Many2one(
        "res.users",
        string="Recorded at the Desk by",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
