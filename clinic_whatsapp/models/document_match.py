from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.upload import is_reference

BILLS = ("out_invoice", "out_refund", "out_receipt")


class ClinicPatientDocument(models.Model):
    """Whose it is: by a reference, never by a name; else a person says so."""

    _inherit = "clinic.patient.document"

    @api.model
    def _match(self, company, candidates):
        """Return (patient, reference, why nobody, confidential).

        All candidates together have to lead to one person: what fits two is nobody's.

        :param candidates: possible references, the longest first
        """
        nobody = self.env["res.partner"]
        usable = [text for text in map(str.strip, candidates) if is_reference(text)]
        if not usable:
            note = self.env._("There is no reference: a name alone is no proof.")
            return nobody, candidates[0].strip() or "-", note, False
        found = {text: self._find_people(company, text) for text in usable}
        reference = next((text for text in usable if found[text][0]), "")
        if not reference:
            return nobody, usable[0], self.env._("Nobody has this reference."), False
        people = nobody.union(*[people for people, _secret in found.values()])
        if len(people) > 1:
            note = self.env._("Several patients have this reference.")
            return nobody, reference, note, False
        return people, reference, False, found[reference][1]

    @api.model
    def _find_people(self, company, reference):
        """Return (people, whether a confidential bill led there).

        By the patient's own reference, the one documents carry, or a bill's number.
        """
        forms = list({reference, reference.upper(), reference.lower()})
        people_sudo = self.env["res.partner"].sudo()
        here = Domain("company_id", "=", False) | Domain(
            "company_id", "parent_of", company.id
        )
        known = Domain("ref", "in", forms) | Domain("clinic_document_ref", "in", forms)
        found = people_sudo.search(here & known)
        bills = self._find_bills(company, forms)
        found |= bills.clinic_patient_id
        found |= bills.filtered(lambda bill: not bill.clinic_patient_id).partner_id
        patients = found.filtered(lambda person: not person.clinic_is_third_party_payer)
        return patients.sudo(self.env.su), any(bills.mapped("clinic_confidential"))

    def _find_bills(self, company, forms):
        """Return the bills of that number; no file name holds a slash."""
        slashed = [form.replace("-", "/").replace("_", "/") for form in forms]
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("name", "in", forms + slashed),
                    ("company_id", "=", company.id),
                    ("move_type", "in", BILLS),
                    ("state", "=", "posted"),
                ]
            )
        )

    def _note_assigned(self):
        """A person said whose it is (sudo): what waited for that goes on."""
        self.write({"state": "waiting", "match_note": False})
        for company, documents in self.grouped("company_id").items():
            if company.clinic_document_announce:
                documents._announce()

    def action_unmatch(self):
        """Take documents back from the wrong patient: their links stop working."""
        self.check_access("write")
        for document in self.sudo():
            if document.state not in ("waiting", *self._get_open_states()):
                raise UserError(self.env._("This document is nobody's."))
            document._take_back()

    def _take_back(self):
        """Undo a match (sudo); if somebody has opened it, a manager has to know."""
        wrong, was_seen = self.patient_id, self.opens or self.downloads
        self._withdraw_notices()
        self.write(
            {
                "patient_id": False,
                "state": "unmatched",
                "match_note": self.env._("Taken back from the wrong patient."),
            }
        )
        if was_seen:
            self._tell_manager(wrong)

    def _tell_manager(self, wrong):
        managers = self.company_id._get_clinic_staff(
            "clinic_dunning.group_clinic_manager"
        )
        self.activity_schedule(
            "clinic_whatsapp.activity_document",
            date_deadline=self.company_id._get_clinic_today(),
            summary=self.env._("A document was opened by the wrong person"),
            note=self.env._(
                "It was open to %s. Ask that it be deleted, and decide with the data "
                "protection officer who has to be told, and by when.",
                wrong.display_name,
            ),
            user_id=(managers.sorted("id")[:1] or self.env.ref("base.user_admin")).id,
        )
