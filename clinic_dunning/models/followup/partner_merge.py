from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Bring the cases of merged people together before their keys are rewritten.

        The merge would otherwise delete the case that breaks the unique key, and its
        entries with it: the same items would be followed up again.
        """
        self.env["clinic.followup.case"].sudo()._merge(src_partners, dst_partner)
        self._end_guaranties(src_partners | dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _end_guaranties(self, partners):
        """Who becomes one with his guarantor pays for himself."""
        partners.sudo().filtered(
            lambda partner: partner.clinic_guarantor_id in partners
        ).clinic_guarantor_id = False
