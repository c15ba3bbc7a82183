from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    clinic_appointment_route_id = fields.Many2one(
        "clinic.contact.route",
        string="Route of Appointment Messages",
        help="How patients are told about their appointments. Empty: by email.",
    )

    clinic_reminder_hours = fields.Integer(
        string="Remind Before a Visit",
        default=48,
        help="Hours before a confirmed visit when the patient is reminded of it, with "
        "a way to confirm or to cancel. 0: no reminder.",
    )

    def _get_clinic_appointment_route(self):
        """Return the route by which patients are told about their appointments."""
        self.ensure_one()
        return self.clinic_appointment_route_id or self.env.ref(
            "clinic_dunning.route_email"
        )
