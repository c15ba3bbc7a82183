from odoo import models
from odoo.tools import SQL


class ClinicFollowupDecision(models.AbstractModel):
    """Bills in a running plan are left alone, the others are followed up as ever."""

    _inherit = "clinic.followup.decision"

    def _blocked_sql(self, moment, policies, by_hand):
        return SQL(
            """CASE WHEN i.residual > 0
                 AND (i.move_id, i.partner_id, i.date_maturity) IN (
                     SELECT move_id, partner_id, date_maturity
                       FROM clinic_payment_plan_item WHERE state = 'active')
               THEN 'planned' ELSE %s END""",
            super()._blocked_sql(moment, policies, by_hand),
        )

    def _get_reason(self, row, policies):
        if row["blocked"] == "planned":
            return self.env._("A payment plan covers it.")
        return super()._get_reason(row, policies)


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_open_items_by_case(self):
        """No reminder asks for what is in a running plan."""
        rows_by_case = super()._get_open_items_by_case()
        items = self.env["clinic.payment.plan.item"]._get_live(
            [row for rows in rows_by_case.values() for row in rows]
        )
        return {
            case: [row for row in items._mark_theirs(rows) if "now" not in row]
            for case, rows in rows_by_case.items()
        }
