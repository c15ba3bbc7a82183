from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .hold import LONGEST_PAUSE

FIXED = {"partner_id", "company_id", "last_reminder_on"}


class ClinicFollowupCase(models.Model):
    _name = "clinic.followup.case"
    _description = "Follow-up Case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Guarantor",
        required=True,
        ondelete="restrict",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    birth_date = fields.Date(related="partner_id.clinic_birth_date")
    lang = fields.Selection(related="partner_id.lang")
    responsible_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        tracking=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        group_expand="_read_group_responsible_id",
    )
    last_reminder_on = fields.Date(readonly=True)
    postponed_until = fields.Date(tracking=True, help="No reminder before this day.")
    amount_due = fields.Monetary(
        compute="_compute_amounts",
        help="All that is open, due or not, less credits.",
    )
    amount_overdue = fields.Monetary(
        string="Overdue", compute="_compute_amounts", search="_search_amount_overdue"
    )
    amount_not_due = fields.Monetary(string="Not Due Yet", compute="_compute_amounts")
    amount_third_party = fields.Monetary(
        string="Insurer",
        compute="_compute_amounts",
        help="What third-party payers owe for these patients; it is followed apart.",
    )
    oldest_due_date = fields.Date(compute="_compute_amounts")
    state = fields.Selection(
        [("active", "Active"), ("paused", "Paused"), ("closed", "Closed")],
        compute="_compute_state",
        search="_search_state",
    )
    level_id = fields.Many2one("clinic.followup.level", compute="_compute_next")
    next_level_id = fields.Many2one("clinic.followup.level", compute="_compute_next")
    next_action_date = fields.Date(compute="_compute_next")
    reason_text = fields.Char(string="What Comes Next", compute="_compute_next")
    hold_ids = fields.One2many("clinic.followup.hold", "case_id")
    entry_ids = fields.One2many("clinic.followup.entry", "case_id")
    call_ids = fields.One2many("clinic.call", "case_id", string="Calls")
    message_out_ids = fields.One2many(
        "clinic.message", "case_id", string="Messages to the Patient"
    )
    invoice_ids = fields.Many2many(
        "account.move", string="Open Invoices", compute="_compute_invoice_ids"
    )
    last_message_id = fields.Many2one("clinic.message", compute="_compute_last_message")
    problem_text = fields.Char(string="Problem", compute="_compute_problem_text")

    _one_per_guarantor = models.Constraint(
        "UNIQUE (partner_id, company_id)",
        "This person already has a follow-up case in this company.",
    )

    def write(self, vals):
        """Whose case it is, and when the last reminder went, nobody writes.

        :raise AccessError: for these fields
        """
        if not self.env.su and FIXED & vals.keys():
            raise AccessError(
                self.env._("Nobody writes this: it follows what happens.")
            )
        return super().write(vals)

    @api.constrains("postponed_until")
    def _check_postponed_until(self):
        """The front desk postpones no longer than it may pause."""
        if self.env.user.has_group("clinic_dunning.group_billing_officer"):
            return
        for case in self.filtered("postponed_until"):
            days = case.postponed_until - case.company_id._get_clinic_today()
            if days.days > LONGEST_PAUSE:
                raise ValidationError(
                    self.env._(
                        "The front desk can pause for %s days at most.", LONGEST_PAUSE
                    )
                )

    @api.depends("partner_id", "company_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = case.partner_id.display_name

    def _compute_amounts(self):
        decision = self.env["clinic.followup.decision"]
        for company, cases in self.grouped("company_id").items():
            balances = decision._get_balances(cases.partner_id, company)
            insurers = decision._get_third_party_amounts(cases.partner_id, company)
            for case in cases:
                row = balances.get(case.partner_id.id, {})
                case.amount_due = row.get("balance", 0.0)
                case.amount_overdue = row.get("overdue", 0.0)
                case.amount_not_due = case.amount_due - case.amount_overdue
                case.oldest_due_date = row.get("oldest", False)
                case.amount_third_party = insurers.get(case.partner_id.id, 0.0)

    def _search_amount_overdue(self, operator, value):
        if operator not in (">", ">=", "<", "<=", "=", "!="):
            return NotImplemented
        balances = self.env["clinic.followup.decision"]._get_balance_query(
            self.env.companies
        )
        return Domain(
            "id",
            "in",
            SQL(
                """(SELECT c.id FROM clinic_followup_case c
                LEFT JOIN (%(balances)s) b
                    ON b.guarantor_id = c.partner_id AND b.company_id = c.company_id
                WHERE COALESCE(b.overdue, 0) %(operator)s %(value)s)""",
                balances=balances,
                operator=SQL(operator),
                value=value or 0.0,
            ),
        )

    @api.depends("hold_ids.start_date", "hold_ids.end_date")
    def _compute_state(self):
        for case in self:
            if case.hold_ids.filtered("is_active"):
                case.state = "paused"
            else:
                case.state = "active" if case._has_open_items() else "closed"

    def _has_open_items(self):
        return bool(self.amount_due > 0 or self.amount_overdue > 0)

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = {
            "paused": Domain("hold_ids.is_active", "in", [True]),
            "active": self._get_owing_domain()
            & ~Domain("hold_ids.is_active", "in", [True]),
            "closed": ~self._get_owing_domain()
            & ~Domain("hold_ids.is_active", "in", [True]),
        }
        return Domain.OR([domains[state] for state in value if state in domains])

    @api.model
    def _get_owing_domain(self):
        balances = self.env["clinic.followup.decision"]._get_balance_query(
            self.env.companies
        )
        return Domain(
            "id",
            "in",
            SQL(
                """(SELECT c.id FROM clinic_followup_case c JOIN (%s) b
                ON b.guarantor_id = c.partner_id AND b.company_id = c.company_id
                WHERE b.balance > 0 OR b.overdue > 0)""",
                balances,
            ),
        )

    def _compute_next(self):
        explained = self.env["clinic.followup.decision"]._explain_cases(self)
        for case in self:
            row = explained[case.id]
            case.level_id = row["level_id"]
            case.next_level_id = row["next_level_id"]
            case.next_action_date = row["next_date"]
            case.reason_text = row["text"]

    def _compute_invoice_ids(self):
        decision = self.env["clinic.followup.decision"]
        for case in self:
            case.invoice_ids = decision._get_open_moves(
                case.partner_id, case.company_id
            )

    def _compute_last_message(self):
        groups = self.env["clinic.message"]._read_group(
            [("case_id", "in", self.ids)], ["case_id"], ["id:max"]
        )
        last = {case.id: message_id for case, message_id in groups}
        for case in self:
            case.last_message_id = last.get(case.id, False)

    @api.depends("message_out_ids.state")
    def _compute_problem_text(self):
        for case in self:
            message = case.last_message_id
            failed = (
                message.state in ("failed", "review", "skipped") and message.is_problem
            )
            case.problem_text = message.reason if failed else False

    @api.model
    def _get_or_create(self, partner, company):
        """Return the case of that person in that company, opening it if needed."""
        domain = [("partner_id", "=", partner.id), ("company_id", "=", company.id)]
        return self.search(domain, limit=1) or self.sudo().create(
            {"partner_id": partner.id, "company_id": company.id}
        ).sudo(self.env.su)

    def _refresh_last_reminder(self):
        """Take the day of the last reminder from the entries that stand."""
        days = dict(
            self.env["clinic.followup.entry"]._read_group(
                [("case_id", "in", self.ids), ("state", "!=", "void")],
                ["case_id"],
                ["date:max"],
            )
        )
        for case in self:
            case.last_reminder_on = days.get(case)

    def _get_policy(self):
        """Return the policy that governs this case (maybe none)."""
        self.ensure_one()
        partner = self.partner_id.with_company(self.company_id)
        return (
            partner.clinic_followup_policy_id
            or self.company_id._get_clinic_followup_policy()
        )

    def _hold(self, reason, days=None, note=False):
        """Pause the cases from today for so many days (None: until ended by hand)."""
        return self.env["clinic.followup.hold"].create(
            [
                {
                    "case_id": case.id,
                    "reason": reason,
                    "note": note,
                    "start_date": today,
                    "end_date": days and today + timedelta(days=days),
                }
                for case in self
                for today in [case.company_id._get_clinic_today()]
            ]
        )

    def action_says_paid(self):
        """Pause the reminders while the payment that the patient speaks of arrives."""
        self._hold("says_paid", days=7)

    def action_resume(self):
        """End all pauses of these cases."""
        self.hold_ids.filtered("is_active").action_end()
        self.postponed_until = False

    def action_postpone(self):
        """Snooze: no reminder for a week."""
        for case in self:
            today = case.company_id._get_clinic_today()
            case.postponed_until = today + timedelta(days=7)
        self.env["clinic.stop.event"]._record(
            [(case.partner_id.id, case.company_id.id, False) for case in self], "held"
        )

    def action_send_now(self):
        """Decide for these people now and let what waits for a person go out.

        Raises UserError in words when there is nothing to send.
        """
        self.env["clinic.message"].check_access("write")
        self.postponed_until = False
        decision = self.env["clinic.followup.decision"]
        for company, cases in self.grouped("company_id").items():
            decision._decide(company, cases.partner_id, by_hand=True)
        messages = self.env["clinic.message"]._compose_all(self)
        messages |= self.message_out_ids.filtered(
            lambda message: message.state == "queued" and message.approval == "pending"
        )
        if not messages:
            raise UserError(
                self.env._(
                    "Nothing to send: %s",
                    self[:1].reason_text or self.env._("nothing is due."),
                )
            )
        messages.sudo().by_hand = True
        messages.action_approve()

    def action_skip_level(self):
        """Count the next level as done for the open items, without a message."""
        self.env["clinic.message"].check_access("write")
        decision = self.env["clinic.followup.decision"]
        for company, cases in self.grouped("company_id").items():
            decision._decide(company, cases.partner_id, by_hand=True)
        messages_sudo = self.message_out_ids.sudo()
        self.entry_ids.sudo().filtered(
            lambda entry: entry.state == "planned" and not entry.message_id
        )._close()
        messages_sudo.filtered(lambda m: m.state == "queued")._cancel(
            self.env._("Level skipped by %s", self.env.user.name), void=False
        )

    def action_stop_all(self):
        """Cancel all that is queued and switch the follow-up of these people off.

        :raise AccessError: for others than officers
        """
        self.env["clinic.message"].check_access("write")
        for case in self:
            partner = case.partner_id.with_company(case.company_id).sudo()
            partner.clinic_followup_mode = "none"
            case._message_log(body=self.env._("Follow-up switched off."))
        self.env["clinic.stop.event"]._record(
            [(case.partner_id.id, case.company_id.id, False) for case in self], "held"
        )

    def action_open_messages(self):
        """Open the messages of this case."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_message_action"
        )
        action["domain"] = [("case_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_open_invoices(self):
        """Open the invoices that this person is asked to pay."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        action["domain"] = [("id", "in", self.invoice_ids.ids)]
        action["context"] = {"create": False}
        return action

    def action_log_call(self):
        """Open the dialog that notes how a call ended."""
        return self._open_dialog("clinic_call_outcome_action")

    def action_record_payment(self):
        """Open the dialog that records a payment at the desk."""
        return self._open_dialog("clinic_desk_payment_action")

    def _merge(self, sources, target):
        """Move what hangs on the cases of merged partners to one case a company.

        :param sources: partners that will vanish
        :param target: partner that stays
        """
        cases = self.with_context(active_test=False).search(
            [("partner_id", "in", (sources | target).ids)]
        )
        for group in cases.grouped("company_id").values():
            kept = (
                group.filtered(lambda case: case.partner_id == target)[:1] or group[:1]
            )
            for case in group - kept:
                case._hand_over(kept)
        self.env["clinic.link"]._revoke_of(sources)
        self.env.flush_all()

    def _hand_over(self, kept):
        self.hold_ids.write({"case_id": kept.id})
        self.entry_ids.write({"case_id": kept.id})
        self.call_ids.write({"case_id": kept.id})
        self.message_out_ids.write({"case_id": kept.id})
        self.activity_ids.write({"res_id": kept.id})
        self.message_ids.write({"res_id": kept.id})
        kept.last_reminder_on = max(
            filter(None, (kept.last_reminder_on, self.last_reminder_on)), default=False
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.unlink()
