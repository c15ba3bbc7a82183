"""Where Twilio tells what became of messages, and what people answer."""

from odoo import SUPERUSER_ID, http
from odoo.http import request

# What Twilio sends has a few hundred bytes. Only what is far larger is not even read.
MOST_BYTES = 64 * 1024
MOST_READ = 2 * 1024 * 1024
EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
ROUTE = {
    "type": "http",
    "auth": "none",
    "methods": ["POST"],
    "csrf": False,
    "save_session": False,
    "readonly": False,
    "max_content_length": MOST_READ,
    # Nothing is said here in any language: don't look for the visitor's.
    "speechless": True,
}


class TwilioWebhook(http.Controller):
    """Check the signature, put it in the inbox, answer; the rest is done later."""

    @http.route("/clinic/twilio/status/<string:attempt_uuid>", **ROUTE)
    def take_status(self, attempt_uuid, **_form):
        """Take a receipt; 403 and nothing kept for what is not signed."""
        return self._take("status", attempt_uuid)

    @http.route("/clinic/twilio/inbound", **ROUTE)
    def take_inbound(self, **_form):
        """Take what a person wrote; the answer goes out through the outbox."""
        return self._take("inbound")

    def _take(self, kind, attempt_uuid=""):
        account = self._find_sender()
        if not account:
            return request.make_response("", status=403)
        form = list(request.httprequest.form.items(multi=True))
        request.env["clinic.twilio.event"]._receive(account, kind, form, attempt_uuid)
        if kind == "status":
            return request.make_response("", status=204)
        return request.make_response(
            EMPTY_ANSWER, headers=[("Content-Type", "text/xml; charset=utf-8")]
        )

    def _find_sender(self):
        """Return the account that signed this request, or none."""
        httprequest = request.httprequest
        request.update_env(user=SUPERUSER_ID)
        accounts = request.env["clinic.twilio.account"]
        if (httprequest.content_length or 0) > MOST_BYTES:
            return accounts
        return accounts._find_signed(
            httprequest.path,
            httprequest.query_string,
            httprequest.form,
            httprequest.headers.get("X-Twilio-Signature"),
        )
