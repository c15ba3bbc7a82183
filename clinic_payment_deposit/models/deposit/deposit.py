from odoo import api, fields, models
from odoo.exceptions import UserError

from .policy import NATURES

# What is not listed is forbidden: the machine raises.
TRANSITIONS = {
    "requested": {"pending", "authorized", "paid", "expired", "released"},
    "pending": {"authorized", "paid", "requested", "expired", "released"},
    "authorized": {"paid", "released", "exception"},
    "paid": {"applied", "kept", "refunded", "exception"},
    "expired": {"requested", "authorized", "paid", "exception"},
    "released": {"exception"},
    "applied": {"paid", "exception"},
    "kept": {"paid", "exception"},
    "refunded": {"exception"},
    "exception": {"paid", "applied", "kept", "refunded", "released"},
}
STATES = [
    ("requested", "Asked for"),
    ("pending", "Being paid"),
    ("authorized", "Held on the card"),
    ("paid", "Paid"),
    ("applied", "Used for a bill"),
    ("refunded", "Given back"),
    ("kept", "Kept"),
    ("released", "Released"),
    ("expired", "Expired"),
    ("exception", "To look at"),
]
WAITING = ("requested", "pending")
# States that lines decide, once there is money.
FOLLOWING = ("paid", "applied", "kept", "refunded", "exception")
SECURED = ("authorized", "paid", "applied", "kept")
ENDED = ("applied", "refunded", "kept", "released", "expired")


