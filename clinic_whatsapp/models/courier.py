from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.clinic_dunning.models.outreach.registry import TemplateError

from ..tools import courier, gate
from ..tools.client import TIMEOUT

# The call begins so soon after the re-check, or not at all.
FRESH = timedelta(seconds=5)
MAX_LENGTH = 1600
THREADS_PARAMETER = "clinic_whatsapp.send_threads"


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    @api.model
    def _get_slice(self):
        """Two rounds of the threads, but no more than one second of the rate.

        While one slice is on its way the next one is claimed: two seconds in all.
        """
        accounts = self.env["clinic.twilio.account"].sudo()
        fastest = accounts.search([], order="rate desc", limit=1)
        if not fastest:
            return super()._get_slice()
        return min(2 * self._get_threads(), fastest.rate)

    @api.model
    def _get_threads(self):
        parameters = self.env["ir.config_parameter"].sudo()
        wanted = int(parameters.get_param(THREADS_PARAMETER) or courier.THREADS)
        return min(max(wanted, 1), courier.MOST_THREADS)


class ClinicMessageAttempt(models.Model):
    """From prepared attempts to threads and back."""

    _inherit = "clinic.message.attempt"

    def _pack(self, **payload):
        """Return the `Parcel` of this attempt.

        :param payload: recipient and text, as `TwilioClient.send` takes them
        :raise TemplateError: for a text that the provider does not take
        """
        if len(payload.get("body", "")) > MAX_LENGTH:
            raise TemplateError(
                [self.env._("The text has more than %s letters.", MAX_LENGTH)]
            )
        account = self.twilio_account_id.sudo()
        lease = self.lease_until - timedelta(seconds=2 * TIMEOUT)
        left = min(FRESH, lease - fields.Datetime.now())
        return courier.Parcel(
            client=account._get_client(),
            gate=account._get_gate(),
            payload={
                **account._get_sender_vals(self.channel),
                **payload,
                "status_callback": account._get_status_callback(self),
            },
            deadline=gate.now() + left.total_seconds(),
        )

    def _launch(self, parcels):
        """Hand the parcels to the threads.

        :return: the function that waits for the answers and notes them
        """
        threads = self.env["clinic.message"]._get_threads()
        flights = {
            attempt.id: courier.launch(parcels[attempt.id], threads) for attempt in self
        }
        return lambda: self._note_answers(flights)

    def _note_answers(self, flights):
        """Wait for the answers and commit them.

        Who touches one attempt at that moment does not keep the others from it.
        """
        answers = {id_: flight.result() for id_, flight in flights.items()}
        outbox = self.env["clinic.message"]
        if outbox._insist(self._take_answers, answers) is None:
            for attempt in self:
                outbox._insist(attempt._take_answers, answers)
        self.env["clinic.twilio.event"]._apply_soon(self)
