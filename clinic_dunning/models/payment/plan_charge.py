import logging
from datetime import timedelta

import requests

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..followup.decide import CONFLICTS

_logger = logging.getLogger(__name__)

# Longer than any charge takes: a living run also keeps its transaction locked.
LEASE = timedelta(minutes=5)
LOCK_RETRIES = 3
IN_DOUBT = ("claimed", "unknown")
UNDER_WAY = ("pending", "authorized", "done")


def is_ambiguous(error):
    """Return whether a charge may have gone through although the request failed.

    :param error: `ValidationError` of core's request to a provider
    """
    cause = error.__context__
    if isinstance(cause, requests.exceptions.HTTPError):
        return cause.response is not None and cause.response.status_code >= 500
    return isinstance(cause, requests.exceptions.RequestException)


class PaymentTransaction(models.Model):
    """The charge of an instalment: claimed, answered, or in doubt until looked up."""

    _inherit = "payment.transaction"

    clinic_plan_line_id = fields.Many2one(
        "clinic.payment.plan.line",
        string="Instalment",
        readonly=True,
        ondelete="restrict",
    )
    clinic_charge = fields.Selection(
        [
            ("claimed", "About to be charged"),
            ("charged", "Charged"),
            ("refused", "Refused"),
            ("unknown", "Outcome unknown"),
        ],
        string="Charge of an Instalment",
        readonly=True,
        copy=False,
    )
    clinic_charge_at = fields.Datetime(readonly=True, copy=False)
    clinic_charge_tries = fields.Integer(readonly=True, copy=False)

    _clinic_one_charge = models.UniqueIndex(
        "(clinic_plan_line_id) WHERE clinic_plan_line_id IS NOT NULL",
        "This instalment has its charge already.",
    )
    _clinic_in_doubt = models.Index(
        "(clinic_charge_at) WHERE clinic_charge IN ('claimed', 'unknown')"
    )

    def _get_unsettled(self):
        """Return the charges that are under way, or may be."""
        return self.filtered(
            lambda tx: (
                tx.clinic_charge in IN_DOUBT
                or tx.state in ("pending", "authorized")
                or (tx.state == "done" and not tx.is_post_processed)
            )
        )

    @api.model
    def _get_live(self, moves):
        """A charge that is claimed, or in doubt, counts as a payment under way."""
        return super()._get_live(moves) or self.sudo().search(
            Domain("clinic_allocation_ids.move_id", "in", moves.ids)
            & Domain("clinic_charge", "in", IN_DOUBT),
            limit=1,
        )

    def _update_state(self, allowed_states, target_state, state_message):
        updated = super()._update_state(allowed_states, target_state, state_message)
        if target_state in UNDER_WAY:
            updated.filtered("clinic_charge").clinic_charge = "charged"
        return updated

    # -- charging ----------------------------------------------------------------------

    def _charge_claimed(self):
        """Charge what was claimed, in a transaction of its own that is never repeated.

        Whatever goes wrong behind the request leaves the claim: it is looked up later.
        """
        self.ensure_one()
        outbox = self.env["clinic.message"]
        try:
            if self._lock_claim():
                self._charge_locked()
            outbox._commit()
        except Exception:  # pylint: disable=broad-except
            # the provider may have charged: the others go on, this one waits
            _logger.exception("The charge of %s is in doubt", self.reference)
            self.env.cr.rollback()
            self.env.invalidate_all()

    def _lock_claim(self):
        """Lock the claim before anything leaves; return if it stands."""
        for _retry in range(LOCK_RETRIES):
            try:
                self.env["clinic.message"]._commit()
                self.env.cr.execute(self._get_claim_query())
                return bool(self.env.cr.fetchone())
            except CONFLICTS:
                self.env.cr.rollback()
                self.env.invalidate_all()
        return False

    def _get_claim_query(self):
        """Return what locks a claimed charge together with its plan."""
        return SQL(
            """SELECT tx.id FROM payment_transaction tx
                 JOIN clinic_payment_plan_line line ON line.id = tx.clinic_plan_line_id
                 JOIN clinic_payment_plan plan ON plan.id = line.plan_id
                WHERE tx.id = %s AND tx.clinic_charge = 'claimed'
                  FOR UPDATE OF tx, plan""",
            self.id,
        )

    def _charge_locked(self):
        if reason := self._get_charge_obstacle():
            self._refuse(reason)
            return
        self._charge_with_token()
        self._take_answer()

    def _get_charge_obstacle(self):
        """Return what changed between the claim and the charge, or ''."""
        line = self.clinic_plan_line_id
        if line.plan_id.state != "active":
            return self.env._("The plan has ended.")
        if not self.token_id.active:
            return self.env._("The card was removed.")
        if self.currency_id.compare_amounts(self.amount, line._get_left()) > 0:
            return self.env._("It was paid meanwhile.")
        if line.plan_id._is_paused():
            return self.env._("The follow-up was paused meanwhile.")
        return ""

    def _take_answer(self):
        """Go on with what the provider said; nothing said means: in doubt."""
        if self.clinic_charge == "unknown":
            self.clinic_charge_at = fields.Datetime.now()
        elif self.state not in UNDER_WAY:
            self._refuse(
                self.state_message or self.env._("The patient has to confirm.")
            )

    def _refuse(self, reason):
        """Note that nothing was charged; the patient gets a link instead."""
        if self.state == "draft":
            self._set_canceled(state_message=reason)
        self.clinic_charge = "refused"
        self.clinic_plan_line_id._ask_by_link(reason)

    def _send_api_request(self, method, endpoint, **kwargs):
        """Note that a charge is in doubt before core calls it an error."""
        try:
            return super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            if self.clinic_charge == "claimed" and is_ambiguous(error):
                self.clinic_charge = "unknown"
            raise

    # -- in doubt ----------------------------------------------------------------------

    @api.model
    def _look_up_lost(self):
        """Look up at the provider the charges whose outcome nobody noted."""
        outbox = self.env["clinic.message"]
        lost = self.sudo().search(
            [
                ("clinic_charge", "in", IN_DOUBT),
                ("clinic_charge_at", "<", fields.Datetime.now() - LEASE),
            ]
        )
        for transaction in lost:
            if outbox._insist(transaction._look_up):
                transaction._charge_claimed()

    def _look_up(self):
        """Learn what became of this charge.

        :return: whether it is proved that nothing was charged: it may be tried again,
            once, under the same reference
        """
        self.env.cr.execute(
            """SELECT id FROM payment_transaction
                WHERE id = %s AND clinic_charge IN %s FOR UPDATE SKIP LOCKED""",
            [self.id, IN_DOUBT],
        )
        if not self.env.cr.fetchone():
            return False
        self.write(
            {"clinic_charge": "unknown", "clinic_charge_at": fields.Datetime.now()}
        )
        found = self._find_at_provider()
        if found:
            self._process(self.provider_code, found)
            self._take_answer_found()
        elif found is None:
            self.env["clinic.payment.exception"]._file(self, "unknown")
        elif self.clinic_charge_tries:
            self._refuse(self.env._("The provider does not know of it."))
        else:
            self._claim_again()
            return True
        return False

    def _take_answer_found(self):
        if self.clinic_charge == "unknown" and self.state in ("error", "cancel"):
            self._refuse(self.state_message)

    def _find_at_provider(self):
        """Return what the provider knows of this reference.

        An addon for a provider brings `_look_up_by_<code>`, which asks the provider's
        server for `self.reference` and returns as this method does; a
        `ValidationError` of core's request counts as None.

        :return: dict for `_process`, False where it proves that there is nothing, None
            where nobody can tell: then a person decides, on the list of payments to
            look at
        """
        look_up = getattr(self, f"_look_up_by_{self.provider_code}", None)
        try:
            return look_up() if look_up else None
        except ValidationError:
            return None

    def _claim_again(self):
        self.write(
            {
                "state": "draft",
                "clinic_charge": "claimed",
                "clinic_charge_tries": self.clinic_charge_tries + 1,
            }
        )
