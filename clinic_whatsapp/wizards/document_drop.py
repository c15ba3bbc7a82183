from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import upload
from ..tools.upload import File, UploadError


class ClinicDocumentDrop(models.TransientModel):
    """Many files dropped at once: each is taken by itself, each answer is kept."""

    _name = "clinic.document.drop"
    _description = "Files Handed In"
    _inherit = ["clinic.dialog"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    patient_id = fields.Many2one("res.partner", readonly=True)
    line_ids = fields.One2many("clinic.document.drop.line", "drop_id", readonly=True)
    announced = fields.Integer(string="Patient Found", compute="_compute_counts")
    unmatched = fields.Integer(string="To Assign", compute="_compute_counts")
    known = fields.Integer(string="There Already", compute="_compute_counts")
    refused = fields.Integer(string="Not Taken", compute="_compute_counts")

    def _compute_counts(self):
        for drop in self:
            for outcome in ("announced", "unmatched", "known", "refused"):
                lines = drop.line_ids.filtered(
                    lambda line, outcome=outcome: line.outcome == outcome
                )
                drop[outcome] = len(lines)

    def take_file(self, name, data):
        """Take one file, or each file of an archive.

        :param str name: of the file, it may begin with a reference
        :param str data: its content in base64
        :return: how many files were not taken
        """
        self.ensure_one()
        self.env["clinic.patient.document"].check_access("create")
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Choose the company at the top first."))
        content = self.env["clinic.patient.document"]._decode(data)
        vals = [self._take(file) for file in self._unfold(File(name, content))]
        lines = self.env["clinic.document.drop.line"].create(
            [{**line, "drop_id": self.id} for line in vals]
        )
        return len(lines.filtered(lambda line: line.outcome == "refused"))

    def refuse_file(self, name):
        """Note a file that did not arrive."""
        self.ensure_one()
        self.env["clinic.document.drop.line"].create(
            {
                "drop_id": self.id,
                "file_name": upload.get_base_name(name),
                "outcome": "refused",
                "note": self.env._("It did not arrive: too large, or try again."),
            }
        )

    def action_show(self):
        """Open the answers to all files of this drop."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_document_drop_action"
        )
        return {**action, "res_id": self.id}

    def _unfold(self, file):
        """Return the files of an archive, else the file itself.

        What can't be unpacked is told like a file that is not taken.
        """
        if not upload.is_archive(file.content):
            return [file]
        try:
            return upload.unpack(file.content)
        except UploadError as error:
            return [(file.name, error)]

    def _take(self, file):
        """Return the values of the line that tells what became of a file."""
        name, content = file
        documents = self.env["clinic.patient.document"]
        try:
            if isinstance(content, UploadError):
                raise content
            document, is_new = documents._take(
                self.company_id, name, content, patient=self.patient_id, source="drop"
            )
        except UploadError as error:
            return {
                "file_name": name,
                "outcome": "refused",
                "note": documents._explain(error),
            }
        outcome = "announced" if document.patient_id else "unmatched"
        return {
            "file_name": name,
            "outcome": outcome if is_new else "known",
            "document_id": document.id,
            "note": document.match_note,
        }

    def action_open_documents(self):
        """Open what was taken; first what a person has to assign."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_patient_document_action"
        )
        domain = [("id", "in", self.line_ids.document_id.ids)]
        context = {"search_default_unmatched": bool(self.unmatched)}
        return {**action, "domain": domain, "context": context}


class ClinicDocumentDropLine(models.TransientModel):
    _name = "clinic.document.drop.line"
    _description = "File Handed In"
    _inherit = ["clinic.dialog"]
    # What asks for somebody comes first.
    _order = "outcome desc, id"

    drop_id = fields.Many2one("clinic.document.drop", required=True, ondelete="cascade")
    file_name = fields.Char()
    document_id = fields.Many2one("clinic.patient.document", ondelete="cascade")
    patient_id = fields.Many2one(related="document_id.patient_id")
    outcome = fields.Selection(
        [
            ("announced", "Patient found"),
            ("known", "There already"),
            ("refused", "Not taken"),
            ("unmatched", "To assign"),
        ],
        required=True,
    )
    note = fields.Char(string="Why")
