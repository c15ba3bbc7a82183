import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .moment import Moment

_logger = logging.getLogger(__name__)


class ClinicFollowupPolicy(models.Model):
    _name = "clinic.followup.policy"
    _description = "Follow-up Policy"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _order = "company_id, name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [("draft", "Off"), ("active", "On")],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    first_run_done = fields.Boolean(copy=False, readonly=True)
    last_run_at = fields.Datetime(copy=False, readonly=True)
    last_run_problem = fields.Char(copy=False, readonly=True)
    level_ids = fields.One2many("clinic.followup.level", "policy_id", copy=True)
    tolerance = fields.Monetary(
        tracking=True, help="Nobody is reminded of less than this amount."
    )
    min_days = fields.Integer(
        string="Days Between Reminders",
        default=3,
        tracking=True,
        help="At least so many days between two reminders to one person.",
    )
    pilot_category_id = fields.Many2one(
        "res.partner.category",
        string="Pilot Group",
        ondelete="restrict",
        tracking=True,
        help="Only people with this tag are reminded, all others not yet. Empty it to "
        "go on with everybody.",
    )
    start_date = fields.Date(
        tracking=True, help="Nothing is decided before this day. Empty: at once."
    )
    catch_up = fields.Selection(
        [
            ("first_level", "at the first level"),
            ("by_age", "at the level of its age, never at a formal notice"),
        ],
        string="Old Debt Enters",
        required=True,
        default="first_level",
        tracking=True,
    )
    stale_bank_days = fields.Integer(
        string="Bank Entries at Most (days) Old",
        tracking=True,
        help="No reminder is decided while one of the journals has no newer entry: "
        "the patient may have paid. 0: no check.",
    )
    stale_journal_ids = fields.Many2many(
        "account.journal",
        string="Journals to Watch",
        domain="[('type', 'in', ('bank', 'cash'))]",
        check_company=True,
    )
    window_from = fields.Float(
        string="Write From", default=9.0, help="In the time zone of the patient."
    )
    window_to = fields.Float(string="Write Until", default=19.0)
    window_weekend = fields.Boolean(string="Also at Weekends")
    weekly_cap = fields.Integer(
        string="Messages per Week at Most",
        default=3,
        help="To one address, over all companies of this Odoo. 0: no limit.",
    )
    payment_policy_text = fields.Html(
        string="Published Payment Policy", translate=True, sanitize=True
    )
    payment_policy_version = fields.Integer(default=1, readonly=True, copy=False)
    problem_text = fields.Text(
        string="What is Missing", compute="_compute_problem_text"
    )
    is_company_default = fields.Boolean(compute="_compute_is_company_default")
    case_count = fields.Integer(compute="_compute_case_count")

    _window = models.Constraint(
        "CHECK (0 <= window_from AND window_from < window_to AND window_to <= 24)",
        "The sending window must begin before it ends, within one day.",
    )
    _not_negative = models.Constraint(
        "CHECK (tolerance >= 0 AND min_days >= 0 AND weekly_cap >= 0 AND "
        "stale_bank_days >= 0)",
        "Amounts, days and limits of a policy can't be negative.",
    )
    _within_reason = models.Constraint(
        "CHECK (min_days <= 3650 AND stale_bank_days <= 3650 AND weekly_cap <= 1000)",
        "A policy counts ten years and a thousand messages at most.",
    )

    @api.depends(
        "catch_up",
        "level_ids.delay",
        "level_ids.expire_days",
        "level_ids.legal_step",
        "level_ids.sequence",
        "level_ids.topic_id",
        "level_ids.route_id.line_ids",
    )
    def _compute_problem_text(self):
        for policy in self:
            policy.problem_text = "\n".join(policy._get_defects())

    @api.depends("company_id.clinic_followup_policy_id")
    def _compute_is_company_default(self):
        for policy in self:
            policy.is_company_default = (
                policy.company_id.clinic_followup_policy_id == policy
            )

    def _compute_case_count(self):
        groups = self.env["clinic.followup.entry"]._read_group(
            [("level_id.policy_id", "in", self.ids), ("state", "!=", "void")],
            ["level_id"],
            ["case_id:array_agg"],
        )
        for policy in self:
            policy.case_count = len(
                {
                    case
                    for level, cases in groups
                    if level in policy.level_ids
                    for case in cases
                }
            )

    @api.constrains("level_ids")
    def _check_level_sequences(self):
        for policy in self:
            sequences = policy.level_ids.mapped("sequence")
            if len(sequences) != len(set(sequences)):
                raise ValidationError(
                    self.env._(
                        "Two levels of “%s” have the same place in the order.",
                        policy.name,
                    )
                )

    def write(self, vals):
        if "payment_policy_text" in vals:
            for policy in self:
                if policy.payment_policy_text != vals["payment_policy_text"]:
                    policy.payment_policy_version += 1
        # Levels that change places are written one by one and looked at together.
        together = self.with_context(clinic_levels_together=True)
        return super(ClinicFollowupPolicy, together).write(vals)

    def _get_defects(self):
        """Return why this policy can't work, one sentence each (none: it can)."""
        self.ensure_one()
        if not self.level_ids:
            return [
                self.env._("The policy has no level: add one, or start from a preset.")
            ]
        defects = [
            defect for level in self.level_ids for defect in level._get_defects()
        ]
        if self.catch_up == "by_age" and not self._has_level_for_old_debt():
            defects.append(
                self.env._(
                    "Old debt can't begin with a formal notice: add a reminder that "
                    "comes "
                    "before it and is never too late."
                )
            )
        return defects

    def _has_level_for_old_debt(self):
        legal = self.level_ids.filtered(lambda level: level._is_legal())
        return not legal or self.level_ids.filtered(
            lambda level: not level._is_legal()
            and not level.expire_days
            and level.delay >= 0
            and level.sequence < min(legal.mapped("sequence"))
        )

    def action_activate(self):
        """Switch the policy on and make it its company's, where that has none."""
        for policy in self:
            if policy.problem_text:
                raise UserError(policy.problem_text)
            policy._check_clinic_names()
            policy.state = "active"
            if not policy.company_id.clinic_followup_policy_id:
                policy.company_id.sudo().clinic_followup_policy_id = policy

    def _check_clinic_names(self):
        """Refuse names under which no message could leave, branches included."""
        companies_sudo = self.env["res.company"].sudo()
        for company_sudo in companies_sudo.search(
            [("id", "child_of", self.company_id.ids)]
        ):
            company_sudo._check_clinic_name_is_neutral()

    def action_deactivate(self):
        """Switch the policy off: it decides nothing new, what waits is not sent."""
        self.state = "draft"

    def action_make_default(self):
        """Make it the policy of all patients of its company that have no own."""
        for policy in self:
            policy.company_id.sudo().clinic_followup_policy_id = policy

    def _get_stale_journals(self, day):
        """Return the watched journals without an entry in the last days."""
        self.ensure_one()
        if not self.stale_bank_days:
            return self.env["account.journal"]
        since = day - timedelta(days=self.stale_bank_days)
        journals = self.stale_journal_ids.sudo()
        fresh = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("journal_id", "in", journals.ids),
                    ("state", "=", "posted"),
                    ("date", ">=", since),
                ],
                ["journal_id"],
            )
        )
        return journals - self.env["account.journal"].union(*[row[0] for row in fresh])

    def _get_standstill(self, moment):
        """Return why the whole policy decides nothing at that moment, or ''.

        :param Moment moment: the moment as the clinic sees it
        """
        self.ensure_one()
        if self.state != "active":
            return self.env._("The policy “%s” is off.", self.name)
        if self.start_date and moment.today < self.start_date:
            return self.env._(
                "The policy “%(policy)s” starts on %(date)s.",
                policy=self.name,
                date=self.start_date,
            )
        if stale := self._get_stale_journals(moment.today):
            return self.env._(
                "No bank entry for %(days)s days in %(journals)s: import the bank "
                "statement first, patients may have paid.",
                days=self.stale_bank_days,
                journals=", ".join(stale.mapped("name")),
            )
        return self.problem_text or ""

    def _note_run(self, problem):
        """Remember the last run and what stood in its way ("": nothing)."""
        self.write({"last_run_at": fields.Datetime.now(), "last_run_problem": problem})

    @api.model
    def _cron_decide(self):
        """Scheduled action: decide for every company, then write the messages."""
        companies = self.env["res.company"].search(Domain.TRUE)
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            self.env["clinic.followup.decision"]._decide_safely(company)
            self.env["ir.cron"]._commit_progress(1)
        self.env["clinic.message"]._trigger_compose()

    def _get_moment(self):
        """Return now as the clinic of this policy sees it."""
        return Moment(fields.Datetime.now(), self.company_id._get_clinic_tz())
