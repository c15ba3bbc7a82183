from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicPolicyAcceptance(models.Model):
    """Proof that a person accepted a version of the payment policy; append-only.

    Apart from `clinic.consent`, whose latest row rules what may be sent.
    """

    _name = "clinic.policy.acceptance"
    _description = "Accepted Payment Policy"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    policy_id = fields.Many2one(
        "clinic.followup.policy", readonly=True, ondelete="set null"
    )
    version = fields.Integer(required=True, readonly=True)
    text = fields.Html(readonly=True, help="As it was shown.")
    lang = fields.Char(readonly=True)
    ip = fields.Char(string="IP Address", readonly=True)
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)

    @api.model
    def _accept(self, partner, company, lang, ip):
        """Keep the proof, once for each version; no policy text, no proof."""
        policy = company._get_clinic_followup_policy().with_context(lang=lang)
        if not policy.payment_policy_text or self._is_accepted(partner, company):
            return self.browse()
        return self.create(
            {
                "partner_id": partner.id,
                "company_id": company.id,
                "policy_id": policy.id,
                "version": policy.payment_policy_version,
                "text": policy.payment_policy_text,
                "lang": lang,
                "ip": ip,
            }
        )

    @api.model
    def _is_accepted(self, partner, company):
        """Return whether this person accepted the policy as it is today."""
        policy = company._get_clinic_followup_policy()
        domain = [
            ("partner_id", "=", partner.id),
            ("policy_id", "=", policy.id),
            ("version", "=", policy.payment_policy_version),
        ]
        return bool(self.search_count(domain, limit=1))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A proof can't be changed."))

    def _wipe(self):
        """Keep what was accepted and when, not from which device."""
        return super().write({"ip": False})

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A proof can't be deleted."))
