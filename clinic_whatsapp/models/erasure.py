from odoo import models
from odoo.fields import Domain

from ..tools import phone


class ResPartner(models.Model):
    """What a person wrote and was handed is forgotten with the person."""

    _inherit = "res.partner"

    def _erase_clinic_traces(self):
        numbers = self._get_clinic_numbers()
        theirs = Domain("partner_id", "=", self.id)
        unknown = self.env.ref("clinic_whatsapp.partner_unknown_sender")
        strangers = Domain("partner_id", "in", [False, unknown.id])
        # What came before anybody knew whose number it is.
        replies = theirs | (strangers & Domain("number", "in", numbers))
        self.env["clinic.reply"].search(replies)._wipe()
        self._forget_clinic_numbers(numbers)
        documents = self.env["clinic.patient.document"].with_context(active_test=False)
        documents.search([("patient_id", "=", self.id)])._erase(self.env.user)
        return super()._erase_clinic_traces()

    def _get_clinic_numbers(self):
        """Return the numbers (E.164) that were this person's."""
        replies = self.env["clinic.reply"].search([("partner_id", "=", self.id)])
        countries = (self.company_id or self.env.company).country_id | self.country_id
        number = phone.to_e164(self.phone, tuple(countries.mapped("code")))
        return sorted({number, *replies.mapped("number")} - {""})

    def _forget_clinic_numbers(self, numbers):
        """Delete what is kept by a number: when it wrote, and the inbox's words."""
        hashes = list(self.env["clinic.contact.address"]._hash_all(numbers))
        self.env["clinic.whatsapp.session"].search(
            [("address_hash", "in", hashes)]
        ).unlink()
        theirs = Domain("address_hash", "in", hashes)
        settled = Domain("applied_at", "!=", False) | Domain("problem", "!=", False)
        self.env["clinic.twilio.event"].search(theirs & settled).sudo().write(
            {"address_hash": False, "form": False}
        )


class ClinicReply(models.Model):
    _inherit = "clinic.reply"

    def _wipe(self):
        """Keep that somebody answered, and when: the funnel counts it."""
        self.write(
            {
                "body": False,
                "body_kept": False,
                "number": "-",
                "provider_ref": False,
                "passed_to": False,
            }
        )
        waiting = self.filtered(lambda reply: reply.state in ("open", "aside"))
        waiting.state = "done"


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _wipe(self):
        """An answer that was written to a person goes with the person's words."""
        self.filtered("free_text").free_text = False
        return super()._wipe()
