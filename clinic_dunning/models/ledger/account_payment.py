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
    clinic_desk_token = fields.Char(
        readonly=True,
        copy=False,
        help="Names one act at the desk: recorded twice, it is refused.",
    )

    _clinic_desk_once = models.UniqueIndex(
        "(clinic_desk_token, destination_account_id) WHERE clinic_desk_token IS NOT "
        "NULL",
        "This payment is recorded already.",
    )
