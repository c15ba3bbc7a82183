from datetime import date, datetime, time

import pytz

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date


class ClinicFollowupCase(models.Model):
    """What the screens of the front desk need beside the follow-up itself."""

    _inherit = "clinic.followup.case"

    is_call_due = fields.Boolean(
        string="Call Today",
        compute="_compute_is_call_due",
        search="_search_is_call_due",
    )
    why_now = fields.Char(
        compute="_compute_why_now",
        help="What waits for somebody, else what comes next.",
    )
    last_contact = fields.Char(compute="_compute_last_contact")
    message_out_count = fields.Integer(compute="_compute_message_out_count")
    has_pending_approval = fields.Boolean(compute="_compute_has_pending_approval")
    items_html = fields.Html(
        string="What is Open", compute="_compute_items_html", sanitize=False
    )
    receipt_ids = fields.One2many(
        "clinic.desk.receipt", "case_id", string="Payments at the Desk"
    )
    followup_mode = fields.Selection(
        selection=lambda self: self.env["res.partner"]
        ._fields["clinic_followup_mode"]
        ._description_selection(self.env),
        string="Follow-up",
        compute="_compute_followup_mode",
    )
    policy_id = fields.Many2one("clinic.followup.policy", compute="_compute_policy_id")

    # -- calls ----------------------------------------------

    @api.model
    def _get_call_domain(self):
        call = self.env.ref("clinic_dunning.activity_call")
        return Domain("activity_type_id", "=", call.id)

    def _compute_is_call_due(self):
        due = self.filtered_domain(self._search_is_call_due("in", [True]))
        for case in self:
            case.is_call_due = case in due

    @api.model
    def _search_is_call_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        due = Domain.OR(
            Domain("company_id", "in", companies.ids)
            & Domain(
                "activity_ids",
                "any",
                self._get_call_domain() & Domain("date_deadline", "<=", today),
            )
            for today, companies in self.env["res.company"]._get_clinic_days()
        )
        return due if True in value else ~due

    def _get_next_to_call(self):
        """Return the next case to call today after this one, the user's own first."""
        cases = self.search(
            Domain("is_call_due", "=", True) & Domain("id", "not in", self.ids)
        )
        return cases.sorted(
            lambda case: (
                self.env.user not in case.activity_ids.user_id,
                case.activity_date_deadline or date.max,
                case.id,
            )
        )[:1]

    def _get_waiting_calls(self):
        """Return the phone attempts of these cases that wait for somebody to call."""
        return self.env["clinic.message.attempt"].search(
            [
                ("case_id", "in", self.ids),
                ("channel", "=", "phone"),
                ("state", "=", "accepted"),
            ]
        )

    def _get_clerk(self):
        """Return who speaks with this person: the responsible, else a front desk user.

        Those who are no more than front desk come first, managers last.
        """
        self.ensure_one()
        desk = self._get_staff("clinic_dunning.group_front_desk")
        officers = self._get_staff("clinic_dunning.group_billing_officer")
        someone = (desk - officers or desk).sorted("id")[:1]
        return self.responsible_id or someone or self.env.ref("base.user_admin")

    def _get_staff(self, group):
        """Return the users of a group that work in the company of this case."""
        return self.company_id._get_clinic_staff(group)

    @api.model
    def _read_group_responsible_id(self, users, _domain):
        """Show a column for everybody at the desk, also of those with nothing to do."""
        companies = self.env.companies
        desk_sudo = companies._get_clinic_staff("clinic_dunning.group_front_desk")
        managers = companies._get_clinic_staff("clinic_dunning.group_clinic_manager")
        return users | (desk_sudo - managers).with_env(self.env)

    @api.model
    def web_read_group(self, domain, groupby, *args, **kwargs):
        """Show whom nobody is responsible for: that column is not folded away."""
        if (
            groupby == ["responsible_id"]
            and kwargs.get("auto_unfold")
            and not kwargs.get("opening_info")
        ):
            limit = kwargs.get("unfold_read_default_limit")
            kwargs["opening_info"] = [
                {"value": False, "folded": False, "limit": limit, "offset": 0}
            ]
        return super().web_read_group(domain, groupby, *args, **kwargs)

    # -- what the screens show ----------------------------------------------

    @api.depends("reason_text", "activity_ids.summary", "message_out_ids.state")
    def _compute_why_now(self):
        waiting = self._get_waiting_texts()
        for case in self:
            case.why_now = waiting.get(case.id) or case.reason_text

    def _get_waiting_texts(self):
        """Return {case id: what waits for somebody}, the most urgent of each case."""
        texts = {}
        for message in self._get_waiting_messages():
            attempt = message._get_waiting_attempt()
            waits = attempt.display_name or self.env._("waits for approval")
            name = message.level_id.name or message.topic_id.name
            texts[message.case_id.id] = f"“{name}”: {waits}"
        reply = self.env.ref("clinic_dunning.activity_reply")
        for activity in self.activity_ids:
            if activity.activity_type_id == reply:
                texts[activity.res_id] = activity.summary
        return texts

    def _get_waiting_messages(self):
        """Return the messages of these cases that somebody must see to."""
        return self.env["clinic.message"].search(
            Domain("case_id", "in", self.ids)
            & (
                (Domain("state", "=", "queued") & Domain("approval", "=", "pending"))
                | (
                    Domain("state", "=", "in_progress")
                    & Domain("attempt_ids.state", "=", "accepted")
                )
            )
        )

    @api.depends("message_out_ids.state")
    def _compute_last_contact(self):
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        for case in self:
            delivered = case.message_out_ids.filtered("delivered_at")
            last = delivered.sorted("delivered_at")[-1:]
            day = format_date(self.env, last.delivered_at)
            channel = channels.get(last.channel, "")
            case.last_contact = f"{channel} {day}" if last else False

    @api.depends("message_out_ids")
    def _compute_message_out_count(self):
        groups = self.env["clinic.message"]._read_group(
            [("case_id", "in", self.ids)], ["case_id"], ["__count"]
        )
        counts = {case.id: count for case, count in groups}
        for case in self:
            case.message_out_count = counts.get(case.id, 0)

    @api.depends("message_out_ids.approval", "message_out_ids.state")
    def _compute_has_pending_approval(self):
        pending = self.env["clinic.message"]._read_group(
            [
                ("case_id", "in", self.ids),
                ("state", "=", "queued"),
                ("approval", "=", "pending"),
            ],
            ["case_id"],
        )
        waiting = self.browse().union(*[row[0] for row in pending])
        for case in self:
            case.has_pending_approval = case in waiting

    @api.depends_context("company")
    def _compute_followup_mode(self):
        for case in self:
            partner = case.partner_id.with_company(case.company_id)
            case.followup_mode = partner.clinic_followup_mode or "auto"

    @api.depends_context("company")
    def _compute_policy_id(self):
        for case in self:
            case.policy_id = case._get_policy()

    def _compute_items_html(self):
        decision = self.env["clinic.followup.decision"]
        for case in self:
            case.items_html = self.env["ir.qweb"]._render(
                "clinic_dunning.case_items", {"rows": case._get_item_rows(decision)}
            )

    def _get_item_rows(self, decision):
        """Return the open items as dictionaries for the case's list.

        The front desk has no right to invoices: number, dates, neutral label and
        amounts are all it sees of them.
        """
        items = decision._explain(self)["items"]
        moves = self.env["account.move"].sudo().browse(row["move_id"] for row in items)
        today = self.company_id._get_clinic_today()
        return [
            {
                **row,
                "patient": move.clinic_patient_id.name or move.partner_id.name,
                "label": move.clinic_service_label or "",
                "currency": self.env["res.currency"].browse(row["currency_id"]),
                "is_overdue": row["date_maturity"] < today,
                "disputed_since": move.clinic_dispute_since,
                "dispute_reason": move.clinic_dispute_reason,
            }
            for row, move in zip(items, moves, strict=True)
        ]

    # -- buttons ----------------------------------------------

    def _open_dialog(self, name, **context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"clinic_dunning.{name}")
        action["context"] = {"default_case_id": self.id, **context}
        return action

    def action_promise(self):
        """Open the call dialog on a promise to pay."""
        return self._open_talk("promise", self.env._("Promise"))

    def action_cannot_pay(self):
        """Open the call dialog on a person who can't pay at present."""
        return self._open_talk("hardship", self.env._("Can't pay"))

    def _open_talk(self, outcome, name):
        """Open the call dialog for a person who stands at the desk."""
        action = self._open_dialog(
            "clinic_call_outcome_action",
            default_outcome=outcome,
            default_by_phone=False,
        )
        return {**action, "name": name}

    def action_dispute(self):
        """Open the dialog that notes which invoices are disputed."""
        return self._open_dialog("clinic_dispute_action")

    def action_pause(self):
        """Open the dialog that pauses the follow-up."""
        return self._open_dialog("clinic_pause_action")

    def action_switch_on(self):
        """Switch the follow-up of these people on again.

        :raise AccessError: for others than officers
        """
        self.env["clinic.message"].check_access("write")
        for case in self:
            partner = case.partner_id.with_company(case.company_id).sudo()
            partner.clinic_followup_mode = False
            case._message_log(body=self.env._("Follow-up switched on."))

    def action_show_link(self):
        """Make a link to the pay page and show it once, to be copied."""
        self.ensure_one()
        link, address = self.env["clinic.link"]._issue(self.partner_id, self.company_id)
        self._message_log(
            body=self.env._(
                "Link to the pay page made: …%(end)s, works until %(date)s.",
                end=address[-4:],
                date=fields.Date.to_string(link.expires_at.date()),
            )
        )
        return self._open_dialog("clinic_link_show_action", default_address=address)

    # -- access log ----------------------------------------------

    def web_read(self, specification):
        if len(self) == 1 and set(specification) - {"display_name"}:
            self._note_opened()
        return super().web_read(specification)

    # Opening a case writes a line of the access log.
    web_read._readonly = False

    def _note_opened(self):
        """Note once a day that this user saw this person's case."""
        if self.env.su or self.env.user._is_superuser() or not self.id:
            return
        logs_sudo = self.env["clinic.access.log"].sudo()
        seen = logs_sudo.search_count(
            [
                ("user_id", "=", self.env.uid),
                ("partner_id", "=", self.sudo().partner_id.id),
                ("company_id", "=", self.sudo().company_id.id),
                ("what", "=", "case"),
                ("date", ">=", self._get_start_of_day()),
            ],
            limit=1,
        )
        if not seen and self.has_access("read"):
            logs_sudo._note(self.partner_id, self.company_id, "case", self.env.user)

    def _get_start_of_day(self):
        zone = pytz.timezone(self.env.user.tz or "UTC")
        start = datetime.combine(fields.Date.context_today(self), time.min)
        return zone.localize(start).astimezone(pytz.utc).replace(tzinfo=None)
