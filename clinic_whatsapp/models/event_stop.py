from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.clinic_dunning.models.outreach.recheck import Verdict

from ..tools import inbound

SOON = timedelta(minutes=1)


class ClinicTwilioEvent(models.Model):
    """Who asks to be left alone is left alone from the moment that arrives."""

    _inherit = "clinic.twilio.event"

    def _announce(self, kind, form):
        if kind == "inbound":
            self._hold_sender_back(inbound.read(form))
        return super()._announce(kind, form)

    def _hold_sender_back(self, posted):
        """Record a stop event for whoever wrote STOP; it waits until that is applied.

        The claim leaves people with an open stop event alone (SAFETY 1).
        """
        action, _purpose = self.env["clinic.reply"]._read_action(posted)
        if action == "stop":
            people = self.env["clinic.reply"]._find_people(posted.number)
            self.env["clinic.stop.event"]._record(
                [(person.id, False, False) for person in people],
                "opted_out",
                twilio_event_id=self.id,
            )


class ClinicStopEvent(models.Model):
    _inherit = "clinic.stop.event"

    twilio_event_id = fields.Many2one(
        "clinic.twilio.event",
        ondelete="set null",
        index="btree_not_null",
        help="What a person wrote; the sweep waits until it is applied.",
    )

    @api.model
    def _get_ripe_domain(self):
        return super()._get_ripe_domain() & (
            Domain("twilio_event_id", "=", False)
            | Domain("twilio_event_id.applied_at", "!=", False)
        )

    @api.model
    def _get_people_waiting(self, people):
        """Return those of these people who wrote STOP, not applied yet."""
        ripe = self._get_ripe_domain()
        domain = Domain("applied_at", "=", False) & Domain(
            "partner_id", "in", people.ids
        )
        return self.sudo().search(domain & ~ripe).partner_id


class ClinicMessage(models.Model):
    """A STOP that came behind the claim: the re-check waits until it is applied."""

    _inherit = "clinic.message"

    def _recheck(self):
        verdicts = super()._recheck()
        stopping = self.env["clinic.stop.event"]._get_people_waiting(self.partner_id)
        for message in self.filtered(lambda m: m.partner_id in stopping):
            if verdicts[message].outcome == "send":
                until = fields.Datetime.now() + SOON
                reason = self.env._("What the person wrote is looked at first.")
                verdicts[message] = Verdict("later", reason, until)
        return verdicts
