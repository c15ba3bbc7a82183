import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicDeskMeans(models.AbstractModel):
    """What dialogs that take or give money at the desk share: how, and only once."""

    _name = "clinic.desk.means"
    _description = "Means of Payment at the Desk"

    company_id = fields.Many2one("res.company")
    journal_id = fields.Many2one(
        "account.journal",
        string="Means of Payment",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        domain="[('clinic_desk_allowed', '=', True), ('type', 'in', ('bank', 'cash')),"
        " ('company_id', 'parent_of', company_id)]",
    )
    token = fields.Char(default=lambda self: str(uuid.uuid4()), readonly=True)

    @api.depends("company_id")
    def _compute_journal_id(self):
        for desk in self:
            desk.journal_id = desk._get_journals()[:1]

    def _get_journals(self):
        """Return the journals that are open to the front desk."""
        domain = [
            ("clinic_desk_allowed", "=", True),
            ("type", "in", ("bank", "cash")),
            ("company_id", "parent_of", self.company_id.ids),
        ]
        return self.env["account.journal"].search(domain)

    def _check_journal(self):
        """Refuse a journal that is not open to the front desk.

        :raise UserError: in words, with whom to ask
        """
        if self.journal_id not in self._get_journals():
            raise UserError(
                self.env._(
                    "Choose a means of payment. None to choose? Ask the accountant to "
                    "open a journal of %s to the front desk.",
                    self.company_id.name,
                )
            )
