from odoo import api, fields, models

PARAMETER = "clinic_dunning.home"


class ClinicHome(models.AbstractModel):
    """Where the clinic's database lives: a copy elsewhere writes to nobody.

    A backup that is restored, or a copy for trying, has the patients' numbers and the
    saved cards of the real one (SAFETY 5).
    """

    _name = "clinic.home"
    _description = "Home of the Database"

    @api.model
    def _get_here(self):
        """Return the name of this database and the identifier of its PostgreSQL."""
        self.env.cr.execute(
            "SELECT current_database(), system_identifier FROM pg_control_system()"
        )
        return "{} {}".format(*self.env.cr.fetchone())

    @api.model
    def _is_copy(self):
        """Return whether this database was switched on somewhere else."""
        home = self.env["ir.config_parameter"].sudo().get_param(PARAMETER)
        return bool(home) and home != self._get_here()

    @api.model
    def _settle(self):
        """The first policy is switched on: here it lives from now on."""
        if not self.env["ir.config_parameter"].sudo().get_param(PARAMETER):
            self._move_in()

    @api.model
    def _move_in(self):
        self.env["ir.config_parameter"].sudo().set_param(PARAMETER, self._get_here())


class ClinicFollowupPolicy(models.Model):
    _inherit = "clinic.followup.policy"

    is_copy = fields.Boolean(compute="_compute_is_copy")

    def _compute_is_copy(self):
        self.is_copy = self.env["clinic.home"]._is_copy()

    def action_activate(self):
        result = super().action_activate()
        self.env["clinic.home"]._settle()
        return result

    def action_confirm_home(self):
        """A manager says that this is the clinic's own database: it writes again."""
        self.check_access("write")
        self.env["clinic.home"]._move_in()
        self.message_post(
            body=self.env._("This database was confirmed as the clinic's own.")
        )


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    is_copy = fields.Boolean(compute="_compute_is_copy")

    def _compute_is_copy(self):
        self.is_copy = self.env["clinic.home"]._is_copy()

    @api.model
    def _cron_send(self):
        """In a copy nothing leaves until a manager has confirmed it."""
        if self.env["clinic.home"]._is_copy():
            return None
        return super()._cron_send()


class ClinicPaymentPlan(models.Model):
    _inherit = "clinic.payment.plan"

    @api.model
    def _cron_plans(self):
        """In a copy no card is charged until a manager has confirmed it."""
        if self.env["clinic.home"]._is_copy():
            return None
        return super()._cron_plans()
