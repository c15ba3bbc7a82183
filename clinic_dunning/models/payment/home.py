import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

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
    def _get_copy_text(self):
        """Return in words that nothing leaves here, or '' at home."""
        if not self._is_copy():
            return ""
        return self.env._(
            "This database is a copy: nothing is sent until a manager confirms it on a "
            "policy."
        )

    @api.model
    def _stop_here(self):
        """Return whether a job has to stop because this is a copy.

        The scheduler goes on quietly; whoever calls the job is told, and does not call
        it again and again.

        :raise UserError: outside a scheduled action
        """
        text = self._get_copy_text()
        if text and not self.env.context.get("cron_id"):
            raise UserError(text)
        if text:
            _logger.info("A copied database sends nothing until it is confirmed.")
        return bool(text)

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
        if self.env["clinic.home"]._stop_here():
            return None
        return super()._cron_send()


class ClinicLargeSend(models.Model):
    _inherit = "clinic.large.send"

    def _get_stuck_reason(self, message):
        return self.env["clinic.home"]._get_copy_text() or super()._get_stuck_reason(
            message
        )


class ClinicPaymentPlan(models.Model):
    _inherit = "clinic.payment.plan"

    @api.model
    def _cron_plans(self):
        """In a copy no card is charged until a manager has confirmed it."""
        if self.env["clinic.home"]._stop_here():
            return None
        return super()._cron_plans()
