"""The one door to Twilio. No `env`; every failure leaves as a `TwilioError`."""

import logging
import threading
from functools import lru_cache
from typing import NamedTuple

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException
from twilio.base.values import unset
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

TIMEOUT = 10.0  # seconds for one call, far below the lease of an attempt

# Twilio's own logger writes phone numbers: it is given one that says nothing.
_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


class TwilioError(Exception):
    """What can go wrong with a call.

    :ivar str code: the provider's code ("21211"), or one of ours: "timeout",
        "unreachable", "broken", "http_503", "credentials"
    :ivar int status: the HTTP status, 0 when there was no answer
    :ivar bool retryable: the same call may be made again, nothing was done
    :ivar bool ambiguous: nobody knows whether it was done
    """

    def __init__(self, code, status=0, retryable=False, ambiguous=False):
        self.code = str(code)
        self.status = status
        self.retryable = retryable
        self.ambiguous = ambiguous
        super().__init__(self.code)


class Credentials(NamedTuple):
    """Who calls: `username` is an API key's SID, else the account's own SID."""

    account_sid: str
    username: str
    password: str


class Receipt(NamedTuple):
    """A message as the provider knows it; `price` is positive, None if not known."""

    sid: str
    status: str
    to: str
    body: str
    direction: str
    segments: int
    price: float | None
    price_unit: str
    error_code: str
    created_at: object  # aware datetime, or None


