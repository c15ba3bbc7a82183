from odoo import models


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _get_address_whatsapp(self):
        return self._get_texting_number()

    def _get_obstacles_whatsapp(self):
        """Return {message: why nothing can reach its person on WhatsApp, or ""}."""
        obstacles = self._get_obstacles_texting("whatsapp")
        unapproved = self.filtered(
            lambda message: not obstacles[message] and not message._is_approved()
        )
        silent = unapproved.filtered(lambda m: not m._is_in_whatsapp_session())
        reason = self.env._("the wording is not approved by WhatsApp")
        return obstacles | dict.fromkeys(silent, reason)

    def _is_approved(self):
        """Return whether WhatsApp would take the wording at any time."""
        account = self._get_twilio_account("whatsapp")
        template = self._pick_whatsapp_template()
        return bool(template and template._get_approved_content(account))

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

    def _prepare_whatsapp(self, verdicts):
        """Return {id: `Parcel`}: approved templates, or free text in a session."""
        parcels = {}
        for account, attempts in self.grouped("twilio_account_id").items():
            account_sudo = account.sudo()
            attempts.write({"segments": 1, "cost": account_sudo.whatsapp_price})
            letters = attempts.with_context(clinic_twilio_account=account.id)._render(
                verdicts
            )
            for attempt, letter in letters.items():
                parcels[attempt.id] = attempt._pack_whatsapp(account_sudo, letter)
        return parcels

    def _pack_whatsapp(self, account, letter):
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
