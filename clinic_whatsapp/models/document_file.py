import base64
import binascii

import psycopg2

from odoo import api, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from ..tools import upload


class ClinicPatientDocument(models.Model):
    """From a file that comes in to a document, once."""

    _inherit = "clinic.patient.document"

    @api.model
    def _take(self, company, name, content, **how):
        """Keep a file, find its patient and announce it.

        :param str name: of the file, it may begin with a reference
        :param bytes content: PDF, JPEG or PNG
        :param how: `patient` (a record) or `reference` (exact); `source`,
            `confidential`, `announce` (default: as the company does)
        :return: (document, whether it is new); the same file is taken once
        :raise UploadError: for a file that is not taken
        """
        file = upload.check(name, content)
        patient, reference, note, is_confidential = self._find_owner(
            company, file.name, how.get("patient"), how.get("reference")
        )
        key = reference.upper() if reference else f"patient:{patient.id}"
        known = self._find_known(company, key, file.digest)
        if known:
            return known, False
        document_sudo = self.sudo()._keep(
            file,
            company_id=company.id,
            patient_id=patient.id,
            reference=reference,
            match_note=note,
            match_key=key,
            source=how.get("source", "desk"),
            confidential=how.get("confidential") or is_confidential,
            state="waiting" if patient else "unmatched",
        )
        if how.get("announce", company.sudo().clinic_document_announce):
            document_sudo.filtered("patient_id")._announce()
        return document_sudo.with_env(self.env), True

    def _find_owner(self, company, name, patient, reference):
        """Return (patient, reference, why nobody, confidential) of a file."""
        if patient:
            return patient, False, False, False
        candidates = [reference] if reference else upload.get_references(name)
        return self._match(company, candidates)

    def _find_known(self, company, key, digest):
        return (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "=", company.id),
                    ("match_key", "=", key),
                    ("content_hash", "=", digest),
                ],
                limit=1,
            )
            .with_env(self.env)
        )

    def _keep(self, file, **vals):
        """Create the document (sudo); whoever was quicker makes the request run again.

        :raise ConcurrencyError: when the same file comes twice at this moment
        """
        try:
            # The log would tell the name of the file.
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                return self.with_context(mail_create_nosubscribe=True).create(
                    {
                        **vals,
                        "file_name": file.name,
                        "content": base64.b64encode(file.content),
                        "content_hash": file.digest,
                        "mimetype": file.mimetype,
                        "size": -(-len(file.content) // 1024),
                    }
                )
        except psycopg2.errors.UniqueViolation:
            raise ConcurrencyError("the same document at the same time") from None

    @api.model
    def _decode(self, data):
        """Return the bytes of what a form sends, b'' for nothing or nonsense."""
        try:
            return base64.b64decode(data or b"")
        except (binascii.Error, ValueError):
            return b""

    @api.model
    def _explain(self, error):
        """Return in words why a file is not taken (`UploadError`)."""
        return {
            "empty": self.env._("There is no file, or it is empty."),
            "too_large": self.env._(
                "The file is too large: %s MB at most.", upload.MOST_BYTES >> 20
            ),
            "kind": self.env._("Only PDF, JPEG and PNG files are taken."),
            "archive": self.env._("The archive is damaged or has a password."),
            "too_many": self.env._(
                "The archive holds too many files: %s at most.", upload.MOST_FILES
            ),
            "unpacked": self.env._(
                "The archive is too large when unpacked: %s MB at most.",
                upload.MOST_UNPACKED >> 20,
            ),
        }[error.code]

    def _get_public_name(self):
        """Return what a copy is called: nothing of its patient or content."""
        return f"document.{upload.get_extension(self.mimetype)}"
