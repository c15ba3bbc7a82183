from odoo import fields, models
from odoo.fields import Domain

OPEN = ("requested", "pending", "authorized", "paid", "exception")


class ResPartner(models.Model):
    """Who is erased has no visit ahead and no deposit open, and left no wish."""

    _inherit = "res.partner"

    def _find_clinic_erase_problems(self):
        problems = super()._find_clinic_erase_problems()
        if self.env["clinic.deposit"].search_count(
            self._get_clinic_theirs("partner_id", "patient_id")
            & Domain("state", "in", OPEN),
            limit=1,
        ):
            problems.append(
                self.env._(
                    "A deposit of %s is open: use it or give it back first.",
                    self.display_name,
                )
            )
        if self._get_clinic_bookings().filtered(
            lambda booking: booking.active
            and booking.clinic_start
            and booking.clinic_start > fields.Datetime.now()
        ):
            problems.append(
                self.env._(
                    "%s has an appointment ahead: cancel it first.", self.display_name
                )
            )
        return problems

    def _get_clinic_theirs(self, *names):
        return Domain.OR(Domain(name, "=", self.id) for name in names)

    def _get_clinic_bookings(self):
        return (
            self.env["resource.booking"]
            .with_context(active_test=False)
            .search(self._get_clinic_theirs("partner_ids", "clinic_patient_id"))
        )

    def _erase_clinic_traces(self):
        requests = self.env["clinic.booking.request"].search(
            self._get_clinic_theirs("partner_id", "visitor_id")
        )
        # What was typed on the page before anybody knew who it is.
        visitors = requests.visitor_id - self
        requests.unlink()
        visitors._erase_clinic_data()
        self.env["clinic.waiting.list"].search(
            self._get_clinic_theirs("partner_id")
        ).unlink()
        self._erase_clinic_chatter(self._get_clinic_bookings())
        return super()._erase_clinic_traces()
