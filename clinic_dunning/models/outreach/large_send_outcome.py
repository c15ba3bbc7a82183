from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

from .large_send import OPEN

# So long the first ones may take before the second person decides without the rest.
PATIENCE = timedelta(hours=2)
# So long they may not even have left: the account is stopped, its budget used up.
STUCK = timedelta(days=1)


class ClinicLargeSend(models.Model):
    """How the first ones of a large send went, and whether that is known yet."""

    _inherit = "clinic.large.send"

    total = fields.Integer(string="In All", compute="_compute_outcome")
    waiting = fields.Integer(
        compute="_compute_outcome", help="What leaves after the second yes."
    )
    pending = fields.Integer(
        string="To Approve", compute="_compute_outcome", help="Without any yes yet."
    )
    arrived = fields.Integer(compute="_compute_outcome", help="Of the first ones.")
    failed = fields.Integer(compute="_compute_outcome", help="Of the first ones.")
    under_way = fields.Integer(compute="_compute_outcome", help="Of the first ones.")
    not_needed = fields.Integer(
        compute="_compute_outcome",
        help="Of the first ones: paid meanwhile, paused, or nowhere to write to.",
    )
    refused = fields.Integer(
        string="Asked to Stop",
        compute="_compute_refused",
        help="Of the first ones: they want no such message any more.",
    )
    banner = fields.Text(compute="_compute_banner")

    @api.depends("message_out_ids.state", "message_out_ids.approval")
    def _compute_outcome(self):
        for send in self:
            groups = self.env["clinic.message"]._read_group(
                [("large_send_id", "=", send.id)],
                ["is_first", "approval", "state"],
                ["__count"],
            )
            queued = {
                approval: count
                for _first, approval, state, count in groups
                if state == "queued" and approval in ("held", "pending")
            }
            first = {}
            for is_first, _approval, state, count in groups:
                if is_first:
                    first[state] = first.get(state, 0) + count
            without = send._count_without_attempt()
            send.total = sum(row[-1] for row in groups)
            send.waiting = queued.get("held", 0)
            send.pending = queued.get("pending", 0)
            send.arrived = first.get("delivered", 0)
            send.failed = first.get("failed", 0) + first.get("review", 0) - without
            send.under_way = first.get("queued", 0) + first.get("in_progress", 0)
            send.not_needed = (
                first.get("skipped", 0) + first.get("canceled", 0) + without
            )

    def _count_without_attempt(self):
        """Return how many of the first ones failed without leaving: no address."""
        return self.env["clinic.message"].search_count(
            [
                ("large_send_id", "=", self.id),
                ("is_first", "=", True),
                ("state", "in", ("failed", "review")),
                ("attempt_ids", "=", False),
            ]
        )

    def _compute_refused(self):
        for send in self:
            people = self.env["clinic.message"].search(
                [("large_send_id", "=", send.id), ("is_first", "=", True)]
            )
            refusals = [
                ("partner_id", "in", people.partner_id.ids),
                ("granted", "=", False),
                ("date", ">=", send.create_date),
            ]
            groups = (
                self.env["clinic.consent"].sudo()._read_group(refusals, ["partner_id"])
            )
            send.refused = len(groups)

    def _get_share(self):
        """Return how many percent of the first ones that left arrived, or None."""
        left = self.arrived + self.failed
        return 100 * self.arrived // left if left else None

    @api.depends("state", "message_out_ids.state", "message_out_ids.approval")
    def _compute_banner(self):
        for send in self:
            send.banner = send._describe() if send.state in OPEN else False

    def _describe(self):
        """Return in words what left, what came of it and what waits."""
        if self.under_way and not self._get_begin():
            return self.env._(
                "%(first)s are to show how they are taken, and none of them has left "
                "yet. %(waiting)s more wait for the yes of a second person.",
                first=self.let_go,
                waiting=self.waiting,
            )
        return self.env._(
            "The first %(first)s went out to see how they are taken: %(arrived)s "
            "arrived, %(failed)s failed, %(under_way)s are on their way, "
            "%(not_needed)s were not needed, %(refused)s asked to stop. %(waiting)s "
            "more wait for the yes of a second person.",
            first=self.let_go,
            arrived=self.arrived,
            failed=self.failed,
            under_way=self.under_way,
            not_needed=self.not_needed,
            refused=self.refused,
            waiting=self.waiting,
        )

    # -- whether it is known yet -----------------------------------------------

    def _get_wait_text(self):
        """Return that the outcome of the first ones is to be awaited, or ''."""
        if not self.under_way:
            return ""
        begin = self._get_begin()
        if not begin:
            return self._get_stuck_text()
        if begin + PATIENCE <= fields.Datetime.now():
            return ""
        return self.env._(
            "%s of the first ones are still on their way: wait for them, two hours at "
            "most.",
            self.under_way,
        )

    def _get_begin(self):
        """Return when the first of them was tried (naive UTC), or None."""
        [[begin]] = self.env["clinic.message.attempt"]._read_group(
            [
                ("message_id.large_send_id", "=", self.id),
                ("message_id.is_first", "=", True),
            ],
            [],
            ["claimed_at:min"],
        )
        return begin

    def _get_stuck_text(self):
        """Return what keeps the first ones, when they go, and the way out; or ''."""
        ends = self.create_date + STUCK
        if ends <= fields.Datetime.now():
            return ""
        stuck = self.env["clinic.message"].search(
            [
                ("large_send_id", "=", self.id),
                ("is_first", "=", True),
                ("state", "=", "queued"),
            ],
            order="not_before",
            limit=1,
        )
        return self.env._(
            "None of the first ones has left yet. %(reason)s Next try: %(moment)s. If "
            "none leaves until %(end)s, a clinic manager decides; Stop This Send "
            "withdraws them all.",
            reason=self._get_stuck_reason(stuck),
            moment=self._tell(stuck.not_before),
            end=self._tell(ends),
        )

    def _get_stuck_reason(self, message):
        """Return in words what keeps a message that is let go."""
        return message.reason or self.env._("Their turn has not come.")

    def _tell(self, moment):
        """Return a moment (naive UTC) as the clinic's clock shows it."""
        zone = self.company_id._get_clinic_tz()
        return format_datetime(self.env, moment, tz=zone, dt_format="short")
