from odoo import models


class ClinicMessage(models.Model):
    """By which channel does a message reach its person? Asked of many at once."""

    _inherit = "clinic.message"

    def _get_channels(self):
        """Return the channels of this message's leg, the preferred one first.

        A person's choice goes before the route.
        """
        if self.only_channel:
            return [self.only_channel]
        legs = self.route_id._get_legs()
        channels = legs[self.leg] if self.leg < len(legs) else []
        preferred = self.partner_id.clinic_preferred_channel
        return sorted(channels, key=lambda channel: channel != preferred)

    def _get_untried_channels(self):
        """Return its channels but those that have failed for good."""
        spent = {
            attempt.channel
            for attempt in self.attempt_ids
            if attempt.state == "failed" and not attempt.retryable
        }
        return [channel for channel in self._get_channels() if channel not in spent]

    def _next_channel(self):
        """Return the first channel that may be tried now, or False."""
        return self._next_channels()[self]

    def _next_channels(self):
        """Return {message: the first channel that may be tried now, or False}.

        A channel is asked at once for all messages whose turn it is there.
        """
        found = dict.fromkeys(self, False)
        left = {message: message._get_untried_channels() for message in self}
        while turn := {m: left[m].pop(0) for m in self if left[m] and not found[m]}:
            asked = self.filtered(lambda message: message in turn)
            for channel, messages in asked.grouped(turn.get).items():
                obstacles = messages._get_obstacles(channel)
                found.update({m: channel for m in messages if not obstacles[m]})
        return found

    # -- what is in the way ----------------------------------------------------

    def _get_obstacle(self, channel):
        """Return why this channel can't be used for this message, or ''."""
        return self._get_obstacles(channel)[self]

    def _get_obstacles(self, channel):
        """Return {message: why this channel can't be used for it, or ""}.

        A channel brings its own as `_get_obstacles_<channel>`.
        """
        refusals = self._get_refusals(channel)
        obstacles = getattr(self, f"_get_obstacles_{channel}")()
        return {message: refusals[message] or obstacles[message] for message in self}

    def _get_refusals(self, channel):
        """Return {message: why its person refuses the channel, or ""}."""
        keys = {m: (m.partner_id, m.company_id, m.purpose) for m in self}
        refusals = self.env["clinic.consent"]._get_refusals(keys.values(), channel)
        return {message: refusals[key] for message, key in keys.items()}

    def _get_obstacles_text(self):
        """Return why no channel is left, one reason a channel."""
        names = dict(self.env["res.partner"]._selection_clinic_channel())
        failed = {
            attempt.channel: attempt.error
            for attempt in self.attempt_ids.sorted("id")
            if attempt.state == "failed"
        }
        reasons = [
            f"{names[channel]}: {obstacle or failed.get(channel) or ''}"
            for channel in self._get_channels()
            for obstacle in [self._get_obstacle(channel)]
        ]
        return " ".join(reasons) or self.env._(
            "The level has no route to reach the patient."
        )
