from odoo import api, fields, models


class ClinicPolicyPreview(models.TransientModel):
    """A dry run: what a policy would do today. Nothing is written or sent."""

    _name = "clinic.policy.preview"
    _description = "Dry Run of a Follow-up Policy"
    _inherit = ["clinic.dialog"]

    policy_id = fields.Many2one(
        "clinic.followup.policy", required=True, readonly=True, ondelete="cascade"
    )
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.depends("policy_id")
    def _compute_result(self):
        for preview in self:
            preview.result = self.env["ir.qweb"]._render(
                "clinic_dunning.policy_preview_result", preview._get_values()
            )

    def _get_values(self):
        found = self.env["clinic.followup.decision"]._preview(self.policy_id)
        rows = [self._read_row(row) for row in found["levels"]]
        return {
            "policy": self.policy_id,
            "rows": rows,
            "messages": sum(row["people"] for row in rows),
            "total": self.policy_id.currency_id.format(
                sum(row["amount"] for row in found["levels"])
            ),
            "blocked": self._read_blocked(found["blocked"]),
        }

    def _read_row(self, row):
        level = self.env["clinic.followup.level"].browse(row["level_id"])
        people = self.env["res.partner"].browse(row["examples"]).exists()
        return {
            **row,
            "level": level,
            "total": self.policy_id.currency_id.format(row["amount"]),
            "examples": ", ".join(people.mapped("display_name")),
        }

    def _read_blocked(self, blocked):
        """Return (reason in words, number of items), the most frequent first."""
        decision = self.env["clinic.followup.decision"]
        standstills = {self.policy_id: self.policy_id.problem_text}
        return sorted(
            (
                (
                    decision._get_reason(
                        {"blocked": code, "policy_id": self.policy_id.id}, standstills
                    ),
                    count,
                )
                for code, count in blocked.items()
                if code != "credit"
            ),
            key=lambda pair: -pair[1],
        )
