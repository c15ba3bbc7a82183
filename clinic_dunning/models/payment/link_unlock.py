import re
from datetime import date, timedelta

from odoo import fields, models

MAX_FAILURES = 5
LOCKED_HOURS = 24
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})")


class ClinicLink(models.Model):
    """The second factor that opens the details behind a link."""

    _inherit = "clinic.link"

    def _unlock(self, birth_date):
        """Compare a birth date, count failures and lock the links at the fifth.

        Nobody learns whether a birth date is on file, nor whether the link is locked.

        :param str birth_date: as typed: 1980-05-12, 12/05/1980, 12.05.1980
        :return: whether the details may be shown
        """
        self.ensure_one()
        known = self.sudo().partner_id.clinic_birth_date
        return self._try_to_unlock(
            lambda: known and known == self._parse_date(birth_date)
        )

    def _try_to_unlock(self, is_right):
        """Count one try of a second factor, whichever it is.

        :param is_right: function that says whether it was right; not asked when locked
        """
        links = self._take_siblings()
        self._touch()
        if self._is_locked():
            return False
        if is_right():
            links.failures = 0
            return True
        self.sudo().failures += 1
        if sum(links.mapped("failures")) >= MAX_FAILURES:
            self._lock_up(links)
        return False

    def _take_siblings(self):
        """Return the working links of this person in this clinic, this one included.

        Another link gives no further tries. They are locked: of two tries at once the
        second one fails on its old snapshot and is replayed by Odoo.
        """
        self.flush_model()
        self.env.cr.execute(
            """SELECT id FROM clinic_link
                WHERE partner_id = %s AND company_id = %s AND revoked_at IS NULL
                  AND expires_at > %s
                ORDER BY id FOR NO KEY UPDATE""",
            [self.partner_id.id, self.company_id.id, fields.Datetime.now()],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        return self.sudo().browse({*ids, self.id})

    def _is_locked(self):
        """Return whether somebody guessed too often on a link of this person here."""
        links = self.sudo().search_count(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("locked_until", ">", fields.Datetime.now()),
            ],
            limit=1,
        )
        return bool(links)

    def _parse_date(self, text):
        """Return the date a person typed, day first, or None."""
        found = _DATE.fullmatch((text or "").strip())
        if not found:
            return None
        groups = found.groups()
        year, month, day = groups[:3] if groups[0] else groups[:2:-1]
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            return None

    def _lock_up(self, links):
        """Lock the details behind these links for a day and tell the staff."""
        links.write(
            {
                "failures": 0,
                "locked_until": fields.Datetime.now() + timedelta(hours=LOCKED_HOURS),
            }
        )
        case = self._get_case()._for_staff()
        case._ask_staff(
            case.env._("Link locked"),
            case.env._(
                "Five wrong birth dates or codes were given on a link. Please check "
                "the birth date on file and call."
            ),
        )

    def _get_case(self):
        """Return the follow-up case of the person (sudo)."""
        return (
            self.env["clinic.followup.case"]
            .sudo()
            ._get_or_create(self.partner_id, self.company_id)
        )
