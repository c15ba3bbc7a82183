import pytz
from babel.dates import format_datetime

from odoo import api, fields, models
from odoo.tools.misc import babel_locale_parse

from .deposit import WAITING

ASKING = ("deposit_request", "hold_request", "fee_request")


class ClinicDeposit(models.Model):
    """What people are told about their deposit, by the outbox."""

    _inherit = "clinic.deposit"

    pay_by_when = fields.Char(string="To Be Paid before", compute="_compute_moments")
    free_when = fields.Char(string="Cancelled Free until", compute="_compute_moments")

    @api.depends("pay_by", "free_until")
    @api.depends_context("lang")
    def _compute_moments(self):
        """Say the zone: whoever reads may sit in another one than the clinic."""
        lang = self.env.lang
        for deposit in self.sudo():
            deposit.pay_by_when = deposit._format_moment(deposit.pay_by, lang)
            deposit.free_when = deposit._format_moment(deposit.free_until, lang)

    def _tell_requested(self, key=""):
        """Send the link of the pay page, once for each deadline.

        :param str key: what else makes it another message, such as who asks again
        """
        for deposit in self.filtered(lambda deposit: deposit.state in WAITING):
            deposit._tell(
                deposit._get_request_topic(),
                f"deposit-request:{deposit.id}:{deposit.pay_by}{key}",
                expires_at=deposit.pay_by,
            )

    def _get_request_topic(self):
        """Return what the patient is asked: to pay, to have it held, or for a fee."""
        if self._is_fee_due():
            return "fee_request"
        return "deposit_request" if self.way == "pay" else "hold_request"

    def _tell_received(self):
        """Thank for the money; a saved card was held while its owner was away.

        For other holds the confirmed visit says enough.
        """
        if self.way == "pay":
            self._tell("deposit_received", f"deposit-received:{self.id}")
        elif self.state == "authorized" and self._get_hold().operation == "offline":
            self._tell("deposit_held", f"deposit-held:{self.id}")

    def _tell_refunded(self, refund):
        """Say that a refund is on its way, once for each."""
        is_cancelled = self.booking_id and not self.booking_id.active
        self._tell(
            "cancel_refund" if is_cancelled else "deposit_refunded",
            f"deposit-refund:{refund.id}",
            amount=-refund.amount,
        )

    def _tell_kept(self, fee):
        """Say what was kept of a deposit, or charged, under the accepted terms."""
        self._tell("deposit_kept", f"deposit-kept:{fee.id}", amount=fee.amount_total)

    def _tell(self, topic, key, **vals):
        """Queue one message about this deposit; said once, it is not said again.

        :return: the `clinic.message` (sudo)
        """
        self.ensure_one()
        message = (
            self.env["clinic.message"]
            .sudo()
            ._queue(
                topic,
                self.partner_id,
                self.company_id,
                key,
                **{
                    "source": self,
                    "patient_id": self.patient_id.id,
                    "currency_id": self.currency_id.id,
                    "amount": self.amount,
                    "route_id": self.company_id._get_clinic_appointment_route().id,
                    **vals,
                },
            )
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()
        return message

    def _format_moment(self, moment, lang=None):
        """Return date, time and zone of a moment (naive UTC), where the visit is."""
        if not moment:
            return ""
        lang = lang or self.lang or "en_US"
        zone = pytz.timezone(self._get_zone())
        local = pytz.utc.localize(moment).astimezone(zone)
        shape = "dd/MM/yyyy HH:mm" if lang.startswith("hi") else "EEE d MMM HH:mm"
        text = format_datetime(
            local.replace(tzinfo=None), shape, locale=babel_locale_parse(lang)
        )
        return f"{text} ({self.booking_id._get_zone_text(local)})"

    def _get_zone(self):
        booking = self.sudo().booking_id
        if booking:
            return booking._get_clinic_tz()
        return self.company_id._get_clinic_tz()


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_deposit(self):
        """Return the deposit that this message is about, or none (sudo)."""
        deposits = self.env["clinic.deposit"].sudo()
        if self.res_model != deposits._name:
            return deposits
        return deposits.browse(self.res_id).exists()

    def _get_booking(self):
        return super()._get_booking() or self._get_deposit().booking_id

    def _prepare_values(self, verdict, lang):
        """The deadline of a deposit includes the time."""
        values = super()._prepare_values(verdict, lang)
        if deposit := self._get_deposit():
            values["due_date"] = deposit._format_moment(deposit.pay_by, lang)
            values.setdefault("appointment", deposit._get_visit_text(lang))
        return values

    def _is_awaited(self):
        """Whoever has just booked waits for this, at any hour."""
        held = self._get_deposit().booking_id.clinic_held_until
        is_waiting = self.topic_id.code == "hold_request" and bool(held)
        return super()._is_awaited() or is_waiting

    def _make_link(self, attempt):
        """The link of a message about a deposit opens the page of that deposit."""
        deposit = self._get_deposit()
        if not deposit:
            return super()._make_link(attempt)
        return deposit._issue_link(message_id=self.id, attempt_id=attempt.id)

    def _get_stop_reason(self):
        """Nobody is asked for what came meanwhile, or is coming."""
        deposit = self._get_deposit()
        asks = self.topic_id.code in ASKING
        if deposit and asks and deposit.state not in WAITING:
            return self.env._("The deposit is not asked for any more.")
        if deposit and asks and deposit._get_live_transaction():
            return self.env._("A payment is under way.")
        return super()._get_stop_reason()
