from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .moment import Moment

WEEK = timedelta(days=7)


class ClinicPauseReport(models.Model):
    """Who paused whose follow-up in one week, for the managers of one clinic.

    A pause keeps reminders away: somebody must see who gives them.
    """

    _name = "clinic.pause.report"
    _description = "Weekly Report of Pauses"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    date_from = fields.Date(string="Week From", required=True, readonly=True)
    date_to = fields.Date(string="Until", required=True, readonly=True)
    pause_count = fields.Integer(string="Pauses", readonly=True)
    user_count = fields.Integer(string="Users", readonly=True)
    summary = fields.Html(sanitize=False, readonly=True)

    _one_a_week = models.Constraint(
        "UNIQUE (company_id, date_from)", "This week has its report already."
    )

    @api.depends("company_id", "date_from")
    def _compute_display_name(self):
        for report in self:
            report.display_name = f"{report.company_id.name} · {report.date_from}"

    @api.model
    def _cron_report(self):
        """Scheduled action: report the pauses of last week, once for each clinic."""
        companies = self.env["res.company"].search(Domain.TRUE)
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            self._report_last_week(company)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _report_last_week(self, company):
        """Write the report of the week before this one and hand it to the managers.

        :return: the new report, or none: nobody paused anything, or it is there already
        """
        today = company._get_clinic_today()
        monday = today - timedelta(days=today.weekday()) - WEEK
        known = [("company_id", "=", company.id), ("date_from", "=", monday)]
        self = self.sudo().with_context(lang=company.partner_id.lang)
        pauses = self._get_pauses(company, monday)
        if not pauses or self.search_count(known, limit=1):
            return self.browse()
        report = self.create(self._prepare_report_vals(company, monday, pauses))
        report._tell_managers()
        return report

    @api.model
    def _get_pauses(self, company, monday):
        """Return what members of staff paused in that week of the clinic."""
        moment = Moment(fields.Datetime.now(), company._get_clinic_tz())
        begin = datetime.combine(monday, time.min)
        return self.env["clinic.followup.hold"].search(
            [
                ("company_id", "=", company.id),
                ("create_date", ">=", moment.to_utc(begin)),
                ("create_date", "<", moment.to_utc(begin + WEEK)),
                ("user_id.share", "=", False),
            ],
            order="user_id, create_date, id",
        )

    def _prepare_report_vals(self, company, monday, pauses):
        return {
            "company_id": company.id,
            "date_from": monday,
            "date_to": monday + WEEK - timedelta(days=1),
            "pause_count": len(pauses),
            "user_count": len(pauses.user_id),
            "summary": self.env["ir.qweb"]._render(
                "clinic_dunning.pause_report_summary",
                {
                    "groups": list(pauses.grouped("user_id").items()),
                    "reasons": dict(
                        pauses._fields["reason"]._description_selection(self.env)
                    ),
                },
            ),
        }

    def _tell_managers(self):
        managers = self.company_id._get_clinic_staff(
            "clinic_dunning.group_clinic_manager"
        )
        # No email: what is paused concerns the clinic's own screens only.
        quiet = self.with_context(mail_activity_quick_update=True)
        for manager in managers:
            quiet.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.company_id._get_clinic_today(),
                summary=self.with_context(lang=manager.lang).env._(
                    "Pauses last week: %(pauses)s (users: %(users)s)",
                    pauses=self.pause_count,
                    users=self.user_count,
                ),
                user_id=manager.id,
            )

    def action_open_pauses(self):
        """Open the pauses that this report counts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_followup_hold_action"
        )
        pauses = self._get_pauses(self.company_id, self.date_from)
        return {**action, "domain": [("id", "in", pauses.ids)], "context": {}}
