from datetime import timedelta

from odoo import api, fields, models

REQUEST_LIFE = timedelta(hours=2)
# What the address of an appointment is good for after it, to read its receipt.
AFTER_VISIT = timedelta(days=1)
INVITATION_DAYS = 7


class ClinicLink(models.Model):
    """Addresses of the booking page: a wish, an appointment, an invitation to book.

    One purpose, and each kind is found by its own subject: none opens another.
    """

    _inherit = "clinic.link"

    request_id = fields.Many2one(
        "clinic.booking.request",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    is_invitation = fields.Boolean(readonly=True)

    @api.model
    def _issue_invitation(self, partner, company, **vals):
        """Make a link by which one known person books without a code.

        :return: (link record, address)
        """
        return self._issue(
            partner,
            company,
            purpose="booking",
            days=INVITATION_DAYS,
            path="b",
            is_invitation=True,
            **vals,
        )

    @api.model
    def _issue_request(self, request):
        """Make the link under which a visitor goes on with his wish.

        :return: (link record, secret)
        """
        link, url = self._issue(
            request.visitor_id,
            request.company_id,
            purpose="booking",
            request_id=request.id,
            expires_at=fields.Datetime.now() + REQUEST_LIFE,
        )
        return link, url.rpartition("/")[2]

    @api.model
    def _find_request(self, secret):
        """Return the wish behind that secret (sudo), or none."""
        return self._find(secret, "booking").request_id

    @api.model
    def _find_booking_link(self, secret):
        """Return the usable manage link or invitation of that secret (sudo), or none.

        A manage link works until a day after the visit, wherever that was moved to.
        """
        link = self._find(secret, "booking")
        if link.is_invitation:
            return link
        over = fields.Datetime.now() - AFTER_VISIT
        visit = link.booking_id.clinic_start
        return link if visit and visit > over else link.browse()

    def _lock_up(self, links):
        """The wish of a visitor ends; nobody is on file whom staff could call."""
        wishes = links.filtered("request_id")
        wishes._revoke()
        return None if self in wishes else super()._lock_up(links - wishes)
