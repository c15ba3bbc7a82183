from odoo import fields, models
from odoo.exceptions import UserError

UNDER_WAY = ("queued", "in_progress", "delivered", "review")


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
        """Let messages that wait for approval go out.

        Of a large send only the first ones, until a second person agrees.
        """
        pending = self.filtered(
            lambda m: m.state == "queued" and m.approval == "pending"
        )
        pending._approve()
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

    # -- another channel ---------------------------------------------------------------

    def action_other_channel(self):
        """Open the dialog that sends the same by another channel."""
        self.ensure_one()
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_other_channel_action"
        )
        dialog = self.env["clinic.other.channel"].create({"message_id": self.id})
        return {**action, "res_id": dialog.id}

    def action_wrong_number(self):
        """Open the call dialog: the number, as somebody said, is not this person's."""
        self.ensure_one()
        return self.case_id._open_dialog(
            "clinic_call_outcome_action", default_outcome="wrong_number"
        )

    def _send_by_other(self, channel):
        """Queue the same message on a channel that a person chose, and return it.

        The new message passes all that any other passes: re-check, hours, cap. What
        has not left yet by the former channel does not leave any more.

        :raise UserError: where the channel can't be used, or is used already
        """
        self.ensure_one()
        message_sudo = self._as_decider()
        if obstacle := message_sudo._get_other_obstacle(channel):
            raise UserError(obstacle)
        message_sudo._give_up_for_other(channel)
        other_sudo = message_sudo.create(message_sudo._prepare_other_vals(channel))
        self.env["clinic.stop.event"]._trigger_sweep()
        return other_sudo.with_env(self.env)

    def _get_other_channels(self):
        """Return (channel, address, why it can't be used or "") of the other channels.

        The address is as the person has it on file. A channel that failed is offered
        again: the address may have been corrected.
        """
        self.ensure_one()
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        message_sudo = self.sudo()
        current = self.state != "failed" and (
            self.channel or message_sudo._next_channel()
        )
        return [
            (
                channel,
                getattr(message_sudo, f"_get_address_{channel}")() or "",
                message_sudo._get_other_obstacle(channel),
            )
            for channel in channels
            if channel != current
        ]

    def _get_other_obstacle(self, channel):
        """Return why this can't be said by that channel as well, or ''."""
        root = self.lead_id or self
        same = root | self.search([("lead_id", "=", root.id)])
        if "leased" in self.attempt_ids.mapped("state"):
            return self.env._("It is being sent at this moment: wait a minute.")
        if any(m.channel == channel and m.state in UNDER_WAY for m in same) or any(
            m.only_channel == channel and m.state in UNDER_WAY for m in same
        ):
            return self.env._("it goes out by this channel already")
        return self._get_obstacle(channel) or self._get_wording_obstacle(channel)

    def _get_wording_obstacle(self, channel):
        """Return that there is no wording for the channel, or ''."""
        template, _language, _fell_back = self._pick_template(channel)
        return "" if template else self.env._("no wording for this channel")

    def _give_up_for_other(self, channel):
        """End what a person replaces by another channel; its level stays spent."""
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        reason = self.env._(
            "Sent by another channel (%(channel)s) by %(user)s.",
            channel=channels[channel],
            user=self.env.user.name,
        )
        self._cancel(reason, void=False)
        self.filtered(lambda m: m.state == "failed").write(
            {"is_problem": False, "reason": reason}
        )

    def _prepare_other_vals(self, channel):
        root = self.lead_id or self
        before = self.search_count(
            [("lead_id", "=", root.id), ("only_channel", "=", channel)]
        )
        return {
            "partner_id": self.partner_id.id,
            "patient_id": self.patient_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "amount": self.amount,
            "topic_id": self.topic_id.id,
            "level_id": self.level_id.id,
            "route_id": self.route_id.id,
            "case_id": self.case_id.id,
            "res_model": self.res_model,
            "res_id": self.res_id,
            "values": self._get_given_values(),
            "expires_at": self.expires_at,
            "approval": "approved",
            "by_hand": True,
            "lead_id": root.id,
            "only_channel": channel,
            "dedupe_key": f"other:{root.id}:{channel}:{before}",
        }

    def _get_given_values(self):
        """Return the values that whoever queued the message gave, not its text."""
        values = dict(self.values or {})
        return {key: values[key] for key in values if key not in ("text", "subject")}
