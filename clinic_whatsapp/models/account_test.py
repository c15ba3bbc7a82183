from odoo import models

from ..tools.client import TwilioError

ONLINE = ("ONLINE", "ONLINE:UPDATING")
SANDBOX = "+14155238886"


class ClinicTwilioAccount(models.Model):
    """The Test button: what is wrong, in a sentence each."""

    _inherit = "clinic.twilio.account"

    def action_test(self):
        """Ask Twilio about everything that sending needs; show what is wrong."""
        self.ensure_one()
        problems = self._find_problems()
        if not problems and self.breaker_state != "closed":
            self.sudo()._close_breaker()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Twilio"),
                "message": " ".join(problems) or self.env._("Everything works."),
                "type": "danger" if problems else "success",
                "sticky": bool(problems),
            },
        }

    def _find_problems(self):
        """Return what is wrong with the account, a sentence each."""
        problems = self._find_key_problems()
        if not problems:
            problems = [
                *self._find_whatsapp_problems(),
                *self._find_sms_problems(),
            ]
        return problems + self._find_address_problems()

    def _find_key_problems(self):
        missing = [
            text
            for name, text in (
                ("auth_token", self.env._("The auth token is missing.")),
                ("api_key_secret", self.env._("The API key's secret is missing.")),
            )
            if not self._get_key(name)
            and (name == "auth_token" or self._get_key("api_key_sid"))
        ]
        if missing:
            return missing
        try:
            status = self._get_client().fetch_account_status()
            # The auth token is needed too: receipts are signed with it.
            self._get_client(self._get_owner_credentials()).fetch_account_status()
        except TwilioError as error:
            return [self._explain_key_error(error)]
        if status != "active":
            return [self.env._("Twilio says that the account is %s.", status)]
        return []

    def _explain_key_error(self, error):
        if error.status == 404 or error.code == "20404":
            return self.env._(
                "There is no account %s: check the account SID.", self.account_sid
            )
        if error.status in (401, 403):
            return self._explain_refused_key()
        if error.code == "unreachable":
            return self.env._("Twilio could not be reached from this server.")
        return self.env._("Twilio did not answer as it should (%s).", error.code)

    def _explain_refused_key(self):
        """Say which key is wrong: the auth token is tried by itself."""
        if not self._get_key("api_key_sid"):
            return self._get_wrong_token_text()
        try:
            self._get_client(self._get_owner_credentials()).fetch_account_status()
        except TwilioError as error:
            if error.status in (401, 403):
                return self._get_wrong_token_text()
        return self.env._("The API key or its secret is wrong.")

    def _get_wrong_token_text(self):
        return self.env._(
            "The auth token does not belong to the account SID: one of both is wrong."
        )

    def _find_whatsapp_problems(self):
        number = self.whatsapp_sender
        if not number or number == SANDBOX:
            return []
        try:
            senders = self._get_client().get_whatsapp_senders()
        except TwilioError as error:
            return [self._explain_key_error(error)]
        if number not in senders:
            return [self.env._("%s is not registered for WhatsApp.", number)]
        if senders[number] not in ONLINE:
            return [
                self.env._(
                    "The WhatsApp sender %(number)s is not online: %(status)s.",
                    number=number,
                    status=senders[number],
                )
            ]
        return []

    def _find_sms_problems(self):
        problems = []
        try:
            client = self._get_client()
            number = self.sms_sender or ""
            if number.startswith("+") and not client.owns_number(number):
                problems.append(
                    self.env._("%s is not a number of this account.", number)
                )
            service = self.messaging_service_sid
            if service and not client.has_messaging_service(service):
                problems.append(
                    self.env._("There is no messaging service %s.", service)
                )
        except TwilioError as error:
            problems.append(self._explain_key_error(error))
        return problems

    def _find_address_problems(self):
        url = self.public_base_url or ""
        if not url:
            return [
                self.env._(
                    "The public base address is missing: no receipt or reply arrives."
                )
            ]
        if not url.startswith("https://"):
            return [self.env._("The public base address should begin with https://.")]
        return []
