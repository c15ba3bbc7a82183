from odoo import api, fields, models


class ClinicFollowupPolicy(models.Model):
    """What the policy's screen shows beside its fields."""

    _inherit = "clinic.followup.policy"

    timeline_html = fields.Html(
        string="Timeline", compute="_compute_timeline_html", sanitize=False
    )
    wording_html = fields.Html(
        string="What Patients Read", compute="_compute_wording_html", sanitize=False
    )

    @api.depends("level_ids.moment_text", "level_ids.route_id", "level_ids.mode")
    def _compute_timeline_html(self):
        for policy in self:
            policy.timeline_html = self.env["ir.qweb"]._render(
                "clinic_dunning.policy_timeline", {"levels": policy.level_ids}
            )

    @api.depends("level_ids.topic_id", "level_ids.route_id")
    def _compute_wording_html(self):
        for policy in self:
            policy.wording_html = self.env["ir.qweb"]._render(
                "clinic_dunning.policy_wording",
                {"rows": [(level, level._get_wording()) for level in policy.level_ids]},
            )

    def action_preview(self):
        """Open the dry run: what the policy would do today."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_policy_preview_action"
        )
        action["context"] = {"default_policy_id": self.id}
        return action
