import uuid

from odoo import api, fields, models

RANK = {"leased": 0, "unknown": 0, "accepted": 1, "sent": 2, "delivered": 3, "read": 4}
# The address has nothing to do with these: they use up no try.
OUR_OWN_FAULT = ("mail_smtp", "late", "stopped")
LIVE = ("accepted", "sent", "delivered", "read")
TRANSITIONS = {
    "leased": {"accepted", "sent", "delivered", "read", "failed", "unknown"},
    "unknown": {"accepted", "sent", "delivered", "read", "failed"},
    "accepted": {"sent", "delivered", "read", "failed"},
    "sent": {"delivered", "read", "failed"},
    "delivered": {"read"},
    "failed": {"delivered", "read"},
    "read": set(),
}


class ClinicMessageAttempt(models.Model):
    """One try of a message on one channel."""

    _name = "clinic.message.attempt"
    _description = "Attempt to Deliver a Message"
    _inherit = ["clinic.state.machine"]
    _written_by_people = frozenset({"registered_number", "received_on", "scan"})
    _order = "id desc"

    message_id = fields.Many2one(
        "clinic.message", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="message_id.company_id", store=True)
    partner_id = fields.Many2one(related="message_id.partner_id")
    case_id = fields.Many2one(related="message_id.case_id")
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("leased", "Being sent"),
            ("accepted", "Accepted"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("read", "Read"),
            ("failed", "Failed"),
            ("unknown", "Unknown"),
        ],
        default="leased",
        required=True,
        readonly=True,
    )
    uuid = fields.Char(
        default=lambda self: str(uuid.uuid4()), required=True, readonly=True
    )
    claimed_at = fields.Datetime(default=fields.Datetime.now, readonly=True)
    claim_snapshot = fields.Char(readonly=True, help="What the claim could see.")
    lease_until = fields.Datetime(readonly=True)
    provider_ref = fields.Char(readonly=True)
    address_hash = fields.Char(readonly=True)
    error_code = fields.Char(readonly=True)
    error = fields.Char(readonly=True)
    retryable = fields.Boolean(readonly=True)
    template_id = fields.Many2one(
        "clinic.message.template", ondelete="restrict", readonly=True
    )
    body_hash = fields.Char(readonly=True)
    segments = fields.Integer(readonly=True)
    price = fields.Float(readonly=True, digits=(12, 5))
    sent_at = fields.Datetime(readonly=True)
    delivered_at = fields.Datetime(readonly=True)
    read_at = fields.Datetime(readonly=True)
    link_id = fields.Many2one("clinic.link", ondelete="set null", readonly=True)
    language_note = fields.Char(readonly=True, help="Which language stood in, and why.")

    _uuid = models.Constraint("UNIQUE (uuid)", "This attempt already exists.")
    _provider_ref = models.UniqueIndex(
        "(channel, provider_ref) WHERE provider_ref IS NOT NULL",
        "The provider's reference is already used.",
    )
    _leases = models.Index("(lease_until) WHERE state = 'leased'")
    _recent = models.Index("(address_hash, claimed_at) WHERE address_hash IS NOT NULL")

    @api.depends("channel", "state")
    def _compute_display_name(self):
        channels = dict(self._fields["channel"]._description_selection(self.env))
        states = dict(self._fields["state"]._description_selection(self.env))
        for attempt in self:
            state = attempt._get_waiting_text() or states[attempt.state]
            channel = channels.get(attempt.channel, attempt.channel)
            attempt.display_name = f"{channel} ({state})"

    def _get_waiting_text(self):
        """Return what staff still have to do for this attempt, or ''."""
        waits = f"_get_waiting_text_{self.channel}"
        if self.state != "accepted" or not hasattr(self, waits):
            return ""
        return getattr(self, waits)()

    def _move_to(self, state, **vals):
        """Change the state where the machine allows it, compare-and-set.

        What is not allowed is left as it is: receipts come late, twice and in any
        order.

        :return: the attempts that changed
        """
        allowed = self.filtered(lambda attempt: state in TRANSITIONS[attempt.state])
        moved = allowed._compare_and_set(state)
        moved.write(vals)
        return moved

    def _is_held(self):
        """Return whether this attempt is still leased, and its lease not over."""
        self.ensure_one()
        return self.state == "leased" and self.lease_until > fields.Datetime.now()

    def _fits_address(self):
        """Return whether the person still has the address that this was meant for."""
        now = self.message_id._get_address_hash(self.channel)
        return (now or "") == (self.address_hash or "")

    def _is_our_own_fault(self):
        """Return whether the address has nothing to do with the failure.

        Such a failure uses up no try.
        """
        return self.error_code in OUR_OWN_FAULT

    def _accept(self, **vals):
        """The channel took the message."""
        return self._move_to("accepted", sent_at=fields.Datetime.now(), **vals)

    def _refuse(self, code, error, retryable=False):
        """The channel refused it, now (`retryable`) or for good: go on."""
        failed = self._move_to(
            "failed", error_code=code, error=error, retryable=retryable
        )
        for attempt in failed:
            attempt.message_id._go_on_after(attempt)
        return failed

    def _lose_sight(self, error):
        """Nobody knows whether it went out."""
        return self._move_to("unknown", error=error)

    def _find_out(self):
        """Ask the provider what became of it; a person decides where nobody can."""
        self.message_id._ask_a_person()

    def _resolve(self, proof):
        """End an attempt whose sender vanished: by proof, else a person decides.

        :param str proof: absent (it has not left), sent, later (the channel finds out),
            or empty
        """
        self._lose_sight(self.env._("The sender stopped while it was sending."))
        if proof == "absent":
            error = self.env._("It had not left yet.")
            self._refuse("proved_absent", error, retryable=True)
        elif proof == "sent":
            getattr(self, f"_take_{self.channel}_result")()
        elif proof == "later":
            self._find_out()
        else:
            self.message_id._ask_a_person()
