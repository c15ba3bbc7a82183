from odoo import fields, models


class ClinicFollowupCase(models.Model):
    """What patients ask on their page reaches a person, who may see that page."""

    _inherit = "clinic.followup.case"

    promise_ids = fields.Many2many(
        "clinic.promise", string="Promises", compute="_compute_promise_ids"
    )

    def _compute_promise_ids(self):
        promises = self.env["clinic.promise"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        for case in self:
            case.promise_ids = promises.filtered(
                lambda promise, case=case: promise.partner_id == case.partner_id
                and promise.company_id == case.company_id
            )

    def _get_virtual_link(self):
        """Return a link of this person that is stored nowhere (sudo)."""
        self.ensure_one()
        return self.env["clinic.link"]._get_virtual(self.partner_id, self.company_id)

    def _promise(self, currency, day, amount, note=False):
        """Note at the desk what the person promises to pay."""
        self.check_access("write")
        return self.env["clinic.promise"]._make(
            self._get_virtual_link(), currency, day, amount, note, self.env.user
        )

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
        link = self._get_virtual_link()
        lang = link._get_lang()
        link = link.with_context(lang=lang)
        return {**link._get_details(lang), "history": link._get_history(lang)}

    def _for_staff(self):
        """Return the same case in the language of whoever speaks with this person.

        What patients do on their page, in theirs, is read at the desk.
        """
        self.ensure_one()
        lang = self._get_clerk().lang or self.company_id.partner_id.lang
        return self.with_context(lang=lang)

    def _ask_staff(self, summary, note):
        """Plan a neutral activity for whoever is responsible, and log it.

        :param str summary: seen in lists: never anything about health
        """
        self.ensure_one()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "clinic_dunning.activity_reply",
            date_deadline=self.company_id._get_clinic_today(),
            summary=summary,
            note=note,
            user_id=self._get_clerk().id,
        )
        self._message_log(body=f"{summary}: {note}")
