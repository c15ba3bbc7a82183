from odoo import fields, models


class ClinicMessage(models.Model):
    """What people decide about messages."""

    _inherit = "clinic.message"

    def _as_decider(self):
        """Return these messages with the rights that a decision needs.

        Entries and attempts follow the message; nobody writes them directly.

        :raise AccessError: for users who may not decide about messages
        """
        self.check_access("write")
        return self.sudo()

    def action_approve(self):
        """Let messages that wait for approval go out."""
        pending = self.filtered(
            lambda m: m.state == "queued" and m.approval == "pending"
        )
        pending.write({"approval": "approved"})
        self.env["clinic.stop.event"]._trigger_sweep()

    def action_cancel(self):
        """Withdraw messages that have not left yet; their items may come again."""
        self._as_decider()._cancel(self.env._("Cancelled by %s.", self.env.user.name))

    def action_arrived(self):
        """A person knows that the message arrived."""
        for message in self._as_decider():
            message._deliver("accepted")

    def action_resend(self):
        """A person knows that the message did not arrive: send it again."""
        review = self._as_decider().filtered(lambda m: m.state == "review")
        review.attempt_ids.filtered(lambda a: a.state == "unknown")._move_to(
            "failed",
            error_code="sent_again",
            error=self.env._("Sent again by %s.", self.env.user.name),
            retryable=True,
        )
        review._move_to(
            "queued", not_before=fields.Datetime.now(), reason=False, is_problem=False
        )
        self.env["clinic.stop.event"]._trigger_sweep()

    def action_settled(self):
        """A person has seen to the problem: take it off the list."""
        self.write({"is_problem": False})
