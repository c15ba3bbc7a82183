from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

PATIENCE_DAYS = 60
PROMISES = 3
CLAIMS = 2
PLANS = 3


class ClinicLink(models.Model):
    """How often a patient may hold the reminders off on the page; then people talk.

    The desk is free to agree on more.
    """

    _inherit = "clinic.link"

    def _get_patience_start(self):
        return fields.Datetime.now() - timedelta(days=PATIENCE_DAYS)

    def _check_promises_left(self):
        """Refuse in words a further date after several were given."""
        given = (
            self.env["clinic.promise"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("user_id", "=", False),
                    ("create_date", ">", self._get_patience_start()),
                ]
            )
        )
        if given >= PROMISES:
            raise ValidationError(
                self.env._(
                    "You gave us several dates already. Please call us: we will find a "
                    "way together."
                )
            )

    def _check_claims_left(self):
        """Refuse in words to wait again for a payment that did not arrive."""
        claims = self._get_known_case().hold_ids.filtered(
            lambda hold: (
                hold.reason == "says_paid"
                and hold.create_date > self._get_patience_start()
            )
        )
        if len(claims) >= CLAIMS:
            raise ValidationError(
                self.env._(
                    "We waited and have not found your payment yet. Please call us: we "
                    "will look for it together."
                )
            )

    def _check_plans_left(self):
        """Refuse in words a further plan after several were accepted and not kept."""
        plans = (
            self.env["clinic.payment.plan"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("origin", "=", "patient"),
                    ("state", "in", ("cancelled", "broken")),
                    ("accepted_at", ">", self._get_patience_start()),
                ]
            )
        )
        if plans >= PLANS:
            raise ValidationError(
                self.env._(
                    "Several plans were begun and ended already. Please call us: we "
                    "will find a way together."
                )
            )
