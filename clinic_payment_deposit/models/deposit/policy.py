from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

NATURES = [
    ("deposit", "Refundable deposit"),
    ("acompte", "Acompte: both sides are bound"),
    ("arrhes", "Arrhes: lost by who withdraws, given back twice by the clinic"),
]


class ClinicDepositPolicy(models.Model):
    """Who is asked for what before a visit, and what becomes of it.

    Patients accept its published text; each change of it is a new version.
    """

    _name = "clinic.deposit.policy"
    _description = "Deposit Policy"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        default="draft",
        required=True,
        readonly=True,
        tracking=True,
        copy=False,
    )
    kind = fields.Selection(
        [
            ("none", "Nothing"),
            ("fixed", "A fixed amount"),
            ("percent", "A part of the price"),
            ("full", "The whole price"),
            ("hold", "A hold on the card"),
        ],
        default="fixed",
        required=True,
        tracking=True,
    )
    amount = fields.Monetary(tracking=True, help="Fixed amount; the most that is held.")
    percent = fields.Float(default=30.0, help="Part of the price, in percent.")
    applies = fields.Selection(
        [
            ("all", "Everybody"),
            ("new", "New patients"),
            ("risk", "Patients with a history of unpaid bills"),
            ("above", "Visits above an amount"),
        ],
        default="all",
        required=True,
        tracking=True,
    )
    threshold = fields.Monetary(string="Above", help="Price of the visit.")
    hold_minutes = fields.Integer(
        string="Minutes to Pay",
        default=15,
        required=True,
        help="How long a slot is held for somebody who pays on the page.",
    )
    free_cancel_hours = fields.Integer(
        string="Free Cancellation until (Hours)",
        default=24,
        required=True,
        help="Hours before the visit until which all is given back.",
    )
    late_cancel_share = fields.Float(
        string="Kept for a Late Cancellation", help="In percent of the deposit."
    )
    no_show_share = fields.Float(
        string="Kept for a Missed Visit", help="In percent of the deposit."
    )
    nature = fields.Selection(
        NATURES,
        default="deposit",
        required=True,
        help="What the advance is in law. In France it is arrhes unless the policy "
        "says otherwise (Code de la consommation, art. L214-1).",
    )
    text = fields.Html(
        translate=True, help="What patients accept. Each change is a new version."
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    type_ids = fields.One2many(
        "resource.booking.type", "clinic_deposit_policy_id", string="Visit Types"
    )
    warning = fields.Text(compute="_compute_warning", string="Legal Notes")

    _shares = models.Constraint(
        """CHECK (late_cancel_share BETWEEN 0 AND 100
            AND no_show_share BETWEEN 0 AND 100
            AND percent BETWEEN 0 AND 100 AND amount >= 0)""",
        "Shares are between 0 and 100 percent, an amount is not below zero.",
    )
    _hours = models.Constraint(
        "CHECK (hold_minutes BETWEEN 5 AND 10080 AND free_cancel_hours >= 0)",
        "A slot is held for five minutes at least and for a week at most.",
    )

    def write(self, vals):
        if "text" not in vals:
            return super().write(vals)
        for policy in self:
            is_new = policy.text != vals["text"]
            super(ClinicDepositPolicy, policy).write(
                {**vals, "version": policy.version + is_new}
            )
        return True

    # -- what the law says -------------------------------------------------------------

    def _get_actions(self):
        """Return the acts that the law is asked about, as this policy stands."""
        self.ensure_one()
        if self.kind == "none":
            return []
        asked = "hold" if self.kind == "hold" else "deposit"
        keeps = self.late_cancel_share or self.no_show_share
        return [asked, "keep"] if keeps else [asked]

    @api.depends("kind", "late_cancel_share", "no_show_share", "company_id", "nature")
    def _compute_warning(self):
        rules = self.env["clinic.compliance.rule"]
        for policy in self:
            found = rules.sudo()
            for action in policy._get_actions():
                found |= rules._find_rules(action, policy.company_id)
            policy.warning = "\n".join(rule._get_text() for rule in found)

    def _check_lawful(self):
        """Refuse what the law forbids.

        :raise UserError: with the reason and its source
        """
        rules = self.env["clinic.compliance.rule"]
        for policy in self:
            for action in policy._get_actions():
                rules._check_allowed(action, policy.company_id)

    def _is_lawful(self, way):
        """Return whether nothing forbids what this policy asks for.

        :param str way: how it is really asked for: what can't be held is paid
        """
        rules = self.env["clinic.compliance.rule"]
        return all(
            rules._is_allowed(action, self.company_id)
            for action in self._get_actions()[:1] + ["deposit"] * (way == "pay")
        )

    # -- currency ----------------------------------------------------------------------

    def _has_amount(self):
        """Return whether an amount in the clinic's currency decides what is asked."""
        is_fixed = self.kind == "fixed" or (self.kind == "hold" and self.amount)
        return bool(is_fixed or (self.kind != "none" and self.applies == "above"))

    @api.constrains("state", "kind", "amount", "applies", "type_ids")
    def _check_currency(self):
        """Refuse an amount for visits that are priced in another currency.

        A rate of the day would make it another amount each day than the text says.
        """
        for policy in self:
            if policy.state != "published" or not policy._has_amount():
                continue
            other = policy.type_ids.filtered(
                lambda kind, own=policy.currency_id: kind.clinic_currency_id != own
            )[:1]
            if other:
                raise ValidationError(
                    self.env._(
                        "“%(type)s” is priced in %(other)s, and the amount of "
                        "“%(policy)s” is in %(own)s. Ask for a part of the price, or "
                        "choose another policy for this visit.",
                        type=other.name,
                        other=other.clinic_currency_id.name,
                        policy=policy.name,
                        own=policy.currency_id.name,
                    )
                )

    # -- publishing --------------------------------------------------------------------

    def action_publish(self):
        """Ask for deposits from now on.

        :raise UserError: where the law forbids it, the text is missing, or a provider
            could be told lies
        """
        self._check_lawful()
        for policy in self.filtered(lambda policy: policy.kind != "none"):
            if not policy.text:
                raise UserError(
                    self.env._("Write the text that patients accept before they pay.")
                )
            self.env["payment.provider"]._check_deposits_are_safe(policy.company_id)
        self.state = "published"

    def action_unpublish(self):
        """Ask for nothing any more; deposits that were taken stay as they are."""
        self.state = "draft"
