from odoo import fields, models
from odoo.exceptions import UserError


class ClinicReply(models.Model):
    """What people at the desk do with replies."""

    _inherit = "clinic.reply"

    def action_open_case(self):
        """Open the case of who wrote."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.followup.case",
            "res_id": self.case_id.id,
            "view_mode": "form",
            "name": self.case_id.display_name,
        }

    def action_answer(self):
        """Open the dialog that answers in free words."""
        self.ensure_one()
        if not self.case_id:
            raise UserError(self.env._("Nobody is known by this number: call it."))
        return self.case_id.action_answer()

    def action_settled(self):
        """Nothing is left to do about these replies."""
        self.check_access("read")
        self.sudo().filtered(lambda reply: reply.state == "open")._settle("answered")

    def action_pass_on(self):
        """Open the dialog that shows once what was set aside, and removes it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_reply_pass_action"
        )
        return {**action, "context": {"default_reply_id": self.id}}

    def _settle(self, state, **vals):
        """Note who ended it, and take it off the list of that person's case."""
        self.write(
            {
                "state": state,
                "settled_by": self.env.uid,
                "settled_at": fields.Datetime.now(),
                **vals,
            }
        )
        kind = self.env.ref("clinic_dunning.activity_reply")
        for case in self.case_id:
            if not case.reply_ids.filtered(lambda r: r.state in ("open", "aside")):
                case.activity_ids.filtered(
                    lambda activity: activity.activity_type_id == kind
                ).action_feedback()

    def _pass_on(self, to):
        """Remove what was set aside once somebody has it.

        :param str to: who has it now
        """
        self.check_access("read")
        self.sudo()._settle("passed", body_kept=False, passed_to=to)
        if self.case_id:
            self.case_id._message_log(
                body=self.env._(
                    "A reply was passed on to %(to)s and removed by %(user)s.",
                    to=to,
                    user=self.env.user.name,
                )
            )

    def _read_kept(self):
        """Return what was set aside; whoever reads it is noted."""
        self.check_access("read")
        reply_sudo = self.sudo()
        self.env["clinic.access.log"]._note(
            reply_sudo.partner_id, reply_sudo.company_id, "reply", self.env.user
        )
        return reply_sudo.body_kept or ""
