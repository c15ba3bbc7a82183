from odoo import models

from .statement import get_item_key


class ClinicPaymentCheckout(models.Model):
    """The same payment begun in two windows, or on two phones, is one payment.

    Until a provider answers, a transaction is a draft: a second one on the same bills
    would charge twice what is owed once.
    """

    _inherit = "clinic.payment.checkout"

    def _lock(self):
        """Let all payments of one person here begin one after the other.

        Whoever comes second fails on the old snapshot and is replayed by Odoo.
        """
        self.env.cr.execute(
            """UPDATE clinic_link SET failures = failures
                WHERE id = (SELECT min(id) FROM clinic_link
                             WHERE partner_id = %s AND company_id = %s)""",
            [self.partner_id.id, self.company_id.id],
        )
        return super()._lock()

    def _join_twin(self, provider_id, payment_method_id):
        """Return the same choice of another window that is being paid this very way.

        This one leads there from now on. Without such a twin it is returned itself.
        """
        self.ensure_one()
        begun = self.env["payment.transaction"]._get_begun(self.allocation_ids.move_id)
        for twin in begun.clinic_checkout_id - self:
            is_same_way = twin._is_same_way(provider_id, payment_method_id)
            if is_same_way and twin._may_stand_for(self):
                self.replaced_by_id = twin
                return twin
        return self

    def _has_begun(self):
        """Return whether a payment of these bills was begun a short while ago."""
        moves = self.allocation_ids.move_id
        return bool(self.env["payment.transaction"]._get_begun(moves))

    def _may_stand_for(self, other):
        """Return whether this is the latest form of the very choice of `other`."""
        return bool(
            self.link_id
            and not self.replaced_by_id
            and self._is_usable()
            and self._is_same_choice(other)
        )

    def _is_same_choice(self, other):
        """Return whether both pay the same person's same items with the same amount."""
        return (
            bool(self.allocation_ids)
            and self.partner_id == other.partner_id
            and self.currency_id == other.currency_id
            and self._get_parts() == other._get_parts()
        )

    def _get_parts(self):
        """Return {item: amount}."""
        return {
            get_item_key(part._prepare_copy()): self.currency_id.round(part.amount)
            for part in self.allocation_ids
        }
