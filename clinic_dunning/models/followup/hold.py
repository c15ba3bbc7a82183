from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

MAX_DAYS = {"says_paid": 10}
LONGEST_PAUSE = 30
UNLIMITED = {"deceased", "plan", "protected"}


class ClinicFollowupHold(models.Model):
    _name = "clinic.followup.hold"
    _description = "Pause of a Follow-up"
    _order = "start_date desc, id desc"

    case_id = fields.Many2one(
        "clinic.followup.case", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="case_id.partner_id")
    reason = fields.Selection(
        [
            ("says_paid", "Says it is paid"),
            ("promise", "Promise to pay"),
            ("plan", "Instalment plan"),
            ("dispute", "Dispute"),
            ("hardship", "Can't pay at present"),
            ("insurer", "Insurer pending"),
            ("complaint", "Complaint"),
            ("deceased", "Deceased"),
            ("wrong_number", "Wrong number or address"),
            ("protected", "Minor or protected adult"),
            ("asked", "Asked to be left alone"),
            ("other", "Other"),
        ],
        required=True,
    )
    note = fields.Char(help="In neutral words: never anything about health.")
    start_date = fields.Date(
        compute="_compute_start_date",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    end_date = fields.Date(
        help="First day on which the follow-up goes on. Empty only where nothing "
        "will change."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Paused by",
        default=lambda self: self.env.user,
        readonly=True,
        required=True,
    )
    days = fields.Integer(
        compute="_compute_days", store=True, help="How long it lasts, where it ends."
    )
    is_active = fields.Boolean(compute="_compute_is_active", search="_search_is_active")

    @api.depends("case_id")
    def _compute_start_date(self):
        for hold in self:
            company = hold.case_id.company_id or self.env.company
            hold.start_date = hold.start_date or company._get_clinic_today()

    @api.depends("start_date", "end_date")
    def _compute_days(self):
        for hold in self:
            ends = hold.end_date or hold.start_date
            hold.days = (ends - hold.start_date).days

    @api.depends("start_date", "end_date")
    def _compute_is_active(self):
        for hold in self:
            today = (hold.company_id or self.env.company)._get_clinic_today()
            hold.is_active = hold.start_date <= today and (
                not hold.end_date or hold.end_date > today
            )

    def _search_is_active(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "in", companies.ids)
            & Domain("start_date", "<=", today)
            & (Domain("end_date", "=", False) | Domain("end_date", ">", today))
            for today, companies in self.env["res.company"]._get_clinic_days()
        )

    @api.constrains("start_date", "end_date", "reason", "note")
    def _check_end_date(self):
        for hold in self:
            if hold.reason not in UNLIMITED and not hold.end_date:
                raise ValidationError(
                    self.env._("Say until when the follow-up is paused.")
                )
            if hold.end_date and hold.end_date <= hold.start_date:
                raise ValidationError(self.env._("A pause must end after it starts."))
            if hold.reason == "other" and not hold.note:
                raise ValidationError(
                    self.env._("Say in a few words why it is paused.")
                )
            hold._check_length()

    def _check_length(self):
        longest = MAX_DAYS.get(self.reason, LONGEST_PAUSE)
        if self.reason in UNLIMITED or self.env.user.has_group(
            "clinic_dunning.group_billing_officer"
        ):
            return
        today = self.company_id._get_clinic_today()
        if (self.end_date - today).days > longest:
            raise ValidationError(
                self.env._("The front desk can pause for %s days at most.", longest)
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{**vals, "user_id": self.env.uid} for vals in vals_list]
        holds = super().create(vals_list)
        holds._tell_case()
        return holds

    def write(self, vals):
        """A pause keeps its case, author, reason and start: only its end moves.

        :raise AccessError: for another field
        """
        if not self.env.su and not {"end_date", "note"}.issuperset(vals):
            raise AccessError(
                self.env._("Only the end of a pause can be changed: note a new one.")
            )
        return super().write(vals)

    def _tell_case(self):
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        for hold in self:
            hold.case_id._message_log(
                body=self.env._(
                    "Paused until %(end)s: %(reason)s. %(note)s",
                    end=hold.end_date or self.env._("further notice"),
                    reason=reasons[hold.reason],
                    note=hold.note or "",
                )
            )
        self.env["clinic.stop.event"]._record(
            [(hold.partner_id.id, hold.company_id.id, False) for hold in self], "held"
        )

    def action_end(self):
        """End these pauses today."""
        self.check_access("write")
        for hold in self:
            today = hold.company_id._get_clinic_today()
            if hold.start_date >= today:
                hold.sudo().unlink()
            else:
                hold.end_date = today
