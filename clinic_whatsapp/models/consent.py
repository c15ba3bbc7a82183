from odoo import api, models

from odoo.addons.clinic_dunning.models.outreach.consent import NEEDS_YES

# WhatsApp's own rules ask for a prior yes, whatever the message is about.
NEEDS_YES |= {(purpose, "whatsapp") for purpose in ("billing", "appointment", "care")}


class ClinicConsent(models.Model):
    _inherit = "clinic.consent"

    @api.model
    def _find_refused_by_message(self, keys, channel):
        """Return those of the keys that only a message refuses: START undoes these.

        :param keys: (person, company, purpose) each
        """
        past = {key: self.browse() for key in keys}
        proofs = self.sudo().search(
            [
                ("partner_id", "in", [partner.id for partner, *_rest in keys]),
                ("channel", "in", [False, channel]),
            ],
            order="id desc",
        )
        for proof in proofs:
            for company in proof.company_id or {company for _p, company, _u in keys}:
                key = proof.partner_id, company, proof.purpose
                if key in past:
                    past[key] |= proof
        return [key for key in keys if past[key]._is_undone_by_start(key[2], channel)]

    def _is_undone_by_start(self, purpose, channel):
        """Return whether what stood before the refusals by message allowed to write.

        :param self: all that one person said about one purpose, latest first
        """
        said = self.filtered(lambda proof: proof.granted or proof.source != "message")
        if not self or self[0] in said:
            return False
        return said[0].granted if said else (purpose, channel) not in NEEDS_YES
