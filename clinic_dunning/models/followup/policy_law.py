from odoo import api, fields, models

# Steps of the follow-up that the law of a place may forbid.
ASKED = ("formal_notice", "agency")


class ClinicFollowupPolicy(models.Model):
    """What the law says of a policy's steps, at the clinic and in its profession."""

    _inherit = "clinic.followup.policy"

    legal_text = fields.Text(string="Legal Notes", compute="_compute_legal_text")

    @api.depends("level_ids.legal_step", "company_id.clinic_profession")
    def _compute_legal_text(self):
        rules = self.env["clinic.compliance.rule"].sudo()
        for policy in self:
            found = rules
            for step in policy._get_legal_steps():
                found |= rules._find_rules(step, policy.company_id)
            policy.legal_text = "\n".join(rule._get_text() for rule in found)

    def _get_legal_steps(self):
        return [step for step in ASKED if step in self.level_ids.mapped("legal_step")]

    def _check_lawful(self):
        """Refuse steps that the law forbids here.

        :raise UserError: with the reason and its source
        """
        rules = self.env["clinic.compliance.rule"]
        for policy in self:
            for step in policy._get_legal_steps():
                rules._check_allowed(step, policy.company_id)

    def action_activate(self):
        self._check_lawful()
        return super().action_activate()


class ClinicFollowupLevel(models.Model):
    _inherit = "clinic.followup.level"

    @api.constrains("legal_step", "policy_id")
    def _check_lawful(self):
        """A policy that is switched on gets no unlawful step either."""
        self.policy_id.filtered(lambda policy: policy.state == "active")._check_lawful()
