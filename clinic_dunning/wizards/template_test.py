from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicTemplateTest(models.TransientModel):
    """Send a wording to oneself, as a patient would get it."""

    _name = "clinic.template.test"
    _description = "Test to Oneself"
    _inherit = ["clinic.dialog"]

    template_id = fields.Many2one(
        "clinic.message.template", required=True, readonly=True
    )
    channel = fields.Selection(
        selection=lambda self: self._selection_channel(),
        required=True,
        compute="_compute_channel",
        store=True,
        precompute=True,
        readonly=False,
    )
    is_channel_free = fields.Boolean(compute="_compute_is_channel_free")
    address = fields.Char(string="To", compute="_compute_address")
    obstacle = fields.Char(compute="_compute_address")

    @api.model
    def _selection_channel(self):
        """Return the channels that leave by themselves."""
        silent = self.env["clinic.message"]._get_silent_channels()
        return [
            (code, name)
            for code, name in self.env["res.partner"]._selection_clinic_channel()
            if code not in silent
        ]

    @api.depends("template_id")
    def _compute_channel(self):
        first = self._selection_channel()[0][0]
        for test in self:
            test.channel = test.template_id.channel or first

    @api.depends("template_id")
    def _compute_is_channel_free(self):
        for test in self:
            test.is_channel_free = not test.template_id.channel

    @api.depends("channel", "template_id")
    def _compute_address(self):
        messages = self.env["clinic.message"].sudo()
        for test in self:
            vals = messages._prepare_test_vals(test.template_id, test.channel)
            draft = messages.new(vals)
            test.address = getattr(draft, f"_get_address_{test.channel}")() or False
            test.obstacle = (
                self.env["clinic.home"]._get_copy_text()
                or draft._get_obstacle(test.channel)
                or False
            )

    def action_send(self):
        """Queue the test and say where it goes.

        :raise UserError: in words, when it can't be sent there
        """
        self.ensure_one()
        self.env["clinic.message"].check_access("write")
        if self.obstacle:
            raise UserError(
                self.env._("It can't be sent to yourself: %s.", self.obstacle)
            )
        messages_sudo = self.env["clinic.message"].sudo()
        messages_sudo.create(
            messages_sudo._prepare_test_vals(self.template_id, self.channel)
        )
        self.env["clinic.stop.event"]._trigger_sweep()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "On its way to %s, within a minute.", self.address
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
