"""Whether a request really comes from Twilio. No `env`."""

import hmac

from twilio.request_validator import RequestValidator


def sign(token, url, form=None):
    """Return the signature that Twilio puts on a request.

    :param str url: the whole address, query included
    :param form: the posted fields, a multi-dict where a key may come twice
    """
    return RequestValidator(token).compute_signature(url, form or {})


def is_signed(token, public_base_url, path, query, form, signature):
    """Return whether a posted request carries the account's signature.

    The address is that under which the provider knows us: behind a proxy the request's
    own host and scheme are others.

    :param str token: the auth token; a blank one signs nothing
    :param str public_base_url: as configured, such as "https://clinic.example.com"
    :param str path: path of the request, beginning with a slash
    :param query: raw query string, text or bytes, may be blank
    :param form: werkzeug's multi-dict of the posted fields
    :param signature: the header's value, None where it is missing
    """
    if not token or not public_base_url or not signature:
        return False
    query = query.decode("ascii", "replace") if isinstance(query, bytes) else query
    url = public_base_url.rstrip("/") + path + (f"?{query}" if query else "")
    return hmac.compare_digest(sign(token, url, form).encode(), signature.encode())
