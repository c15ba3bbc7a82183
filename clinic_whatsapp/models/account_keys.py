import os

from odoo import api, fields, models

from ..tools.client import TIMEOUT, Credentials, TwilioError, get_client

ENVIRONMENT = "CLINIC_TWILIO_"
# System parameters: an emulator's address, and how long to wait for an answer.
BASE_URL = "clinic_whatsapp.api_base_url"
SECONDS = "clinic_whatsapp.api_timeout"


class ClinicTwilioAccount(models.Model):
    """The keys: the environment's go before those in the database."""

    _inherit = "clinic.twilio.account"

    auth_token = fields.Char(groups="base.group_system", copy=False)
    api_key_sid = fields.Char(
        string="API Key SID",
        groups="base.group_system",
        copy=False,
        help="Begins with SK. Empty: calls are made with the auth token.",
    )
    api_key_secret = fields.Char(
        string="API Key Secret", groups="base.group_system", copy=False
    )
    keys_source = fields.Char(compute="_compute_keys_source")

    @api.depends("account_sid")
    def _compute_keys_source(self):
        for account in self:
            names = [
                name
                for name in ("auth_token", "api_key_sid", "api_key_secret")
                if account._find_in_environment(name)
            ]
            account.keys_source = (
                self.env._("From the environment: %s", ", ".join(names))
                if names
                else False
            )

    def _find_in_environment(self, name):
        variable = f"{ENVIRONMENT}{name.upper()}"
        return os.environ.get(f"{variable}_{self.account_sid}") or os.environ.get(
            variable, ""
        )

    def _get_key(self, name):
        """Return a key: `auth_token`, `api_key_sid` or `api_key_secret`, or ''.

        `CLINIC_TWILIO_AUTH_TOKEN_<account SID>` of the environment goes first, then the
        same without the SID, then the database.
        """
        self.ensure_one()
        return self._find_in_environment(name) or self.sudo()[name] or ""

    def _get_credentials(self):
        """Return what calls are made with: the API key, else the auth token."""
        key, secret = self._get_key("api_key_sid"), self._get_key("api_key_secret")
        if key and secret:
            return Credentials(self.account_sid, key, secret)
        return self._get_owner_credentials()

    def _get_owner_credentials(self):
        return Credentials(
            self.account_sid, self.account_sid, self._get_key("auth_token")
        )

    def _get_client(self, credentials=None):
        """Return the client for this account's calls.

        :raise TwilioError: when a key is missing
        """
        credentials = credentials or self._get_credentials()
        if not all(credentials):
            raise TwilioError("credentials")
        parameters = self.env["ir.config_parameter"].sudo()
        seconds = float(parameters.get_param(SECONDS) or TIMEOUT)
        return get_client(
            credentials, parameters.get_param(BASE_URL) or "", min(seconds, TIMEOUT)
        )