class TwilioClient:
    """Calls of one account; threads may share it, each has a client of the SDK."""

    PAGE_SIZE = 500

    def __init__(self, credentials, base_url="", timeout=TIMEOUT):
        """Remember how to call.

        :param str base_url: where to call instead of Twilio (an emulator), or ''
        :param float timeout: seconds
        :raise TwilioError: for blank credentials, which the SDK would silently replace
            by those of the environment
        """
        if not all(credentials):
            raise TwilioError("credentials")
        self._credentials = credentials
        self._base_url = base_url
        self._timeout = timeout
        self._local = threading.local()

    @property
    def _sdk(self):
        """The SDK's client of this thread: it may not be shared."""
        if not hasattr(self._local, "sdk"):
            self._local.sdk = self._open()
        return self._local.sdk

    def _open(self):
        http = TwilioHttpClient(timeout=self._timeout, logger=_SILENT)
        for scheme in ("https://", "http://"):
            # One thread, one connection; what failed is never silently called again.
            http.session.mount(scheme, HTTPAdapter(pool_maxsize=1, max_retries=0))
        sdk = Client(
            self._credentials.username,
            self._credentials.password,
            self._credentials.account_sid,
            http_client=http,
        )
        if self._base_url:
            for domain in (sdk.api, sdk.content, sdk.messaging):
                domain.base_url = self._base_url
        return sdk

    def _call(self, function, *args, **kwargs):
        """Make a call and return what it returns.

        :raise TwilioError: whatever happens
        """
        try:
            return function(*args, **kwargs)
        except TwilioException as error:
            raise _read_refusal(error) from None
        except requests.exceptions.RequestException as error:
            raise _read_network_error(error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            # The answer was no JSON, or not what the SDK understands.
            raise TwilioError("broken", ambiguous=True) from None

    # -- messages --------------------------------------------------------------

    def send(
        self,
        *,
        to,
        sender="",
        messaging_service_sid="",
        body="",
        content_sid="",
        content_variables="",
        status_callback="",
    ):
        """Create a message and return its `Receipt`.

        :param str to: E.164, with "whatsapp:" before it for WhatsApp
        :param str content_variables: JSON object of text by number
        """
        return _read_message(
            self._call(
                self._sdk.messages.create,
                to=to,
                from_=sender or unset,
                messaging_service_sid=messaging_service_sid or unset,
                body=body or unset,
                content_sid=content_sid or unset,
                content_variables=content_variables or unset,
                status_callback=status_callback or unset,
            )
        )

    def fetch_message(self, sid):
        """Return the `Receipt` of a message."""
        return _read_message(self._call(self._sdk.messages(sid).fetch))

    def find_messages(self, *, to, since, limit=200):
        """Return the `Receipt` of each message to a number, sent since a moment.

        :param str to: as in `send`
        :param datetime since: aware, UTC
        """
        found = self._call(
            self._sdk.messages.list, to=to, date_sent_after=since, limit=limit
        )
        return [_read_message(message) for message in found]

    def fetch_pages(self, *, since):
        """Yield all messages sent since a moment, a list of `Receipt` a page.

        :param datetime since: aware, UTC
        """
        page = self._call(
            self._sdk.messages.page, date_sent_after=since, page_size=self.PAGE_SIZE
        )
        while page:
            yield self._call(lambda page=page: [_read_message(m) for m in page])
            page = self._call(page.next_page)

    # -- templates -------------------------------------------------------------

    def create_content(self, *, name, language, types, variables):
        """Create a content and return its SID.

        :param dict types: by type, such as {"twilio/text": {"body": "Hi {{1}}"}}
        :param dict variables: an example for each number
        """
        request = ContentList.ContentCreateRequest(
            {
                "friendly_name": name,
                "language": language,
                "types": types,
                "variables": variables,
            }
        )
        # The SDK's classes for `types` know fewer fields than the provider.
        request.to_dict = lambda: {
            "friendly_name": name,
            "language": language,
            "types": types,
            "variables": variables,
        }
        return self._call(self._sdk.content.v1.contents.create, request).sid

    def submit_content(self, sid, *, name, category):
        """Ask for WhatsApp's approval; return its status, such as "received".

        :param str name: lower-case letters, digits and underscores
        :param str category: UTILITY, MARKETING or AUTHENTICATION
        """
        request = ApprovalCreateList.ContentApprovalRequest(
            {"name": name, "category": category}
        )
        content = self._sdk.content.v1.contents(sid)
        return self._call(content.approval_create.create, request).status

    def fetch_approval(self, sid):
        """Return WhatsApp's answer as a dict: status, category, rejection_reason."""
        content = self._sdk.content.v1.contents(sid)
        answer = self._call(lambda: content.approval_fetch().fetch().whatsapp)
        return {
            "status": answer.get("status") or "unsubmitted",
            "category": answer.get("category") or "",
            "rejection_reason": answer.get("rejection_reason") or "",
        }

    def delete_content(self, sid):
        """Forget a content."""
        self._call(self._sdk.content.v1.contents(sid).delete)

    # -- the account -----------------------------------------------------------

    def fetch_account_status(self):
        """Return "active", "suspended" or "closed"."""
        account = self._sdk.api.v2010.accounts(self._credentials.account_sid)
        return str(self._call(account.fetch).status)

    def owns_number(self, number):
        """Return whether the account has that phone number (E.164) to send from."""
        return bool(
            self._call(
                self._sdk.incoming_phone_numbers.list, phone_number=number, limit=1
            )
        )

    def has_messaging_service(self, sid):
        """Return whether the account has that messaging service."""
        try:
            self._call(self._sdk.messaging.v1.services(sid).fetch)
        except TwilioError as error:
            if error.status == 404:
                return False
            raise
        return True

    def get_whatsapp_senders(self):
        """Return {number in E.164: status} of the account's WhatsApp senders."""
        senders = self._call(
            self._sdk.messaging.v2.channels_senders.list, channel="whatsapp", limit=100
        )
        return {
            sender.sender_id.removeprefix("whatsapp:"): str(sender.status)
            for sender in senders
        }


@lru_cache(maxsize=32)
def get_client(credentials, base_url="", timeout=TIMEOUT):
    """Return the shared client for these credentials: connections are kept."""
    return TwilioClient(credentials, base_url, timeout)


def _read_refusal(error):
    status = int(getattr(error, "status", 0) or 0)
    code = str(getattr(error, "code", "") or "")
    if not code or code == str(status):
        code = f"http_{status}" if status else "broken"
    return TwilioError(
        code,
        status,
        retryable=status == 429 or code == "20429",
        ambiguous=status >= 500 or not status,
    )


def _read_network_error(error):
    """No connection: nothing was done. Cut off or too slow: nobody knows."""
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return TwilioError("unreachable", retryable=True)
    if isinstance(error, requests.exceptions.Timeout):
        return TwilioError("timeout", ambiguous=True)
    return TwilioError("broken", ambiguous=True)


def _never_connected(error):
    reason = error.args and getattr(error.args[0], "reason", None)
    return type(reason).__name__ in (
        "NewConnectionError",
        "NameResolutionError",
        "ProxyError",
    )


def _read_message(message):
    price = message.price
    return Receipt(
        sid=message.sid,
        status=str(message.status or ""),
        to=message.to or "",
        body=message.body or "",
        direction=str(message.direction or ""),
        segments=int(message.num_segments or 0),
        price=abs(float(price)) if price not in (None, "") else None,
        price_unit=message.price_unit or "",
        error_code=str(message.error_code or ""),
        created_at=message.date_created,
    )
