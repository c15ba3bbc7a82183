from odoo import api, fields, models
from odoo.exceptions import UserError


class ClinicConsentBatch(models.Model):
    """A table of answers that was brought in, kept as the proof of each."""

    _name = "clinic.consent.batch"
    _description = "Imported Consents"
    _order = "id desc"

    name = fields.Char(string="File", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    content = fields.Binary(string="Proof", attachment=True, readonly=True)
    text_version = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Imported By", readonly=True)
    consent_ids = fields.One2many("clinic.consent", "batch_id", readonly=True)
    count = fields.Integer(string="Answers", compute="_compute_count")

    @api.depends("consent_ids")
    def _compute_count(self):
        counts = dict(
            self.env["clinic.consent"]._read_group(
                [("batch_id", "in", self.ids)], ["batch_id"], ["__count"]
            )
        )
        for batch in self:
            batch.count = counts.get(batch, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A proof of consent can't be deleted."))


class ClinicConsent(models.Model):
    _inherit = "clinic.consent"

    batch_id = fields.Many2one(
        "clinic.consent.batch",
        string="Imported With",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
