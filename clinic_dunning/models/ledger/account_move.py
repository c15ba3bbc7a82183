from odoo import api, fields, models
from odoo.exceptions import ValidationError

STOPPING_FIELDS = {
    "clinic_confidential",
    "clinic_dispute_since",
    "clinic_guarantor_id",
    "clinic_patient_id",
    "no_followup",
    "state",
}


class AccountMove(models.Model):
    _inherit = "account.move"

    clinic_patient_id = fields.Many2one(
        "res.partner",
        string="Patient",
        compute="_compute_clinic_patient_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="Who received care. Empty on old invoices: the customer.",
    )
    clinic_guarantor_id = fields.Many2one(
        "res.partner",
        string="Guarantor",
        compute="_compute_clinic_guarantor_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="Who is asked to pay. Empty on old invoices: the customer's guarantor, "
        "else the customer.",
    )
    clinic_service_label = fields.Char(
        string="Service Label",
        help="Neutral words for what was done, the only ones that may appear in a "
        "message, such as “Consultation fee”.",
    )
    clinic_confidential = fields.Boolean(
        string="Confidential",
        tracking=True,
        help="Only the patient is told of this invoice, never the guarantor.",
    )
    clinic_dispute_since = fields.Date(
        string="Disputed Since",
        copy=False,
        tracking=True,
        help="While an invoice is disputed, nobody is reminded of it.",
    )
    clinic_dispute_reason = fields.Text(string="Dispute", copy=False)
    clinic_first_request_at = fields.Datetime(
        string="First Payment Request",
        copy=False,
        readonly=True,
        help="When the patient was first asked to pay this invoice.",
    )
    clinic_entry_ids = fields.One2many(
        "clinic.followup.entry",
        "move_id",
        string="Follow-up Entries",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_followup_level_id = fields.Many2one(
        "clinic.followup.level",
        string="Follow-up Level",
        compute="_compute_clinic_followup_level_id",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_message_count = fields.Integer(
        string="Reminders",
        compute="_compute_clinic_message_count",
        groups="clinic_dunning.group_front_desk",
    )

    @api.depends("partner_id")
    def _compute_clinic_patient_id(self):
        for move in self:
            move.clinic_patient_id = (
                move.partner_id if move.is_sale_document() else False
            )

    @api.depends("commercial_partner_id", "clinic_confidential", "clinic_patient_id")
    def _compute_clinic_guarantor_id(self):
        for move in self:
            if not move.is_sale_document():
                move.clinic_guarantor_id = False
            elif move.clinic_confidential:
                move.clinic_guarantor_id = move.clinic_patient_id or move.partner_id
            else:
                move.clinic_guarantor_id = move._get_default_guarantor()

    def _get_default_guarantor(self):
        """Return the guarantor of the patient or of the debtor, else the debtor."""
        self.ensure_one()
        day = self.invoice_date or fields.Date.context_today(self)
        return (
            self.commercial_partner_id._get_clinic_guarantor(day)
            or self.clinic_patient_id._get_clinic_guarantor(day)
            or self.commercial_partner_id
        )

    @api.constrains("clinic_guarantor_id")
    def _check_clinic_guarantor_id(self):
        payers = self.filtered("clinic_guarantor_id.clinic_is_third_party_payer")
        for move in payers.filtered(
            lambda move: not move.partner_id.clinic_is_third_party_payer
        ):
            raise ValidationError(
                self.env._(
                    "%(payer)s is a third-party payer and can't be the guarantor of "
                    "%(invoice)s: choose a person.",
                    payer=move.clinic_guarantor_id.display_name,
                    invoice=move.display_name,
                )
            )

    def _compute_clinic_followup_level_id(self):
        for move in self:
            entries = move.clinic_entry_ids.filtered(
                lambda entry: entry.state != "void"
            )
            move.clinic_followup_level_id = entries.sorted("id")[-1:].level_id

    def _compute_clinic_message_count(self):
        groups = self.env["clinic.followup.entry"]._read_group(
            [("move_id", "in", self.ids), ("message_id", "!=", False)],
            ["move_id"],
            ["message_id:count_distinct"],
        )
        counts = {move.id: count for move, count in groups}
        for move in self:
            move.clinic_message_count = counts.get(move.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves._check_service_label()
        return moves

    def write(self, vals):
        touched = STOPPING_FIELDS & set(vals)
        asked = self.browse()
        if vals.get("is_move_sent") and "clinic_first_request_at" not in vals:
            asked = self.filtered(lambda move: not move.is_move_sent)
        if touched:
            self._record_stop("changed")
        result = super().write(vals)
        if "clinic_service_label" in vals:
            self._check_service_label()
        if touched & {
            "clinic_guarantor_id",
            "clinic_patient_id",
            "clinic_confidential",
        }:
            self._record_stop("changed")
        asked._mark_first_request()
        return result

    def _check_service_label(self):
        """Refuse a label that would reveal something about health.

        Raises ValidationError with the reason.
        """
        for label in set(
            self.filtered("clinic_service_label").mapped("clinic_service_label")
        ):
            self.env["clinic.service.label"]._check_label(label)

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._record_stop("posted")
        return posted

    def _mark_first_request(self):
        """Remember when the patient was first asked to pay these invoices (UTC)."""
        invoices = self.filtered(
            lambda move: move.is_sale_document() and not move.clinic_first_request_at
        )
        if invoices:
            invoices.clinic_first_request_at = fields.Datetime.now()

    def _record_stop(self, reason):
        """Tell the outbox that what these moves' people owe may have changed."""
        moves = self.filtered(lambda move: move._concerns_receivable())
        self.env["clinic.stop.event"]._record(
            [
                (partner.id, move.company_id.id, move.id)
                for move in moves
                for partner in move._get_people_asked()
            ],
            reason,
        )

    def _concerns_receivable(self):
        self.ensure_one()
        return any(
            line.account_type == "asset_receivable" and line.partner_id
            for line in self.line_ids
        )

    def _is_clinic_debt(self):
        """Tell whether this is a customer invoice of which something is open."""
        self.ensure_one()
        return (
            self.is_sale_document()
            and self.state == "posted"
            and self.payment_state in ("not_paid", "partial")
        )

    def _get_people_asked(self):
        """Return whoever may be reminded about this move."""
        self.ensure_one()
        partners = self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).partner_id
        return (
            partners
            | partners.clinic_guarantor_id
            | self.clinic_guarantor_id
            | (self.clinic_patient_id)
        )

    def action_open_clinic_messages(self):
        """Open the messages that reminded of this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_message_action"
        )
        action["domain"] = [("entry_ids.move_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_open_clinic_case(self):
        """Open the follow-up case of the invoice's guarantor."""
        self.ensure_one()
        partner = self.clinic_guarantor_id or self.commercial_partner_id
        return partner.with_company(self.company_id).action_open_clinic_case()

    def action_dispute(self):
        """Open the dialog that notes a dispute of this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_dispute_action"
        )
        action["context"] = {"default_move_ids": self.ids}
        return action

    def action_end_dispute(self):
        """End the dispute: the follow-up of these invoices goes on.

        :raise AccessError: for others than officers who may see these invoices
        """
        self.check_access("read")
        self.env["clinic.message"].check_access("write")
        self.sudo().write({"clinic_dispute_since": False})
