from odoo import api, fields, models
from odoo.exceptions import UserError

from .plan_split import fill_up

TRANSITIONS = {
    "draft": {"proposed", "active", "cancelled"},
    "proposed": {"active", "cancelled"},
    "active": {"kept", "broken", "cancelled"},
    "kept": set(),
    "broken": set(),
    "cancelled": set(),
}
LIVE = ("proposed", "active")


class ClinicPaymentPlan(models.Model):
    """Instalments over chosen items, an overlay on the ledger: nothing is booked here.

    What is paid derives from the items' residuals less open credits. A payment on a
    chosen date is a plan of one instalment.
    """

    _name = "clinic.payment.plan"
    _description = "Payment Plan"
    _inherit = ["mail.thread", "mail.activity.mixin", "clinic.state.machine"]
    _order = "id desc"
    _rec_name = "partner_id"

    _written_by_people = frozenset(
        {"line_ids", "item_ids", "activity_ids", "message_follower_ids"}
    )

    case_id = fields.Many2one(
        "clinic.followup.case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    origin = fields.Selection(
        [("patient", "The patient"), ("clinic", "The clinic")],
        string="Proposed by",
        default="clinic",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("active", "Running"),
            ("kept", "Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
    )
    reason = fields.Char(readonly=True, help="Why it ended.")
    item_ids = fields.One2many("clinic.payment.plan.item", "plan_id", string="Bills")
    line_ids = fields.One2many(
        "clinic.payment.plan.line", "plan_id", string="Instalments"
    )
    amount = fields.Monetary(readonly=True, help="What the instalments add up to.")
    left = fields.Monetary(
        string="Still to Pay",
        compute="_compute_left",
        help="What is open of the bills, less open credits.",
    )
    paid = fields.Monetary(compute="_compute_left")
    due_now = fields.Monetary(compute="_compute_left")
    next_date = fields.Date(string="Next Instalment", compute="_compute_left")
    instalments = fields.Integer(
        string="Number of Instalments", compute="_compute_instalments"
    )
    hold_id = fields.Many2one(
        "clinic.followup.hold",
        readonly=True,
        ondelete="set null",
        help="No reminder while the clinic looks at what the patient asked for.",
    )
    wants_card = fields.Boolean(
        string="Charged Automatically",
        readonly=True,
        help="A saved card is charged on each date, after a notice. Otherwise each "
        "instalment is asked for with a link.",
    )
    token_id = fields.Many2one(
        "payment.token",
        readonly=True,
        ondelete="restrict",
        groups="base.group_system",
    )
    card = fields.Char(compute="_compute_card", compute_sudo=True)
    nonce = fields.Char(readonly=True, copy=False, groups="base.group_system")
    lang = fields.Char(readonly=True)
    touched_at = fields.Datetime(readonly=True)
    accepted_at = fields.Datetime(readonly=True)
    started_at = fields.Datetime(readonly=True)
    accepted_text = fields.Text(readonly=True, help="As it was shown.")
    accepted_ip = fields.Char(string="Accepted from IP Address", readonly=True)
    accepted_user_id = fields.Many2one(
        "res.users",
        string="Acceptance Noted by",
        readonly=True,
        help="Empty: accepted by the patient on the page.",
    )

    _nonce = models.Constraint("UNIQUE (nonce)", "This plan already exists.")

    @api.depends("line_ids")
    def _compute_instalments(self):
        for plan in self:
            plan.instalments = len(plan.line_ids)

    @api.depends("token_id")
    def _compute_card(self):
        for plan in self:
            token = plan.token_id.filtered("active")
            last = (token.payment_details or "")[-4:]
            plan.card = f"•••• {last}" if token else False

    # -- what the ledger says ----------------------------------------------------------

    def _compute_left(self):
        left = self._get_left()
        for plan in self:
            plan.left = left[plan]
            plan.paid = plan.amount - left[plan]
            unpaid = plan._get_shares(left[plan], unpaid=True)
            plan.due_now = plan._get_due(unpaid)
            plan.next_date = min((line.date for line in unpaid), default=False)

    def _get_left(self):
        """Return {plan: what is still to pay of it}, from the ledger as it is now."""
        decision = self.env["clinic.followup.decision"].sudo()
        left = {}
        for company, plans in self.grouped("company_id").items():
            rows = decision._get_open_items(plans.partner_id, company)
            for plan in plans:
                left[plan] = min(plan._weigh(rows), plan.amount)
        return left

    def _weigh(self, rows):
        """Return what is open of this plan: its items' residuals less open credits.

        :param rows: rows of `_get_open_items`, of other people too
        """
        keys = {item._get_key() for item in self.sudo().item_ids}
        mine = [
            row
            for row in rows
            if row["guarantor_id"] == self.partner_id.id
            and row["currency_id"] == self.currency_id.id
            and (row["residual"] < 0 or self._key_of(row) in keys)
        ]
        return self.currency_id.round(
            max(float(sum(row["residual"] for row in mine)), 0.0)
        )

    @api.model
    def _key_of(self, row):
        return (row["move_id"], row["partner_id"], row["date_maturity"])

    def _get_shares(self, left, unpaid=False):
        """Return {line: how much of it is paid (or unpaid)}, in the order of dates.

        :param float left: what is left of the plan, in its currency
        """
        lines = self.line_ids.sorted(lambda line: (line.date, line.id))
        shares = fill_up(lines.mapped("amount"), self.amount - left)
        if not unpaid:
            return dict(zip(lines, shares, strict=True))
        rests = {
            line: self.currency_id.round(line.amount - share)
            for line, share in zip(lines, shares, strict=True)
        }
        return {
            line: rest
            for line, rest in rests.items()
            if self.currency_id.compare_amounts(rest, 0) > 0
        }

    def _get_due(self, unpaid):
        """Return what is due today of what is unpaid by line."""
        today = self.company_id._get_clinic_today()
        return self.currency_id.round(
            sum(amount for line, amount in unpaid.items() if line.date <= today)
        )

    # -- states ------------------------------------------------------------------------

    def _move_to(self, state, **vals):
        """Change the state where that is allowed, compare-and-set.

        :return: the plans that changed; others were moved meanwhile by somebody else
        :raise UserError: for a change that the state machine does not know
        """
        for plan in self:
            if state not in TRANSITIONS[plan.state]:
                raise UserError(self.env._("This is no longer possible for this plan."))
        moved = self.sudo()._compare_and_set(state).sudo(self.env.su)
        moved.sudo().modified(["state"])
        moved.sudo().write(vals)
        moved.sudo().flush_recordset()
        moved.item_ids.flush_recordset()
        moved._tell_follow_up()
        return moved

    def _tell_follow_up(self):
        """What is queued for these people is looked at again; the case tells of it."""
        states = dict(self._fields["state"]._description_selection(self.env))
        for plan in self.sudo():
            plan.case_id._message_log(
                body=self.env._(
                    "Payment plan of %(amount)s: %(state)s. %(reason)s",
                    amount=plan.currency_id.format(plan.amount),
                    state=states[plan.state],
                    reason=plan.reason or "",
                )
            )
            plan._message_log(body=f"{states[plan.state]}. {plan.reason or ''}")
        self.env["clinic.stop.event"]._record(
            [(plan.partner_id.id, plan.company_id.id, False) for plan in self], "held"
        )

    def _touch(self):
        """Let whoever pays and whoever charges come one after the other.

        The second one fails on its old snapshot and is taken again.
        """
        self.sudo().touched_at = fields.Datetime.now()
        self.sudo().flush_recordset(["touched_at"])

    def _end(self, state, reason):
        """End these plans; a charge under way has to end first.

        :raise UserError: in words, while a card is being charged
        """
        self._touch()
        if self.sudo().line_ids.filtered(lambda line: line._is_being_charged()):
            raise UserError(
                self.env._("A payment of this plan is under way. Please wait for it.")
            )
        return self._move_to(state, reason=reason)

    # -- buttons -----------------------------------------------------------------------

    def action_propose(self):
        """Show these plans to the patients, who accept them on their page."""
        self.check_access("write")
        for plan in self:
            plan._fit_ledger()
        self._move_to("proposed")

    def action_spread(self):
        """Make the instalments equal parts of what is open now, on their days."""
        self.check_access("write")
        for plan in self:
            plan._check_editable()
            plan.sudo().amount = plan._get_open()
            plan._spread(plan.line_ids.sorted("date").mapped("date"))

    def action_accepted_by_word(self):
        """Note that the patients accepted these plans at the desk or on the phone."""
        self.check_access("write")
        for plan in self:
            plan._accept(user=self.env.user)

    def action_approve(self):
        """Begin the plans that patients asked for."""
        self.check_access("write")
        for plan in self:
            if not plan.accepted_at:
                raise UserError(self.env._("The patient has not accepted it yet."))
            plan._fit_ledger()
            plan._start()

    def action_cancel(self):
        """End these plans: the former level of the follow-up goes on."""
        self.check_access("write")
        self._end("cancelled", self.env._("Cancelled by %s.", self.env.user.name))

    def action_open_case(self):
        """Open the follow-up case of this plan."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.followup.case",
            "res_id": self.case_id.id,
            "view_mode": "form",
        }
