from odoo import api, models


class ReportEvidence(models.AbstractModel):
    _name = "report.clinic_dunning.report_evidence"
    _description = "Evidence File"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Tell the chronology of each case in the clinic's language."""
        cases = self.env["clinic.followup.case"].browse(docids)
        return {
            "docs": cases,
            "files": [
                case.with_context(
                    lang=case.company_id.sudo().partner_id.lang or self.env.lang
                )._get_evidence_values()
                for case in cases
            ],
        }
