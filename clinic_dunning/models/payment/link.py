import hashlib
import re
import secrets
from datetime import timedelta

from odoo import api, fields, models

SECRET_BYTES = 16
# The secret of an address that `_issue` made, in a text.
SECRET_IN_TEXT = re.compile(r"/[a-z]/([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])")
DAYS = {"pay": 60, "document": 30, "booking": 1, "preferences": 396}


class ClinicLink(models.Model):
    """A secret address on the clinic's domain; only its SHA-256 is kept."""

    _name = "clinic.link"
    _description = "Patient Link"
    _order = "id desc"
    _rec_name = "purpose"

    token_hash = fields.Char(required=True, readonly=True, groups="base.group_system")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    purpose = fields.Selection(
        [
            ("pay", "Pay"),
            ("document", "Document"),
            ("booking", "Booking"),
            ("preferences", "Choices"),
        ],
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade", readonly=True
    )
    message_id = fields.Many2one("clinic.message", ondelete="set null", readonly=True)
    attempt_id = fields.Many2one(
        "clinic.message.attempt", ondelete="set null", readonly=True
    )
    expires_at = fields.Datetime(required=True, readonly=True)
    revoked_at = fields.Datetime(readonly=True)
    failures = fields.Integer(readonly=True)
    locked_until = fields.Datetime(readonly=True)
    used_at = fields.Datetime(
        string="Last Used", readonly=True, help="Pages fetched by scanners don't count."
    )

    _token_hash = models.Constraint("UNIQUE (token_hash)", "This link already exists.")

    @api.model
    def _hash(self, secret):
        return hashlib.sha256((secret or "").encode()).hexdigest()

    @api.model
    def _issue(self, partner, company, purpose="pay", days=None, path="p", **vals):
        """Make a link for one person.

        :param int days: how long it works (default: by purpose)
        :param str path: first part of the address: which page answers there
        :return: (link record, address); the address can't be had again later
        """
        asked = {"partner": partner, "company": company, "purpose": purpose}
        [made] = self._issue_all([{**asked, "days": days, "path": path, **vals}])
        return made

    @api.model
    def _issue_all(self, asked):
        """Make many links: a dict of the arguments of `_issue` each.

        :return: [(link record, address)] in that order
        """
        drawn = [secrets.token_urlsafe(SECRET_BYTES) for _link in asked]
        links = self.sudo().create(
            [
                self._prepare_vals(secret, **vals)
                for secret, vals in zip(drawn, asked, strict=True)
            ]
        )
        return [
            (link, f"{vals['company']._get_clinic_link_base_url()}/{path}/{secret}")
            for link, secret, vals in zip(links.sudo(False), drawn, asked, strict=True)
            for path in [vals.get("path", "p")]
        ]

    @api.model
    def _prepare_vals(
        self, secret, *, partner, company, purpose, days=None, path="p", **vals
    ):
        return {
            "token_hash": self._hash(secret),
            "partner_id": partner.id,
            "company_id": company.id,
            "purpose": purpose,
            "expires_at": fields.Datetime.now() + timedelta(days=days or DAYS[purpose]),
            **vals,
        }

    @api.model
    def _find(self, secret, purpose):
        """Return the usable link of that secret, or none: unknown, expired, revoked."""
        return self.sudo().search(
            [
                ("token_hash", "=", self._hash(secret)),
                ("purpose", "=", purpose),
                ("revoked_at", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
            ],
            limit=1,
        )

    def _is_usable(self):
        """Return whether the link works now."""
        self.ensure_one()
        link = self.sudo()
        return not link.revoked_at and link.expires_at > fields.Datetime.now()

    def _touch(self):
        """Note that a person uses the link; two forms sent at once come one by one.

        The second one fails on its old snapshot and is replayed by Odoo.
        """
        self.sudo().used_at = fields.Datetime.now()
        self.sudo().flush_recordset(["used_at"])

    def _revoke(self):
        self.sudo().filtered(
            lambda link: not link.revoked_at
        ).revoked_at = fields.Datetime.now()

    @api.model
    def _revoke_of(self, partners):
        """Revoke all links of these people."""
        self.sudo().search(
            [("partner_id", "in", partners.ids), ("revoked_at", "=", False)]
        )._revoke()

    def action_revoke(self):
        """Make these links useless."""
        self.check_access("read")
        self._revoke()
