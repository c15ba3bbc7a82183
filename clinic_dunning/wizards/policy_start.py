from odoo import api, fields, models

from ..models.followup.policy_preset import PRESETS


class ClinicPolicyStart(models.TransientModel):
    """Start a policy from a preset."""

    _name = "clinic.policy.start"
    _description = "Start a Follow-up Policy"
    _inherit = ["clinic.dialog"]

    preset = fields.Selection(
        selection="_selection_preset", required=True, default="fr_dentist"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    steps = fields.Html(compute="_compute_steps", sanitize=False)

    @api.model
    def _selection_preset(self):
        return [(code, self.env._(preset["name"])) for code, preset in PRESETS.items()]

    @api.depends("preset")
    def _compute_steps(self):
        for start in self:
            start.steps = self.env["ir.qweb"]._render(
                "clinic_dunning.policy_timeline",
                {"levels": start._get_levels(), "wording": False},
            )

    def _get_levels(self):
        """Return the levels that the preset would make, unsaved."""
        policies = self.env["clinic.followup.policy"]
        levels = self.env["clinic.followup.level"]
        for place, step in enumerate(PRESETS.get(self.preset, {}).get("steps", ())):
            levels |= levels.new(policies._prepare_preset_level(step, place))
        return levels

    def action_start(self):
        """Create the policy, switched off, and open it."""
        self.ensure_one()
        policy = self.env["clinic.followup.policy"]._create_preset(
            self.preset, self.company_id
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": policy._name,
            "res_id": policy.id,
            "view_mode": "form",
        }
