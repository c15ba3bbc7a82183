from datetime import timedelta

from odoo import api, fields, models


class ClinicPause(models.TransientModel):
    """Pause the follow-up of a person, with a reason and an end."""

    _name = "clinic.pause"
    _description = "Pause the Follow-up"
    _inherit = ["clinic.dialog"]

    case_id = fields.Many2one("clinic.followup.case", required=True, readonly=True)
    reason = fields.Selection(
        selection=lambda self: self.env["clinic.followup.hold"]
        ._fields["reason"]
        ._description_selection(self.env),
        required=True,
    )
    until = fields.Date(
        string="Goes on from",
        compute="_compute_until",
        store=True,
        precompute=True,
        readonly=False,
        help="First day on which the follow-up goes on. Empty only where nothing will "
        "change (deceased, protected, instalment plan).",
    )
    note = fields.Char(help="In neutral words: never anything about health.")

    @api.depends("case_id")
    def _compute_until(self):
        for pause in self:
            today = pause.case_id.company_id._get_clinic_today()
            pause.until = today + timedelta(days=14)

    def action_apply(self):
        """Pause the follow-up."""
        self.ensure_one()
        self.env["clinic.followup.hold"].create(
            {
                "case_id": self.case_id.id,
                "reason": self.reason,
                "end_date": self.until,
                "note": self.note,
            }
        )
        return {"type": "ir.actions.act_window_close"}
