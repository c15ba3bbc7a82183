from odoo import fields, models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    clinic_desk_allowed = fields.Boolean(
        string="Used at the Front Desk",
        help="The front desk may record patients' payments in this journal.",
    )
