from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ClinicFollowupLevel(models.Model):
    _name = "clinic.followup.level"
    _description = "Follow-up Level"
    _order = "policy_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    policy_id = fields.Many2one(
        "clinic.followup.policy", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="policy_id.company_id")
    sequence = fields.Integer(default=10, required=True)
    anchor = fields.Selection(
        [
            ("first_request", "first payment request"),
            ("invoice_date", "invoice date"),
            ("due_date", "due date"),
        ],
        required=True,
        default="due_date",
        help="The moment from which the delay counts.",
    )
    delay = fields.Integer(
        help="Negative: before the moment. A level before the due date is never sent "
        "late.",
    )
    delay_unit = fields.Selection(
        [("hours", "hours"), ("days", "days")], required=True, default="days"
    )
    expire_days = fields.Integer(
        string="Not Later Than (days)",
        help="An item that is older than this enters at the following level. 0: no "
        "limit.",
    )
    pause_minutes = fields.Integer(
        string="Wait Before Sending (minutes)",
        help="Who pays at the desk meanwhile gets no message.",
    )
    repeat_every = fields.Integer(
        string="Repeat Every (days)", help="0: the level happens once."
    )
    max_repeats = fields.Integer(string="Repeats at Most")
    mode = fields.Selection(
        [
            ("auto", "Automatic"),
            ("approval", "After approval"),
            ("manual", "Sent by a person"),
        ],
        required=True,
        default="auto",
    )
    topic_id = fields.Many2one("clinic.message.topic", ondelete="restrict")
    route_id = fields.Many2one(
        "clinic.contact.route", ondelete="restrict", check_company=True
    )
    legal_step = fields.Selection(
        [
            ("courtesy", "Courtesy"),
            ("reminder", "Reminder"),
            ("formal_notice", "Formal notice"),
            ("agency", "Collection agency or court"),
        ],
        required=True,
        default="reminder",
    )
    requires_prepayment = fields.Boolean(
        help="Patients at this level are asked to pay their next visit beforehand."
    )
    moment_text = fields.Char(string="When", compute="_compute_moment_text")

    _repeats_positive = models.Constraint(
        "CHECK (repeat_every >= 0 AND max_repeats >= 0 AND expire_days >= 0 "
        "AND pause_minutes >= 0)",
        "Repeats and limits can't be negative.",
    )
    _within_reason = models.Constraint(
        "CHECK (abs(delay) <= CASE delay_unit WHEN 'hours' THEN 87600 ELSE 3650 END "
        "AND expire_days <= 3650 AND repeat_every <= 3650 AND max_repeats <= 999 "
        "AND sequence BETWEEN 0 AND 1000000 AND pause_minutes <= 10080)",
        "A level counts ten years and 999 repeats at most.",
    )

    @api.depends("anchor", "delay", "delay_unit", "repeat_every", "max_repeats")
    @api.depends_context("lang")
    def _compute_moment_text(self):
        anchors = dict(self._fields["anchor"]._description_selection(self.env))
        units = dict(self._fields["delay_unit"]._description_selection(self.env))
        for level in self:
            values = {
                "number": abs(level.delay),
                "unit": units.get(level.delay_unit),
                "anchor": anchors.get(level.anchor),
            }
            if level.delay < 0:
                text = self.env._("%(number)s %(unit)s before the %(anchor)s", **values)
            elif level.delay:
                text = self.env._("%(number)s %(unit)s after the %(anchor)s", **values)
            else:
                text = self.env._("on the %(anchor)s", **values)
            level.moment_text = text + level._get_repeat_text()

    def _get_repeat_text(self):
        self.ensure_one()
        if not (self.repeat_every and self.max_repeats):
            return ""
        return self.env._(
            ", then every %(days)s days, %(times)s times at most",
            days=self.repeat_every,
            times=self.max_repeats,
        )

    @api.constrains("anchor", "delay", "repeat_every")
    def _check_before_due(self):
        for level in self:
            if level.delay < 0 and level.anchor != "due_date":
                raise ValidationError(
                    self.env._(
                        "“%(level)s”: only the due date can have a level before it.",
                        level=level.name,
                    )
                )
            if level.delay < 0 and level.repeat_every:
                raise ValidationError(
                    self.env._(
                        "“%(level)s”: a level before the due date can't repeat.",
                        level=level.name,
                    )
                )

    @api.constrains("sequence", "policy_id")
    def _check_sequence(self):
        if not self.env.context.get("clinic_levels_together"):
            self.policy_id._check_level_sequences()

    def _is_before_due(self):
        """Return whether this is a note ahead of the due date."""
        return self.anchor == "due_date" and self.delay < 0

    def _is_legal(self):
        """Return whether this is a formal notice or what comes after it."""
        return self.legal_step in ("formal_notice", "agency")

    def _get_defects(self):
        """Return why this level can't work, one sentence each (none: it can)."""
        self.ensure_one()
        defects = []
        if not self.topic_id:
            defects.append(self.env._("Level “%s” has no topic.", self.name))
        if not self.route_id.line_ids:
            defects.append(
                self.env._("Level “%s” has no route to reach the patient.", self.name)
            )
        return defects

    def _get_wording(self):
        """Return (channel, {language: text}) for each channel of the level's route."""
        self.ensure_one()
        templates = self.env["clinic.message.template"]
        languages = dict(templates._fields["language"]._description_selection(self.env))
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        return [
            (
                channels[channel],
                {
                    languages[language]: text
                    for language, text in templates._preview_topic(
                        self.topic_id, channel, self.policy_id.company_id
                    ).items()
                },
            )
            for channel in dict.fromkeys(sum(self.route_id._get_legs(), []))
        ]
