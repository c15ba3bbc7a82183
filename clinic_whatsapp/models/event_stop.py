from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import inbound


class ClinicTwilioEvent(models.Model):
    """Who asks to be left alone is left alone from the moment that arrives."""

    _inherit = "clinic.twilio.event"

    def _announce(self):
        self._hold_sender_back()
        return super()._announce()

    def _hold_sender_back(self):
        """Record a stop event for whoever wrote STOP; it waits until that is applied.

        The claim leaves people with an open stop event alone (SAFETY 1).
        """
        if self.kind != "inbound":
            return
        posted = inbound.read(self.form)
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
