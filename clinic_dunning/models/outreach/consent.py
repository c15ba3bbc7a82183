from odoo import api, fields, models
from odoo.exceptions import UserError

# Channels that need a prior yes for a purpose. A bill by letter, email or phone rests
# on the contract (GDPR art. 6(1)(b)); addons add their own, such as WhatsApp.
NEEDS_YES = set()
# A bill by post remains possible after any refusal.
NEVER_REFUSED = {("billing", "letter")}


class ClinicConsent(models.Model):
    _name = "clinic.consent"
    _description = "Proof of Consent or Refusal"
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", help="Empty: every company.")
    purpose = fields.Selection(
        [("billing", "Bills"), ("appointment", "Appointments"), ("care", "Care")],
        required=True,
        default="billing",
    )
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        help="Empty: every channel.",
    )
    granted = fields.Boolean(required=True)
    source = fields.Selection(
        [
            ("desk", "At the desk"),
            ("form", "Form"),
            ("link", "Patient's link"),
            ("portal", "Portal"),
            ("message", "Reply to a message"),
            ("import", "Import"),
        ],
        required=True,
        default="desk",
    )
    text_version = fields.Char(help="Which text the person agreed to.")
    user_id = fields.Many2one("res.users", default=lambda self: self.env.user)
    ip = fields.Char(string="IP Address")
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{**vals, "user_id": self.env.uid} for vals in vals_list]
        proofs = super().create(vals_list)
        self.env["clinic.stop.event"]._record(
            [
                (proof.partner_id.id, proof.company_id.id, False)
                for proof in proofs
                if not proof.granted
            ],
            "opted_out",
        )
        return proofs

    # Nothing is ever written: a proof stands.
    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("A proof of consent can't be changed: note a new one instead.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A proof of consent can't be deleted."))

    def _wipe(self):
        """Keep what was said and when; from which device is nobody's business."""
        return super().write({"ip": False})

    @api.model
    def _get_refusal(self, partner, company, purpose, channel):
        """Return why this channel may not be used for this purpose, or ''."""
        key = partner, company, purpose
        return self._get_refusals([key], channel)[key]

    @api.model
    def _get_refusals(self, keys, channel):
        """Return {key: why this channel may not be used for that, or ""}.

        The latest proof decides, whatever its breadth.

        :param keys: (person, company, purpose) each
        """
        keys = set(keys)
        latest = self._get_latest_proofs(keys, channel)
        return {
            key: self._read_refusal(latest.get(key), key[2], channel) for key in keys
        }

    @api.model
    def _get_latest_proofs(self, keys, channel):
        """Return {key: the latest proof for it} where there is one."""
        proofs = self.sudo().search(
            [
                ("partner_id", "in", [partner.id for partner, *_rest in keys]),
                ("purpose", "in", [purpose for *_rest, purpose in keys]),
                ("channel", "in", [False, channel]),
            ],
            order="id",
        )
        latest = {}
        for proof in proofs:
            for company in proof.company_id or {company for _p, company, _u in keys}:
                latest[proof.partner_id, company, proof.purpose] = proof
        return latest

    def _read_refusal(self, proof, purpose, channel):
        if (purpose, channel) in NEVER_REFUSED:
            return ""
        if proof and not proof.granted:
            return self.env._("Asked on %s not to be written to.", proof.date.date())
        if not proof and (purpose, channel) in NEEDS_YES:
            return self.env._("No consent on file.")
        return ""
