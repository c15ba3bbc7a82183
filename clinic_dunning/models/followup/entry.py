from odoo import api, fields, models


class ClinicFollowupEntry(models.Model):
    """The fact that one item was followed up at one level.

    An item is an open receivable, grouped by move, partner and due date. Rows are
    inserted in bulk by `clinic.followup.decision`: few foreign keys and indexes, no
    access columns, so that a first day of 300,000 rows stays a matter of seconds.
    """

    _name = "clinic.followup.entry"
    _description = "Follow-up Entry"
    _log_access = False
    _order = "id desc"
    _rec_name = "move_name"

    case_id = fields.Many2one(
        "clinic.followup.case",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Debtor",
        required=True,
        ondelete="restrict",
        readonly=True,
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", ondelete="set null", readonly=True
    )
    move_name = fields.Char(string="Number", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    level_id = fields.Many2one(
        "clinic.followup.level", required=True, ondelete="restrict", readonly=True
    )
    occurrence = fields.Integer(default=1, required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    residual = fields.Monetary(string="Open Then", readonly=True)
    message_id = fields.Many2one(
        "clinic.message", ondelete="set null", index="btree_not_null", readonly=True
    )
    state = fields.Selection(
        [("planned", "Planned"), ("done", "Done"), ("void", "Void")],
        default="planned",
        required=True,
        readonly=True,
    )
    date = fields.Date(string="Decided on", required=True, readonly=True)
    decided_at = fields.Datetime(
        default=fields.Datetime.now, required=True, readonly=True
    )

    _item_once = models.UniqueIndex(
        "(move_id, partner_id, date_maturity, level_id, occurrence) WHERE state != "
        "'void'",
        "This item was already followed up at this level.",
    )
    _to_compose = models.Index(
        "(case_id) WHERE state = 'planned' AND message_id IS NULL"
    )

    @api.depends("move_name", "level_id")
    def _compute_display_name(self):
        for entry in self:
            entry.display_name = f"{entry.move_name} · {entry.level_id.name}"

    def _void(self):
        """Take back entries that reached nobody; their items may be decided again."""
        cases = self.filtered(lambda entry: entry.state != "void").case_id
        self.filtered(lambda entry: entry.state != "void").write({"state": "void"})
        cases._refresh_last_reminder()

    def _close(self):
        """Note that the level was spent on these items, reached or not."""
        self.filtered(lambda entry: entry.state == "planned").write({"state": "done"})

    def _get_residual_now(self):
        """Return what is still open of this item, in its currency."""
        self.ensure_one()
        lines = self.move_id.sudo().line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
            and line.partner_id == self.partner_id
            and (line.date_maturity or line.date) == self.date_maturity
        )
        return sum(lines.mapped("amount_residual_currency"))
