from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.upload import UploadError

# What people may write; all else follows what happens.
WRITTEN_BY_PEOPLE = {"patient_id", "confidential", "active"}
OPEN_STATES = ("announced", "downloaded")


class ClinicPatientDocument(models.Model):
    """A file for one patient: announced neutrally, opened with a second factor.

    What it is called and holds stays here: no message, log or list row tells it.
    """

    _name = "clinic.patient.document"
    _description = "Patient Document"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        readonly=True,
        index=True,
    )
    patient_id = fields.Many2one(
        "res.partner",
        string="Patient",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('clinic_is_third_party_payer', '=', False)]",
    )
    confidential = fields.Boolean(
        help="Only the patient is told and may open it, never a guarantor."
    )
    reference = fields.Char(
        readonly=True, help="What came with the file to say whose it is."
    )
    match_note = fields.Char(
        string="Why Nobody", readonly=True, help="Why no patient was found."
    )
    file_name = fields.Char(readonly=True)
    content = fields.Binary(attachment=True, readonly=True, groups="base.group_system")
    content_hash = fields.Char(readonly=True, groups="base.group_system")
    match_key = fields.Char(readonly=True, groups="base.group_system")
    mimetype = fields.Char(string="Kind", readonly=True)
    size = fields.Integer(string="Size (kB)", readonly=True)
    source = fields.Selection(
        [("desk", "At the desk"), ("drop", "Dropped"), ("api", "Interface")],
        default="desk",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("unmatched", "Unmatched"),
            ("waiting", "Not Announced"),
            ("announced", "Announced"),
            ("downloaded", "Downloaded"),
            ("erased", "Erased"),
        ],
        default="unmatched",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    active = fields.Boolean(default=True)
    notice_id = fields.Many2one(
        "clinic.message", string="Last Notice", readonly=True, ondelete="set null"
    )
    notice_ids = fields.Many2many("clinic.message", string="Notices", readonly=True)
    notice_state = fields.Selection(related="notice_id.state", string="Notice")
    notice_trail = fields.Char(related="notice_id.trail", string="Sent by")
    notice_reason = fields.Char(related="notice_id.reason", string="About the Notice")
    opens = fields.Integer(string="Opened", readonly=True, copy=False)
    downloads = fields.Integer(readonly=True, copy=False)
    opened_at = fields.Datetime(string="Last Opened", readonly=True)
    downloaded_at = fields.Datetime(string="Last Download", readonly=True)
    erased_at = fields.Datetime(readonly=True)
    erased_by = fields.Many2one("res.users", readonly=True)
    upload = fields.Binary(string="File", store=False)
    upload_name = fields.Char(store=False)

    _once = models.UniqueIndex(
        "(company_id, match_key, content_hash) WHERE content_hash IS NOT NULL",
        "This file is there already.",
    )

    def _compute_display_name(self):
        for document in self:
            document.display_name = self.env._("Document %s", document.id or "")

    @api.model_create_multi
    def create(self, vals_list):
        """Take what people hand in at the desk as any other file is taken."""
        if self.env.su:
            return super().create(vals_list)
        self.check_access("create")
        return self.union(*[self._create_at_desk(vals) for vals in vals_list])

    def _create_at_desk(self, vals):
        content = self._decode(vals.get("upload"))
        patient = self.env["res.partner"].browse(vals.get("patient_id"))
        company = self.env["res.company"].browse(vals.get("company_id"))
        (company or self.env.company).check_access("read")
        patient.check_access("read")
        try:
            document, is_new = self._take(
                company or self.env.company,
                vals.get("upload_name"),
                content,
                patient=patient,
                confidential=vals.get("confidential", False),
            )
        except UploadError as error:
            raise ValidationError(self._explain(error)) from None
        if not is_new:
            raise ValidationError(
                self.env._("This file is there already: %s", document.display_name)
            )
        return document

    def write(self, vals):
        """People choose the patient of what nobody was found for, and who may read.

        :raise AccessError: for what follows what happens
        """
        own = {name for name, field in self._fields.items() if self._is_own(field)}
        if self.env.su or not own.intersection(vals):
            return super().write(vals)
        if not WRITTEN_BY_PEOPLE.issuperset(own.intersection(vals)):
            raise AccessError(
                self.env._("Nobody writes this: it follows what happens.")
            )
        if "patient_id" in vals:
            self._check_assignable()
        result = super().write(vals)
        if vals.get("patient_id"):
            self.sudo()._note_assigned()
        return result

    def _is_own(self, field):
        return self._name == field.model_name and not field.name.startswith(
            ("message_", "activity_", "my_activity_", "website_message_")
        )

    def _check_assignable(self):
        if any(document.state != "unmatched" for document in self):
            raise UserError(
                self.env._(
                    "This document is somebody's already. Press “Wrong patient” first: "
                    "its links stop working."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("Erase a document instead: that it was there stays on record.")
        )

    def _is_live(self):
        """Return whether there is something to open."""
        return self.active and self.state in OPEN_STATES

    # -- who may read it ---------------------------------------------------------------

    def _may_be_read_by(self, person):
        """Return whether it is this person's own, a minor's, or shared by an adult.

        :param person: `res.partner` behind a link or a login
        """
        patient = self.patient_id
        if patient == person:
            return True
        today = self.company_id._get_clinic_today()
        if self.confidential or patient._get_clinic_guarantor(today) != person:
            return False
        return patient.clinic_share_consent or patient._is_clinic_minor(today)

    def _get_recipient(self):
        """Return who is told: the patient, or whoever answers for a child.

        Also for an adult who shares details and has no address of his own.
        """
        patient = self.patient_id
        guarantor = patient._get_clinic_guarantor(self.company_id._get_clinic_today())
        if self.confidential or not guarantor:
            return patient
        is_minor = patient._is_clinic_minor(self.company_id._get_clinic_today())
        is_silent = not (patient.phone or patient.email)
        if is_minor or (is_silent and patient.clinic_share_consent):
            return guarantor
        return patient

    # -- staff -------------------------------------------------------------------------

    def action_read(self):
        """Open the file in a new tab; who read it is on record."""
        self.ensure_one()
        self.check_access("read")
        url = f"/clinic/document/{self.id}"
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def action_open_notices(self):
        """Open the notices of these documents."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_message_action"
        )
        return {**action, "domain": [("id", "in", self.notice_ids.ids)], "context": {}}
