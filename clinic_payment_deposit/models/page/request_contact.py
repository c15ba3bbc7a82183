from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

CODE_LIFE = timedelta(minutes=10)
DAY = 24 * 3600


class ClinicBookingRequest(models.Model):
    """The address is the visitor's: a code says so, before anything is held."""

    _inherit = "clinic.booking.request"

    def _get_link(self):
        """Return the link under which the visitor goes on (sudo)."""
        self.ensure_one()
        links = self.env["clinic.link"].sudo()
        return links.search([("request_id", "=", self.id)], limit=1)

    def _send_code(self, link=None):
        """Queue a fresh code to the visitor's address, once a minute.

        Whether it can arrive is not told: an address that refuses us, one that is
        unknown and one of a patient answer alike.

        :raise UserError: when no more codes go out today
        """
        self._check_cap()
        link = link or self._get_link()
        now = fields.Datetime.now()
        self.env["clinic.message"]._queue(
            "code",
            self.visitor_id,
            self.company_id,
            f"code:{link.id}:{now:%Y%m%d%H%M}",
            source=link,
            only_channel=self.channel,
            expires_at=now + CODE_LIFE,
        )
        self.env.ref("clinic_dunning.ir_cron_send").sudo()._trigger()

    def _check_cap(self):
        """Count a code against what the clinic spends on strangers in a day."""
        if not self.env["clinic.rate.limit"]._allows(
            f"booking-code-{self.channel}",
            f"company:{self.company_id.id}",
            self.company_id.clinic_booking_code_cap,
            DAY,
            when_broken=False,
        ):
            raise UserError(
                self.env._("We can't send any more codes today. Please call us.")
            )

    def _verify(self, code):
        """Compare a code; at the fifth wrong one the wish ends.

        :param str code: as typed
        :return: whether the address is proved
        """
        self.ensure_one()
        if self.verified_at:
            return True
        if not self._get_link()._unlock_by_code(code):
            return False
        self.verified_at = fields.Datetime.now()
        self.partner_id = self._find_patient()
        return True

    def _find_patient(self):
        """Return the one patient with this address and birth date, or none.

        Names say nothing. Who shares both with somebody is taken for a new patient:
        staff can merge them, and nothing is shown to the wrong one.
        """
        if not self.birth_date:
            return self.env["res.partner"]
        field = "phone_sanitized" if self.channel == "sms" else "email_normalized"
        found = self.env["res.partner"].search(
            [
                (field, "=", self.visitor_id[field]),
                ("clinic_birth_date", "=", self.birth_date),
                ("company_id", "in", [False, self.company_id.id]),
            ],
            limit=2,
        )
        return found if len(found) == 1 else found.browse()
