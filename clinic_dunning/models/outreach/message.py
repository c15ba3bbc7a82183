from odoo import api, fields, models
from odoo.exceptions import UserError

TRANSITIONS = {
    # A late receipt of the first channel drops the queued fallback.
    "queued": {
        "in_progress",
        "skipped",
        "canceled",
        "failed",
        "review",
        "delivered",
    },
    "in_progress": {"queued", "delivered", "failed", "review", "canceled", "skipped"},
    "failed": {"delivered"},
    "review": {"delivered", "queued", "canceled", "failed"},
    "delivered": set(),
    "skipped": set(),
    "canceled": set(),
}


class ClinicMessage(models.Model):
    """The intent to tell somebody something, once. How: its attempts."""

    _name = "clinic.message"
    _description = "Message to a Patient"
    _inherit = ["clinic.state.machine"]
    _written_by_people = frozenset({"is_problem"})
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner",
        string="Recipient",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    phone = fields.Char(related="partner_id.phone")
    patient_id = fields.Many2one("res.partner", ondelete="restrict", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True, help="What the message asks for.")
    topic_id = fields.Many2one(
        "clinic.message.topic", ondelete="restrict", readonly=True
    )
    purpose = fields.Selection(related="topic_id.purpose")
    level_id = fields.Many2one(
        "clinic.followup.level", ondelete="restrict", readonly=True
    )
    route_id = fields.Many2one(
        "clinic.contact.route", ondelete="restrict", readonly=True
    )
    leg = fields.Integer(readonly=True, help="Which of the route's parallel messages.")
    only_channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        readonly=True,
        help="The one channel that a person chose, whatever the route says.",
    )
    lead_id = fields.Many2one(
        "clinic.message",
        ondelete="cascade",
        index="btree_not_null",
        readonly=True,
        help="The message that holds the entries: the route's first one, or the one "
        "that a person sent again by another channel.",
    )
    case_id = fields.Many2one(
        "clinic.followup.case",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    values = fields.Json(readonly=True, help="What was filled in; the link is masked.")
    preview = fields.Text(compute="_compute_preview", help="Without anything secret.")
    dedupe_key = fields.Char(required=True, readonly=True)
    not_before = fields.Datetime(
        default=fields.Datetime.now, required=True, readonly=True
    )
    expires_at = fields.Datetime(readonly=True)
    state = fields.Selection(
        [
            ("queued", "Scheduled"),
            ("in_progress", "On its way"),
            ("delivered", "Delivered"),
            ("failed", "Failed"),
            ("review", "Unknown outcome"),
            ("skipped", "Not needed"),
            ("canceled", "Cancelled"),
        ],
        default="queued",
        required=True,
        readonly=True,
    )
    proof = fields.Selection(
        [
            ("none", "None"),
            ("accepted", "Accepted"),
            ("delivered", "Delivered"),
            ("read", "Read"),
            ("posted", "Posted"),
        ],
        default="none",
        required=True,
        readonly=True,
    )
    approval = fields.Selection(
        [
            ("none", "Not needed"),
            ("pending", "To approve"),
            ("held", "Waits for a second yes"),
            ("approved", "Approved"),
        ],
        default="none",
        required=True,
        readonly=True,
    )
    reason = fields.Char(readonly=True, help="Why it is where it is, in words.")
    is_problem = fields.Boolean(readonly=True, help="A person should look at it.")
    tries = fields.Integer(readonly=True, help="Tries that failed for the moment.")
    delivered_at = fields.Datetime(readonly=True)
    paid_at = fields.Datetime(string="First Payment After", readonly=True)
    paid_amount = fields.Monetary(readonly=True)
    attempt_ids = fields.One2many("clinic.message.attempt", "message_id", readonly=True)
    entry_ids = fields.One2many("clinic.followup.entry", "message_id", readonly=True)
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        compute="_compute_channel",
        help="The channel tried last.",
    )
    trail = fields.Char(string="Channels", compute="_compute_trail")

    _dedupe_key = models.Constraint(
        "UNIQUE (dedupe_key)", "This message already exists."
    )
    _to_send = models.Index("(not_before, id) WHERE state = 'queued'")
    _under_way = models.Index("(partner_id) WHERE state IN ('queued', 'in_progress')")

    @api.depends("partner_id", "topic_id")
    def _compute_display_name(self):
        for message in self:
            message.display_name = (
                f"{message.topic_id.name} · {message.partner_id.name}"
            )

    @api.depends("attempt_ids.channel")
    def _compute_channel(self):
        for message in self:
            message.channel = message.attempt_ids.sorted("id")[-1:].channel

    @api.depends("attempt_ids.state")
    def _compute_trail(self):
        for message in self:
            message.trail = " → ".join(
                attempt.display_name for attempt in message.attempt_ids.sorted("id")
            )

    @api.depends("values", "topic_id")
    def _compute_preview(self):
        for message in self:
            message.preview = message._get_preview()

    # -- states ----------------------------------------------------------------

    def _move_to(self, state, **vals):
        """Change the state where that is allowed, compare-and-set.

        :return: the messages that changed; others were moved meanwhile by somebody else
        :raise UserError: for a change that the state machine does not know
        """
        for message in self:
            if state not in TRANSITIONS[message.state]:
                raise UserError(
                    self.env._(
                        "A message that is “%(old)s” can't become “%(new)s”.",
                        old=message.state,
                        new=state,
                    )
                )
        moved = self._compare_and_set(state)
        moved.write(vals)
        return moved

    def _cancel(self, reason, void=True):
        """Cancel what has not left yet; its items may be decided again if `void`.

        A letter or call that waits for somebody is withdrawn. What is being sent at
        this moment can't be called back any more.
        """
        moved = self.filtered(
            lambda m: m.state in ("queued", "in_progress", "review")
            and "leased" not in m.attempt_ids.mapped("state")
        )
        moved._get_waiting_attempt()._withdraw(reason)
        moved = moved._move_to("canceled", reason=reason, is_problem=False)
        moved._end_entries(void)

    def _skip(self, reason, void=True):
        """Note that there is nothing to say any more."""
        self._move_to("skipped", reason=reason, is_problem=False)._end_entries(void)

    def _fail(self, reason):
        """Note that no channel is left; a person sees it, the level counts as done."""
        moved = self._move_to("failed", reason=reason, is_problem=True)
        moved._spend_entries()
        for topic, messages in moved.filtered("case_id").grouped("topic_id").items():
            body = self.env._(
                "“%(topic)s” could not be delivered: %(reason)s",
                topic=topic.name,
                reason=reason,
            )
            cases = messages.case_id
            cases._message_log_batch(dict.fromkeys(cases.ids, body))

    def _postpone(self, until, reason):
        """Queue again, not before a moment (naive UTC)."""
        self.filtered(lambda m: m.state == "queued").write(
            {"not_before": until, "reason": reason}
        )
        self.filtered(lambda m: m.state != "queued")._move_to(
            "queued", not_before=until, reason=reason
        )

    def _deliver(self, proof):
        """Note that the message reached the person, with its proof."""
        now = fields.Datetime.now()
        moved = self._move_to(
            "delivered", proof=proof, delivered_at=now, reason=False, is_problem=False
        )
        moved._spend_entries()
        moved._note_first_request()
        moved._log_in_chatter()

    def _spend_entries(self):
        """Note that the level was spent on the items that these messages told of.

        A legal step asks for its own items. The others it takes along are told by a
        letter only, as "also open": else they come again at their own level. What a
        parallel message has told is not told again, whatever becomes of its lead.
        """
        for message in self:
            untold = message._get_untold_entries()
            if not message.lead_id:
                untold._void()
            if message.state == "delivered" or not message.lead_id:
                (message._get_entries() - untold)._close()

    def _get_untold_entries(self):
        entries = self._get_entries()
        is_told = self.state == "delivered" and self.channel == "letter"
        if is_told or not self.level_id._is_legal():
            return entries.browse()
        return entries.filtered(
            lambda entry: entry.state == "planned" and not entry.level_id._is_legal()
        )

    def _end_entries(self, void):
        entries = self.entry_ids
        if void:
            entries.filtered(lambda entry: entry.state == "planned")._void()
        else:
            entries._close()

    def _get_entries(self):
        """Return the entries that this message speaks of, also of a parallel one."""
        return (self.lead_id or self).entry_ids

    def _note_first_request(self):
        billing = self.filtered(lambda m: m.purpose == "billing")
        moves = self.env["account.move"].union(
            *[m._get_entries().move_id for m in billing]
        )
        moves = moves.filtered(
            lambda m: m.is_sale_document() and not m.clinic_first_request_at
        )
        if moves:
            self.env.cr.execute(
                """UPDATE account_move SET clinic_first_request_at = %s
                    WHERE id IN %s AND clinic_first_request_at IS NULL""",
                [fields.Datetime.now(), moves._ids],
            )
            moves.invalidate_recordset(["clinic_first_request_at"])

    def _log_in_chatter(self):
        """Tell the invoices' chatter which reminder went out, and how."""
        bodies = {}
        for message in self:
            channels = dict(self.env["res.partner"]._selection_clinic_channel())
            body = self.env._(
                "Reminder “%(level)s” by %(channel)s.",
                level=message.level_id.name or message.topic_id.name,
                channel=channels.get(message.channel, ""),
            )
            bodies.update(dict.fromkeys(message._get_entries().move_id.ids, body))
            if message.case_id:
                message.case_id._message_log(body=body)
        if bodies:
            self.env["account.move"].browse(bodies)._message_log_batch(bodies)

    # -- other occasions to write ----------------------------------------------

    @api.model
    def _queue(self, topic_code, partner, company, dedupe_key, **vals):
        """Queue one message on another occasion than a reminder.

        :param str topic_code: code of a `clinic.message.topic`
        :param str dedupe_key: says what it is about: a second one changes nothing
        :param vals: further fields, such as `source` (a record), `values`, `route_id`
        :return: the message, also when it was there already
        """
        known = self.search([("dedupe_key", "=", dedupe_key)], limit=1)
        if known:
            return known
        source = vals.pop("source", None)
        topic = self.env["clinic.message.topic"]._get_by_code(topic_code)
        return self.create(
            {
                "partner_id": partner.id,
                "company_id": company.id,
                "topic_id": topic.id,
                "dedupe_key": dedupe_key,
                "res_model": source and source._name,
                "res_id": source and source.id,
                **vals,
            }
        )
