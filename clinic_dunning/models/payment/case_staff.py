from odoo import models


class ClinicFollowupCase(models.Model):
    """What patients ask on their page reaches a person."""

    _inherit = "clinic.followup.case"

    def _ask_staff(self, summary, note):
        """Plan a neutral activity for whoever is responsible, and log it.

        :param str summary: seen in lists: never anything about health
        """
        self.ensure_one()
        self.activity_schedule(
            "clinic_dunning.activity_call",
            summary=summary,
            note=note,
            user_id=self._get_helper().id,
        )
        self._message_log(body=f"{summary}: {note}")

    def _get_helper(self):
        """Return the user who helps patients: the responsible, else the first clerk."""
        if self.responsible_id:
            return self.responsible_id
        group = self.env.ref("clinic_dunning.group_front_desk").sudo()
        users = group.all_user_ids.filtered(
            lambda user: user.active
            and not user.share
            and self.company_id in user.company_ids
        )
        return users.sorted("id")[:1] or self.env.ref("base.user_admin")
