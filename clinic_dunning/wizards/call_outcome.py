from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

NOTES_WANTED = ("wrong_number", "dispute")
PAUSE_DAYS = 30


class ClinicCallOutcome(models.TransientModel):
    """How a call ended. Each outcome acts on the case: `_apply_<outcome>`."""

    _name = "clinic.call.outcome"
    _description = "How the Call Ended"
    _inherit = ["clinic.dialog"]

    case_id = fields.Many2one("clinic.followup.case", required=True, readonly=True)
    company_id = fields.Many2one(related="case_id.company_id")
    partner_id = fields.Many2one(related="case_id.partner_id")
    phone = fields.Char(related="case_id.phone")
    birth_date = fields.Date(related="case_id.birth_date")
    currency_id = fields.Many2one(related="case_id.currency_id")
    amount_due = fields.Monetary(related="case_id.amount_due")
    amount_overdue = fields.Monetary(related="case_id.amount_overdue")
    reason_text = fields.Char(related="case_id.reason_text")
    script = fields.Html(string="What to Say", compute="_compute_script")
    outcome = fields.Selection(
        selection=lambda self: self.env["clinic.call"]
        ._fields["outcome"]
        ._description_selection(self.env),
        required=True,
        default="no_answer",
    )
    by_phone = fields.Boolean(default=True, readonly=True)
    promise_date = fields.Date(
        string="Pays by",
        compute="_compute_promise",
        store=True,
        precompute=True,
        readonly=False,
    )
    promise_currency_id = fields.Many2one(
        "res.currency",
        string="Promised Currency",
        compute="_compute_promise",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('id', 'in', currency_ids)]",
    )
    promise_amount = fields.Monetary(
        string="Promised Amount",
        compute="_compute_promise_amount",
        store=True,
        precompute=True,
        readonly=False,
        currency_field="promise_currency_id",
    )
    currency_ids = fields.Many2many(
        "res.currency", string="Open Currencies", compute="_compute_currency_ids"
    )
    note = fields.Char(help="In neutral words: never anything about health.")
    line_ids = fields.One2many(
        "clinic.dispute.line",
        "call_id",
        string="Disputed Invoices",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("case_id")
    def _compute_currency_ids(self):
        for call in self:
            statement = call.case_id._origin._get_virtual_link()._get_statement()
            call.currency_ids = self.env["res.currency"].browse(statement.currency_ids)

    @api.depends("case_id")
    def _compute_promise(self):
        for call in self:
            today = call.company_id._get_clinic_today()
            call.promise_date = today + timedelta(days=7)
            call.promise_currency_id = call.currency_ids._origin[:1] or call.currency_id

    @api.depends("case_id", "promise_currency_id")
    def _compute_promise_amount(self):
        for call in self:
            currency = call.promise_currency_id._origin
            statement = call.case_id._origin._get_virtual_link()._get_statement()
            call.promise_amount = statement.get_amount(
                currency, statement.get_asked(currency)
            )

    @api.depends("case_id")
    def _compute_script(self):
        for call in self:
            activities = call.case_id._get_waiting_calls().activity_id
            call.script = activities[:1].note

    @api.depends("case_id")
    def _compute_line_ids(self):
        for call in self:
            moves = call.case_id.sudo().invoice_ids
            call.line_ids = [Command.clear()] + [
                Command.create(vals)
                for vals in self.env["clinic.dispute.line"]._prepare_lines(moves)
            ]

    def action_save_and_next(self):
        """Save and open the dialog of the next person to call today."""
        case = self.case_id._get_next_to_call()
        self._apply()
        return case.action_log_call() if case else self._tell_all_called()

    def action_save(self):
        """Save and close."""
        self._apply()
        return {"type": "ir.actions.act_window_close"}

    def _tell_all_called(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Saved. Nobody else is to be called today."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _apply(self):
        self.ensure_one()
        if self.outcome in NOTES_WANTED and not self.note:
            raise UserError(self.env._("Say in a few words what the person told you."))
        getattr(self, f"_apply_{self.outcome}")()
        self._note_call()

    def _note_call(self):
        self.env["clinic.call"].create(
            {
                "case_id": self.case_id.id,
                "by_phone": self.by_phone,
                "outcome": self.outcome,
                "note": self.note,
            }
        )
        self.case_id._message_log(body=self._get_outcome_text())

    def _apply_no_answer(self):
        self._end_call(reached=False)
        tomorrow = self.company_id._get_clinic_today() + timedelta(days=1)
        self.case_id._get_waiting_calls().activity_id.date_deadline = tomorrow

    def _apply_paid(self):
        self._end_call(reached=True)
        self.case_id.action_says_paid()

    def _apply_promise(self):
        self._end_call(reached=True)
        self.case_id._promise(
            self.promise_currency_id, self.promise_date, self.promise_amount, self.note
        )

    def _apply_dispute(self):
        self._end_call(reached=True)
        self.line_ids._dispute(self.note, self.case_id)

    def _apply_hardship(self):
        self._end_call(reached=True)
        self.case_id._hold("hardship", days=PAUSE_DAYS, note=self.note)

    def _apply_insurer(self):
        self._end_call(reached=True)
        self.case_id._hold("insurer", days=PAUSE_DAYS, note=self.note)

    def _apply_wrong_number(self):
        self._end_call(
            reached=False, error=self.env._("The number is somebody else's.")
        )
        self.case_id._hold("wrong_number", days=PAUSE_DAYS, note=self.note)
        self.partner_id.sudo().clinic_wrong_phone = self.phone

    def _apply_asked(self):
        self._end_call(reached=True)
        self.case_id._hold("asked", days=PAUSE_DAYS, note=self.note)
        self.env["clinic.consent"].create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "purpose": "billing",
                "granted": False,
                "source": "desk",
            }
        )

    def _end_call(self, reached, error=""):
        """Tell the waiting phone attempts how the call ended."""
        calls_sudo = self.case_id._get_waiting_calls().sudo()
        activities = calls_sudo.activity_id
        for call_sudo in calls_sudo:
            call_sudo._note_call(reached, error)
        if reached:
            self._close_activities(activities)

    def _close_activities(self, activities):
        activities |= self.case_id.sudo().activity_ids.filtered(
            lambda activity: activity.activity_type_id in self._get_answered_types()
        )
        activities.exists().with_user(self.env.user).action_done()

    def _get_answered_types(self):
        """Return the types of activities that a talk with the person settles."""
        return self.env.ref("clinic_dunning.activity_call") | self.env.ref(
            "clinic_dunning.activity_reply"
        )

    def _get_outcome_text(self):
        outcomes = dict(self._fields["outcome"]._description_selection(self.env))
        where = self.env._("Call") if self.by_phone else self.env._("At the desk")
        text = " · ".join(filter(None, (outcomes[self.outcome], self.note)))
        return f"{where}: {text}"
