from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.deposit.desk import DESK, MANAGER, OFFICER

# Who may do what: the front desk takes money, managers give it back.
GROUPS = {
    "receive": DESK,
    "capture": OFFICER,
    "keep": OFFICER,
    "refund": MANAGER,
    "give_back": MANAGER,
}
BY_HAND = ("receive", "give_back")


class ClinicDepositAct(models.TransientModel):
    """One act on a deposit, of a part or of all of it, once."""

    _name = "clinic.deposit.act"
    _description = "Act on a Deposit"
    _inherit = ["clinic.dialog", "clinic.desk.means"]

    act = fields.Selection(
        [
            ("receive", "Paid at the desk"),
            ("capture", "Take from the card"),
            ("keep", "Keep by a fee"),
            ("refund", "Give back"),
            ("give_back", "Given back by hand"),
        ],
        required=True,
        readonly=True,
    )
    deposit_id = fields.Many2one("clinic.deposit", required=True, readonly=True)
    company_id = fields.Many2one(related="deposit_id.company_id")
    currency_id = fields.Many2one(related="deposit_id.currency_id")
    most = fields.Monetary(string="At Most", compute="_compute_most")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    is_accepted = fields.Boolean(related="deposit_id.is_accepted")
    has_accepted = fields.Boolean(
        string="The patient has read and accepted the terms",
        help="Without it, all is given back, however late the visit is cancelled.",
    )
    policy_text = fields.Html(related="deposit_id.policy_text")
    consequence = fields.Char(compute="_compute_consequence")

    @api.depends("act", "deposit_id")
    def _compute_most(self):
        for act in self:
            deposit = act.deposit_id.sudo()
            act.most = {
                "receive": deposit.amount,
                "capture": deposit._get_hold().amount,
                "keep": deposit._get_most_to_keep(),
                "refund": deposit._get_free(),
                "give_back": deposit._get_to_give_back(),
            }.get(act.act, 0.0)

    @api.depends("most")
    def _compute_amount(self):
        for act in self:
            act.amount = act.most

    @api.depends("act")
    def _compute_journal_id(self):
        result = super()._compute_journal_id()
        self.filtered(lambda act: act.act not in BY_HAND).journal_id = False
        return result

    @api.depends("act")
    def _compute_consequence(self):
        texts = {
            "receive": self.env._("The visit is confirmed, its link asks no more."),
            "capture": self.env._("The rest of what is held on the card is released."),
            "keep": self.env._(
                "It is kept by a fee that the patient receives, where the law and the "
                "accepted terms allow it. The rest stays open, a hold is released."
            ),
            "refund": self.env._(
                "It goes back to where it came from; the patient is told."
            ),
            "give_back": self.env._("Record it once the patient has the money."),
        }
        for act in self:
            act.consequence = texts.get(act.act)

    def action_do(self):
        """Do it, once, as far as it is open.

        :raise AccessError: for another role; :raise UserError: in words
        """
        self.ensure_one()
        self.deposit_id._check_group(GROUPS[self.act])
        self._check()
        getattr(self, f"_do_{self.act}")(self.deposit_id.sudo())
        return {"type": "ir.actions.act_window_close"}

    def _check(self):
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Enter an amount."))
        if self.act in BY_HAND:
            self._check_journal()

    def _do_receive(self, deposit):
        """Take the deposit at the desk: all of it, a part confirms no visit."""
        if self.currency_id.compare_amounts(self.amount, deposit.amount):
            raise UserError(
                self.env._("The deposit is %s.", deposit._format(deposit.amount))
            )
        if self.has_accepted:
            deposit._accept({"version": deposit.policy_version, "lang": deposit.lang})
        deposit._receive_by_hand(self.journal_id.sudo(), self.token)

    def _do_give_back(self, deposit):
        deposit._give_back_by_hand(self.journal_id.sudo(), self.token, self.amount)

    def _do_capture(self, deposit):
        deposit._capture(self.amount)

    def _do_keep(self, deposit):
        deposit._keep(self.amount)

    def _do_refund(self, deposit):
        deposit._refund(self.amount)
        deposit.transaction_ids.child_transaction_ids._post_process_now()
