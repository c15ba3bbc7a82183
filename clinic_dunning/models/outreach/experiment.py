import hashlib

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, ormcache


class ClinicMessageExperiment(models.Model):
    """For some time, compare the variants of a topic with each other and with nothing.

    The variants and their weights are the topic's templates; this adds the days and
    the hold-out: people, drawn by chance, who get no reminder of the topic meanwhile.
    """

    _name = "clinic.message.experiment"
    _description = "Wording Test"
    _inherit = ["clinic.cached"]
    _order = "date_from desc, id desc"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    topic_id = fields.Many2one(
        "clinic.message.topic",
        required=True,
        ondelete="cascade",
        domain=[("purpose", "=", "billing")],
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until", required=True)
    hold_out = fields.Integer(
        string="Hold-out (%)",
        default=10,
        help="So many in a hundred people, drawn by chance, get no reminder of this "
        "topic during the test: you see how many pay anyway. The step counts as done "
        "and the next one comes as usual. Formal notices, and what a person sends by "
        "hand, always go out. 0: nobody.",
    )
    state = fields.Selection(
        [("planned", "Planned"), ("running", "Running"), ("over", "Over")],
        compute="_compute_state",
    )
    summary = fields.Text(compute="_compute_summary")
    template_ids = fields.Many2many(
        "clinic.message.template", compute="_compute_template_ids"
    )

    _in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "The test must begin before it ends."
    )
    _share = models.Constraint(
        "CHECK (hold_out BETWEEN 0 AND 50)",
        "The hold-out is between nobody and half of the people (50).",
    )

    @api.constrains("topic_id", "company_id", "date_from", "date_to", "active")
    def _check_alone(self):
        for test in self.filtered("active"):
            if test.topic_id._is_formal_notice():
                raise ValidationError(self.env._("A formal notice is never tested."))
            others = [
                ("id", "!=", test.id),
                ("topic_id", "=", test.topic_id.id),
                ("company_id", "=", test.company_id.id),
                ("date_from", "<=", test.date_to),
                ("date_to", ">=", test.date_from),
            ]
            if other := self.search(others, limit=1):
                raise ValidationError(
                    self.env._("“%s” tests the same topic in those days.", other.name)
                )

    @api.depends("date_from", "date_to", "company_id")
    def _compute_state(self):
        for test in self:
            today = (test.company_id or self.env.company)._get_clinic_today()
            if test.date_from and test.date_from > today:
                test.state = "planned"
            else:
                over = test.date_to and test.date_to < today
                test.state = "over" if over else "running"

    @api.depends("topic_id")
    def _compute_template_ids(self):
        for test in self:
            test.template_ids = test.topic_id.template_ids.filtered(
                lambda t, test=test: t.company_id in (t.company_id, test.company_id)
            )

    @api.depends("topic_id.template_ids.variant", "hold_out", "date_from", "date_to")
    def _compute_summary(self):
        for test in self:
            ready = test.topic_id and test.date_from and test.date_to
            test.summary = test._describe() if ready else False

    def _describe(self):
        """Return in plain words who gets what."""
        days = self.env._(
            "From %(start)s until %(end)s.",
            start=format_date(self.env, self.date_from),
            end=format_date(self.env, self.date_to),
        )
        return "\n".join([days, self._describe_variants(), self._describe_hold_out()])

    def _describe_variants(self):
        letters = sorted(set(self.template_ids.mapped("variant")))
        if len(letters) < 2:
            return self.env._(
                "“%(topic)s” has one wording only: add a second one with the variant B "
                "to compare two.",
                topic=self.topic_id.name,
            )
        return self.env._(
            "Chance gives each person one of the variants %(letters)s, by their "
            "weights; the person keeps it.",
            letters=", ".join(letters),
        )

    def _describe_hold_out(self):
        if not self.hold_out:
            return self.env._("Everybody gets the reminder: there is no hold-out.")
        return self.env._(
            "%(share)s in 100 people get no “%(topic)s” meanwhile. Formal notices go "
            "out to all.",
            share=self.hold_out,
            topic=self.topic_id.name,
        )

    def action_end(self):
        """End the test with today: from tomorrow on everybody is reminded again."""
        self.check_access("write")
        for test in self.filtered(lambda test: test.state == "running"):
            test.date_to = test.company_id._get_clinic_today()

    # -- who is held out -------------------------------------------------------

    @api.model
    @ormcache("company_id")
    def _get_hold_outs(self, company_id):
        """Return (id, topic id, first day, last day, share) of a company's tests."""
        tests = self.sudo().search(
            [("company_id", "=", company_id), ("hold_out", ">", 0)]
        )
        return tuple(
            (test.id, test.topic_id.id, test.date_from, test.date_to, test.hold_out)
            for test in tests
        )

    @api.model
    def _find_hold_out(self, message):
        """Return the test that keeps this message from its recipient, or none."""
        today = message.company_id._get_clinic_today()
        for test_id, topic_id, first, last, share in self._get_hold_outs(
            message.company_id.id
        ):
            if (
                topic_id == message.topic_id.id
                and first <= today <= last
                and _draw_percent(test_id, message.partner_id.id) < share
            ):
                return self.browse(test_id)
        return self.browse()


def _draw_percent(test_id, person_id):
    """Return a number from 0 to 99, the same for the same person in the same test."""
    digest = hashlib.sha256(f"hold-out:{test_id}:{person_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 // 2**64


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    by_hand = fields.Boolean(readonly=True, help="A person asked for it to be sent.")
    hold_out_id = fields.Many2one(
        "clinic.message.experiment",
        string="Hold-out Of",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    held_out_at = fields.Datetime(readonly=True)

    def _get_hold_out(self):
        """Return the wording test that keeps this reminder back, or none.

        Only what a level says by itself, and never a legal step.
        """
        tests = self.env["clinic.message.experiment"]
        if not self.level_id or self.by_hand or self.level_id._is_legal():
            return tests
        return tests._find_hold_out(self)

    def _hold_out(self, test):
        """Note that this is not said for the sake of the test; the level is spent."""
        self._skip(
            self.env._(
                "In the hold-out of “%(test)s” until %(day)s: not reminded, to "
                "compare.",
                test=test.name,
                day=format_date(self.env, test.date_to),
            ),
            void=False,
        )
        self.write({"hold_out_id": test.id, "held_out_at": fields.Datetime.now()})