class ClinicDeposit(models.Model):
    """Money, or a hold on a card, asked for before a visit.

    What was paid, used, given back and kept are lines that follow the ledger; the state
    follows the lines. Nothing of it hangs on the calendar's event.
    """

    _name = "clinic.deposit"
    _description = "Deposit"
    _inherit = ["mail.thread", "mail.activity.mixin", "clinic.state.machine"]
    _order = "id desc"
    _check_company_auto = True

    _written_by_people = frozenset({"activity_ids", "message_follower_ids"})

    booking_id = fields.Many2one(
        "resource.booking", readonly=True, index="btree_not_null", ondelete="set null"
    )
    type_id = fields.Many2one(
        "resource.booking.type", string="Visit Type", readonly=True, ondelete="set null"
    )
    visit_start = fields.Datetime(string="Visit", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    patient_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    state = fields.Selection(
        STATES, default="requested", required=True, readonly=True, index=True
    )
    way = fields.Selection(
        [("pay", "Paid"), ("hold", "Held on the card"), ("card", "Saved card")],
        default="pay",
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(
        string="Asked for", readonly=True, required=True, aggregator="sum"
    )
    pay_by = fields.Datetime(readonly=True, help="When the slot is given back.")
    free_until = fields.Datetime(string="Free Cancellation until", readonly=True)
    reason = fields.Char(readonly=True, help="Why it ended.")
    cancelled_on = fields.Datetime(
        readonly=True, help="When what to keep and to give back was decided."
    )
    lang = fields.Char(readonly=True)
    nonce = fields.Char(readonly=True, copy=False, groups="base.group_system")
    touched_at = fields.Datetime(readonly=True)
    warned_at = fields.Datetime(readonly=True)

    policy_id = fields.Many2one(
        "clinic.deposit.policy", readonly=True, ondelete="restrict"
    )
    policy_version = fields.Integer(readonly=True)
    policy_text = fields.Html(readonly=True, help="As it was shown.")
    nature = fields.Selection(NATURES, default="deposit", required=True, readonly=True)
    free_cancel_hours = fields.Integer(
        string="Free Cancellation until (Hours)", readonly=True
    )
    late_cancel_share = fields.Float(readonly=True)
    no_show_share = fields.Float(readonly=True)
    acceptance_id = fields.Many2one(
        "clinic.policy.acceptance", readonly=True, ondelete="restrict"
    )

    line_ids = fields.One2many("clinic.deposit.line", "deposit_id", readonly=True)
    transaction_ids = fields.One2many(
        "payment.transaction", "clinic_deposit_id", readonly=True
    )
    paid = fields.Monetary(compute="_compute_amounts", store=True)
    applied = fields.Monetary(string="Used", compute="_compute_amounts", store=True)
    refunded = fields.Monetary(
        string="Given back", compute="_compute_amounts", store=True
    )
    kept = fields.Monetary(compute="_compute_amounts", store=True)
    open = fields.Monetary(
        compute="_compute_amounts",
        store=True,
        help="Paid, less what was used, given back and kept.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A deposit is above zero."
    )
    _nonce = models.Constraint("UNIQUE (nonce)", "This deposit already exists.")
    _waiting = models.Index("(pay_by) WHERE state IN ('requested', 'pending')")

    @api.depends("partner_id", "visit_start")
    def _compute_display_name(self):
        for deposit in self:
            name = self.env._("Deposit %s", deposit.id or "")
            deposit.display_name = f"{name} · {deposit.partner_id.name or ''}"

    @api.depends("line_ids.kind", "line_ids.amount")
    def _compute_amounts(self):
        for deposit in self:
            sums = dict.fromkeys(("paid", "applied", "refunded", "kept"), 0.0)
            for line in deposit.line_ids:
                if line.kind in sums:
                    sums[line.kind] += line.amount
            taken = sums["applied"] + sums["refunded"] + sums["kept"]
            deposit.update(sums | {"open": sums["paid"] - taken})

    # -- states ------------------------------------------------------------------------

    def _move_to(self, state, **vals):
        """Change the state where that is allowed, compare-and-set.

        :return: the deposits that changed; others were moved meanwhile by somebody else
        :raise UserError: for a change that the state machine does not know
        """
        names = dict(STATES)
        for deposit in self:
            if state not in TRANSITIONS[deposit.state]:
                raise UserError(
                    self.env._(
                        "A deposit that is “%(old)s” can't become “%(new)s”.",
                        old=names[deposit.state],
                        new=names[state],
                    )
                )
        before = {deposit.id: deposit.state for deposit in self}
        moved = self._compare_and_set(state)
        if vals:
            moved.write(vals)
        moved.sudo()._log_move(before)
        return moved

    def _log_move(self, before):
        """Note in the chatter what became of these deposits, and why."""
        names = dict(self._fields["state"]._description_selection(self.env))
        self._message_log_batch(
            bodies={
                deposit.id: " → ".join(
                    (names[before[deposit.id]], names[deposit.state])
                )
                + (f": {deposit.reason}" if deposit.reason else "")
                for deposit in self
            }
        )

    def _lock(self):
        """Let two acts on one deposit come one after the other.

        The second one fails on its old snapshot; Odoo replays requests.
        """
        self.sudo().touched_at = fields.Datetime.now()
        self.flush_recordset(["touched_at"])

    def _derive(self):
        """Let the state follow the lines, once there is money."""
        for deposit in self:
            state = deposit._get_derived_state()
            if state and state != deposit.state:
                deposit._step_to(state)

    def _step_to(self, state):
        """Move on; what was used or kept becomes open money before anything else."""
        if self.state in ("applied", "kept") and state != "paid":
            self._move_to("paid")
        if self.state == "refunded":
            state = "exception"
        self._move_to(state)

    def _get_derived_state(self):
        """Return what the lines make of it, or None where they don't decide."""
        self.ensure_one()
        is_open = self.currency_id.compare_amounts(self.open, 0)
        if self.state == "exception" and (is_open or self._get_quarrels()):
            return None
        if self.state in FOLLOWING and self.currency_id.compare_amounts(self.paid, 0):
            return "paid" if is_open else self._get_final_state()
        return None

    def _get_final_state(self):
        """Return what became of money of which nothing is open."""
        if self.currency_id.compare_amounts(self.applied, 0):
            return "applied"
        return "kept" if self.currency_id.compare_amounts(self.kept, 0) else "refunded"

    def _get_quarrels(self):
        """Return the open exceptions that only a person can settle (sudo)."""
        return (
            self.env["clinic.payment.exception"]
            .sudo()
            .search(
                [
                    ("transaction_id", "in", self.sudo().transaction_ids.ids),
                    ("kind", "in", ("disputed", "charged_back", "bounced")),
                    ("state", "=", "open"),
                ]
            )
        )

    def _resolve(self):
        """Go on after a person has dealt with what was on the list.

        Money that is still open is a deposit again; where nothing came, it is released.
        """
        for deposit in self.filtered(lambda deposit: deposit.state == "exception"):
            is_paid = deposit.currency_id.compare_amounts(deposit.paid, 0)
            is_open = deposit.currency_id.compare_amounts(deposit.open, 0)
            final = "paid" if is_open else deposit._get_final_state()
            deposit._move_to(final if is_paid else "released")

    def _is_secured(self):
        """Return whether the visit may be confirmed."""
        self.ensure_one()
        return self.state in SECURED or self._has_card()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A deposit can't be deleted."))


class ClinicDepositLine(models.Model):
    """An amount of a deposit: what came, and what became of it."""

    _name = "clinic.deposit.line"
    _description = "Amount of a Deposit"
    _order = "id"
    _rec_name = "kind"

    deposit_id = fields.Many2one(
        "clinic.deposit", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="deposit_id.company_id", store=True)
    currency_id = fields.Many2one(related="deposit_id.currency_id", store=True)
    kind = fields.Selection(
        [
            ("paid", "Paid"),
            ("applied", "Used for a bill"),
            ("refunded", "Given back"),
            ("kept", "Kept"),
            ("released", "Hold released"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(required=True, readonly=True)
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    payment_id = fields.Many2one(
        "account.payment", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Document",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The bill or fee that it was used for.",
    )
    partial_id = fields.Many2one(
        "account.partial.reconcile",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The matching in the ledger that this amount follows.",
    )

    _positive = models.Constraint("CHECK (amount > 0)", "An amount is above zero.")
    _one_paid = models.UniqueIndex(
        "(payment_id) WHERE kind = 'paid'", "This payment is a deposit already."
    )
