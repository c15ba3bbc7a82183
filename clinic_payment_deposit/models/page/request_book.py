from odoo import fields, models
from odoo.exceptions import UserError

CONSENT_VERSION = "booking-1"
UPCOMING = 5


class ClinicBookingRequest(models.Model):
    """From a proved wish to a slot that is held, or an appointment."""

    _inherit = "clinic.booking.request"

    def _get_person(self):
        """Return the patient, or the contact of somebody new."""
        return self.partner_id or self.visitor_id

    def _get_policy(self):
        return self.type_id.clinic_deposit_policy_id

    def _get_quote(self):
        """Return what is asked for before the visit, or None; writes nothing."""
        policy = self._get_policy()
        return (
            policy._quote(self.type_id, self._get_person(), self.start)
            if policy
            else None
        )

    def _move_to(self, start, combination):
        """Wish for another slot."""
        self._check_slot(self.type_id, start, combination)
        self.write({"start": start, "combination_id": combination.id})

    def _check_slot(self, kind, start, combination):
        """Refuse a slot that is not offered.

        :raise UserError: in words
        """
        if combination - kind.combination_rel_ids.combination_id:
            raise UserError(self.env._("Please choose one of those who receive."))
        if not start or not kind._is_online() or not kind._is_slot(start, combination):
            raise UserError(
                self.env._("This time is not free any more. Please choose another.")
            )

    def _get_other_hold(self):
        """Return the wish of the same address whose slot is still held, or none."""
        return self.search(
            [
                ("address_hash", "=", self.address_hash),
                ("id", "!=", self.id),
                ("verified_at", "!=", False),
                ("booking_id.clinic_held_until", ">", fields.Datetime.now()),
            ],
            limit=1,
        )

    def _book(self, accepted, shown=None):
        """Take the slot for the person: held until it is paid, or confirmed.

        :param bool accepted: whether the policy was accepted
        :param str shown: the mark of what was shown, where the page says it
        :return: the booking
        :raise UserError: in words; nothing is done then
        """
        self.ensure_one()
        if self.booking_id:
            return self.booking_id
        quote = self._get_quote()
        self._check_may_book(quote, accepted, shown)
        self._lock_address()
        self._check_few()
        person = self._take_in()
        booking = self.env["resource.booking"]._hold_slot(
            self.type_id,
            self.start,
            person,
            combination=self.combination_id or None,
            minutes=quote.hold_minutes if quote else None,
            clinic_source="page",
        )
        self.write({"booking_id": booking.id, "partner_id": person.id})
        self._note_consent(person)
        if quote:
            self.env["clinic.deposit"]._request(booking, self._get_accepted(quote))
        return booking

    def _get_terms_mark(self, quote):
        """Return what tells one demand from another: never what is asked."""
        return f"{quote.policy.id}/{quote.version}/{quote.way}/{quote.amount:.3f}"

    def _check_may_book(self, quote, accepted, shown):
        if not self.verified_at:
            raise UserError(self.env._("Please enter the code first."))
        if quote and not accepted:
            raise UserError(self.env._("Please accept our terms first."))
        if quote and shown not in (None, self._get_terms_mark(quote)):
            raise UserError(
                self.env._(
                    "What we ask for has changed meanwhile. Please read it once more."
                )
            )
        self._check_slot(self.type_id, self.start, self.combination_id)

    def _lock_address(self):
        """Two forms of one address sent at once come one by one.

        The second one fails on its old snapshot and is replayed by Odoo.
        """
        self.env.cr.execute(
            """INSERT INTO clinic_contact_address (address_hash, used_at)
            VALUES (%s, %s) ON CONFLICT (address_hash)
            DO UPDATE SET used_at = EXCLUDED.used_at""",
            [self.address_hash, fields.Datetime.now()],
        )

    def _check_few(self):
        """One slot on hold for each address, and not the clinic's whole calendar."""
        if self._get_other_hold():
            raise UserError(
                self.env._(
                    "You have another time on hold. Please finish that appointment "
                    "or give it back first."
                )
            )
        upcoming = self.search_count(
            [
                ("address_hash", "=", self.address_hash),
                ("booking_id.start", ">", fields.Datetime.now()),
            ],
            limit=UPCOMING,
        )
        if upcoming >= UPCOMING:
            raise UserError(
                self.env._("You have several appointments already. Please call us.")
            )

    def _take_in(self):
        """Return the patient; somebody new becomes one now."""
        person = self._get_person()
        if person == self.visitor_id and not person.active:
            person.write({"active": True, "clinic_birth_date": self.birth_date})
        return person

    def _get_accepted(self, quote):
        """Return the proof of what was accepted, for the deposit to keep."""
        return {
            "version": quote.version,
            "text": quote.text,
            "lang": self.lang,
            "ip": self.ip,
            "date": fields.Datetime.now(),
        }

    def _note_consent(self, person):
        """Keep the proof that this person may be told of appointments that way."""
        channels = self._get_consent_channels()
        self.env["clinic.consent"].create(
            [
                {
                    "partner_id": person.id,
                    "company_id": self.company_id.id,
                    "purpose": "appointment",
                    "channel": channel,
                    "granted": True,
                    "source": "form",
                    "text_version": CONSENT_VERSION,
                    "user_id": False,
                    "ip": self.ip,
                }
                for channel in channels
            ]
        )

    def _get_consent_channels(self):
        """Return the channels that reach the address that was given."""
        if self.channel != "sms":
            return [self.channel] if self.channel else []
        known = dict(self.env["res.partner"]._selection_clinic_channel())
        return [channel for channel in ("sms", "whatsapp") if channel in known]

    def _give_back(self):
        """Free the slot that is on hold, unless a payment is on its way.

        :raise UserError: in words
        """
        booking = self.booking_id
        if not booking.clinic_held_until:
            return
        if booking._has_live_payment():
            raise UserError(
                self.env._("We are checking your payment. Please wait a moment.")
            )
        booking._give_back("patient")
