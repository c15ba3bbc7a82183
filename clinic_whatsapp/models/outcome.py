import logging

from odoo import fields, models

from odoo.addons.clinic_dunning.models.outreach.message import TRANSITIONS

from ..tools import codes
from ..tools.codes import Action
from .route_line import CHANNELS

_logger = logging.getLogger(__name__)

# The provider's word for the state of a message, and ours.
STATES = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
PURPOSES = ("billing", "appointment", "care")
PROOFS = ("none", "accepted", "delivered", "read", "posted")


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _take_proof(self, proof):
        """Note that the people have these messages, whatever else was planned.

        :param str proof: accepted, delivered or read
        """
        there = self.filtered(lambda message: message.state == "delivered")
        there.filtered(
            lambda message: PROOFS.index(proof) > PROOFS.index(message.proof)
        ).proof = proof
        (self - there).filtered(
            lambda message: "delivered" in TRANSITIONS[message.state]
        )._deliver(proof)


class ClinicMessageAttempt(models.Model):
    """What the provider says of an attempt, at once or later, and what follows."""

    _inherit = "clinic.message.attempt"

    def _is_our_own_fault(self):
        return super()._is_our_own_fault() or (
            self.channel in CHANNELS
            and codes.get_action(self.error_code) in (Action.RETRY, Action.STOP_ACCOUNT)
        )

    # -- the answer to the call ------------------------------------------------

    def _take_answers(self, answers):
        """Note how the calls ended.

        :param dict answers: `Answer` by id of attempt
        """
        taken = self.filtered(lambda attempt: answers[attempt.id].receipt)
        taken._take_receipts({a: answers[a.id].receipt for a in taken})
        for attempt in self - taken:
            attempt._take_no_receipt(answers[attempt.id].error)
        for account, attempts in self.grouped("twilio_account_id").items():
            account.sudo()._note_answers([answers[id_] for id_ in attempts.ids])
        return self

    def _take_no_receipt(self, error):
        """Go on after a call that failed, or was not made (no error)."""
        if not error:
            self._refuse("late", self.env._("Its turn came too late."), retryable=True)
        elif error.ambiguous:
            self._lose_sight(self._get_failure_text(error.code))
            self.error_code = error.code
            self._find_out()
        else:
            self._take_failure(error.code)

    def _take_receipts(self, receipts):
        """The provider has these: note its references, and what it says of them.

        :param dict receipts: `Receipt` by attempt
        """
        self._accept()
        self._expect_receipt()
        for attempt, receipt in receipts.items():
            # A callback may have been quicker than the answer.
            attempt.provider_ref = attempt.provider_ref or receipt.sid
            attempt._take_status(
                receipt.status,
                receipt.error_code,
                segments=receipt.segments,
                price=receipt.price,
                price_unit=receipt.price_unit,
            )

    # -- what is said later ----------------------------------------------------

    def _take_status(
        self, status, error_code="", *, segments=0, price=None, price_unit=""
    ):
        """Apply what the provider says of this attempt; late, twice, in any order.

        :param str status: the provider's word, such as "delivered"
        :param str error_code: the provider's code where it failed
        :param float price: what it cost, None if not known yet
        """
        self.ensure_one()
        if segments:
            self.segments = segments
        if price is not None:
            self._take_price(price, price_unit)
        state = STATES.get(status)
        if state == "failed":
            self._take_late_failure(error_code)
        elif state:
            self._rise_to(state)

    def _rise_to(self, state):
        now = fields.Datetime.now()
        times = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at"}
        failed = self.filtered(lambda attempt: attempt.state == "failed")
        moved = self._move_to(state, **({times[state]: now} if state in times else {}))
        if state in ("delivered", "read"):
            moved.lookup_at = False
            moved.filtered(lambda attempt: not attempt.delivered_at).delivered_at = now
            (moved & failed).error = self.env._("It arrived after all.")
            moved.message_id._take_proof(state)

    def _take_late_failure(self, error_code):
        if self.state in ("delivered", "read", "failed"):
            _logger.info("Attempt %s: late failure %s", self.id, error_code)
            return
        self._take_failure(error_code or "undelivered")
        if codes.get_action(error_code) is Action.STOP_ACCOUNT:
            self.twilio_account_id.sudo()._open_breaker(
                self._get_failure_text(error_code)
            )

    # -- failures --------------------------------------------------------------

    def _take_failure(self, code):
        """Do what the table says about a definitive refusal.

        :param str code: the provider's, or ours
        """
        self.lookup_at = False
        action = codes.get_action(code)
        getattr(self, f"_fail_{action.value}")(code, self._get_failure_text(code))

    def _fail_retry(self, code, text):
        self._refuse(code, text, retryable=True)

    def _fail_next(self, code, text):
        self._refuse(code, text)

    def _fail_stop_account(self, code, text):
        self._refuse(code, text, retryable=True)

    def _fail_stop_template(self, code, text):
        if self.channel == "whatsapp":
            self.template_id._stop_sending(text, self.twilio_account_id)
        self._refuse(code, text)

    def _fail_bad_number(self, code, text):
        """Somebody asks the person for another number."""
        case = self.case_id.with_context(mail_activity_quick_update=True)
        if case:
            case.activity_schedule(
                "clinic_whatsapp.activity_number",
                summary=self.env._("Ask for another phone number"),
                note=text,
                user_id=case._get_clerk().id,
            )
        self._refuse(code, text)

    def _fail_opted_out(self, code, text):
        """The person told the provider to stop: so do we, also with this message."""
        moved = self._move_to("failed", error_code=code, error=text)
        if moved:
            self._record_opt_out(text)
            self.message_id._cancel(text, void=False)

    def _record_opt_out(self, text):
        message = self.message_id
        self.env["clinic.consent"].sudo().create(
            [
                {
                    "partner_id": message.partner_id.id,
                    "company_id": message.company_id.id,
                    "purpose": purpose,
                    "channel": self.channel,
                    "granted": False,
                    "source": "message",
                    "text_version": text,
                }
                for purpose in PURPOSES
            ]
        )
        if self.channel == "sms":
            number = message._get_texting_number()
            self.env["phone.blacklist"].sudo()._add([number])

    def _get_failure_text(self, code):
        """Return in words what a code means for the clinic's staff."""
        texts = {
            Action.RETRY: self.env._("Twilio asked us to wait."),
            Action.NEXT_CHANNEL: self.env._("It could not be delivered there."),
            Action.OPTED_OUT: self.env._("The person asked the provider to stop."),
            Action.BAD_NUMBER: self.env._("The phone number does not exist."),
            Action.STOP_TEMPLATE: self.env._("WhatsApp refused the wording."),
            Action.STOP_ACCOUNT: self.env._("The Twilio account does not work."),
        }
        if code in ("63003", "63024"):
            text = self.env._("The number has no WhatsApp.")
        elif code in ("30006", "21614"):
            text = self.env._("The number takes no SMS.")
        elif code in ("timeout", "broken") or code.startswith("http_5"):
            text = self.env._("Twilio's answer was lost.")
        elif code == "unreachable":
            text = self.env._("Twilio could not be reached.")
        else:
            text = texts[codes.get_action(code)]
        return f"{text} ({code})"


class ClinicTwilioAccount(models.Model):
    _inherit = "clinic.twilio.account"

    def _note_answers(self, answers):
        """Open or close the breaker by how this account's calls ended."""
        troubles = [
            answer.error.code
            for answer in answers
            if answer.error and codes.is_account_trouble(answer.error.code)
        ]
        worked = any(
            answer.receipt
            or (answer.error and not codes.is_account_trouble(answer.error.code))
            for answer in answers
        )
        text = troubles and self.env["clinic.message.attempt"]._get_failure_text(
            troubles[-1]
        )
        self._note_calls(worked, text or "")
