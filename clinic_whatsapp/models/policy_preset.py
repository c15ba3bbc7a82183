from odoo import api, models

# Where somebody is thanked first, WhatsApp goes first; nobody is lost who has none.
CARE_FIRST = ("invoice", "r48")
ROUTES = {
    "email": "clinic_whatsapp.route_whatsapp",
    "graded": "clinic_whatsapp.route_whatsapp_graded",
}
# Time to pay at the desk before the thanks leave.
PAUSE = 60


class ClinicFollowupPolicy(models.Model):
    """The care-first presets write by WhatsApp, else SMS, else email, else letter."""

    _inherit = "clinic.followup.policy"

    @api.model
    def _create_preset(self, code, company):
        policy = super()._create_preset(code, company)
        if set(CARE_FIRST) <= set(policy.level_ids.topic_id.mapped("code")):
            policy.level_ids._prefer_whatsapp()
        return policy


class ClinicFollowupLevel(models.Model):
    _inherit = "clinic.followup.level"

    def _prefer_whatsapp(self):
        """Take the route of the same kind that begins with WhatsApp."""
        for name, ours in ROUTES.items():
            route = self.env.ref(f"clinic_dunning.route_{name}")
            levels = self.filtered(lambda level, r=route: level.route_id == r)
            levels.route_id = self.env.ref(ours)
        thanks = self.filtered(lambda level: level.topic_id.code == "invoice")
        thanks.pause_minutes = PAUSE
