from odoo import models


class ClinicFollowupCase(models.Model):
    """What patients ask on their page reaches a person, who may see that page."""

    _inherit = "clinic.followup.case"

    def action_preview_page(self):
        """Open the page as the patient sees it, by a link of one day."""
        self.ensure_one()
        self.check_access("read")
        _link, url = self.env["clinic.link"]._issue(
            self.partner_id, self.company_id, days=1
        )
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def _get_statement_values(self):
        """Return what the statement of account needs, in the patient's language."""
        self.ensure_one()
        link = self.env["clinic.link"]._get_virtual(self.partner_id, self.company_id)
        lang = link._get_lang()
        link = link.with_context(lang=lang)
        return {**link._get_details(lang), "history": link._get_history(lang)}

    def _ask_staff(self, summary, note):
        """Plan a neutral activity for whoever is responsible, and log it.

        :param str summary: seen in lists: never anything about health
        """
        self.ensure_one()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "clinic_dunning.activity_call",
            summary=summary,
            note=note,
            user_id=self._get_clerk().id,
        )
        self._message_log(body=f"{summary}: {note}")
