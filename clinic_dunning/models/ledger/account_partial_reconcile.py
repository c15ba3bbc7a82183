from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._record_clinic_stop("paid")
        return partials

    def unlink(self):
        self._record_clinic_stop("returned")
        return super().unlink()

    def _record_clinic_stop(self, reason):
        (self.debit_move_id | self.credit_move_id).move_id._record_stop(reason)
