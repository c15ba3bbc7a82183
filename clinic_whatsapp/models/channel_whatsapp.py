from odoo import models


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_whatsapp(self):
        return self._get_texting_number()

    def _get_obstacle_whatsapp(self):
        """Return why nothing can reach this person on WhatsApp, or ''."""
        return self._get_obstacle_texting("whatsapp") or self._get_unapproved()

    def _get_unapproved(self):
        """Return why WhatsApp would not take the wording now, or ''."""
        account = self._get_twilio_account("whatsapp")
        template = self._pick_whatsapp_template()
        if template and template._get_approved_content(account):
            return ""
        if self._is_in_whatsapp_session():
            return ""
        return self.env._("the wording is not approved by WhatsApp")

    def _is_in_whatsapp_session(self):
        """Return whether the person wrote within 24 hours: free text may answer."""
        return self.env["clinic.whatsapp.session"]._is_open(
            self._get_twilio_account("whatsapp"), self._get_texting_number()
        )

    def _pick_whatsapp_template(self):
        template, _language, _fell_back = self._pick_template("whatsapp")
        return template


class ClinicMessageAttempt(models.Model):
    _inherit = "clinic.message.attempt"

    def _prepare_whatsapp(self, verdict):
        """Return the `Parcel`: the approved template, or free text in a session."""
        account = self.twilio_account_id.sudo()
        letter = self.with_context(clinic_twilio_account=account.id)._render(verdict)
        self.write({"segments": 1, "cost": account.whatsapp_price})
        to = f"whatsapp:{self.message_id._get_address_whatsapp()}"
        template = self.template_id
        content_sid = template and template._get_approved_content(account)
        if not content_sid:
            return self._pack(to=to, body=letter.body)
        values = self.message_id.values | {"link": letter.url}
        return self._pack(
            to=to,
            content_sid=content_sid,
            content_variables=template._get_content_variables(values, account),
        )

    def _send_by_whatsapp(self, parcels):
        """Hand the messages to the threads; return what notes their answers."""
        return self._launch(parcels)

    def _find_proof_whatsapp(self):
        """What was not written can't have left; else the provider is asked."""
        return "later" if self.body_hash else "absent"
