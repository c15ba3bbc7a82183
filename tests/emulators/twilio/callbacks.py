"""Receipts and replies: signed requests of the emulator to the clinic."""

import base64
import hmac
import queue
import threading
import time
from dataclasses import dataclass
from hashlib import sha1
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit


@dataclass
class Delivery:
    """One request that was made: what was posted, what the clinic answered."""

    url: str
    form: list
    status: int
    wait: float


def sign(token, url, form):
    """Return Twilio's signature of a posted form, a list of (key, value)."""
    pairs = sorted(set(form))
    text = url + "".join(key + value for key, value in pairs)
    digest = hmac.new(token.encode(), text.encode(), sha1).digest()
    return base64.b64encode(digest).decode()


class Postman:
    """Posts forms one after the other, in a thread of its own; or in several."""

    def __init__(self, hands=1):
        self.hands = hands
        self.delivered = []
        self._todo = queue.Queue()

    def start(self):
        for _hand in range(self.hands):
            threading.Thread(target=self._work, daemon=True).start()

    def stop(self):
        for _hand in range(self.hands):
            self._todo.put(None)

    def post_later(self, account, url, form, delay=0.0):
        self._todo.put((account, url, form, delay))

    def wait(self, timeout=20.0):
        """Wait until all is posted.

        :raise TimeoutError: when it takes longer
        """
        ends = time.monotonic() + timeout
        while self._todo.unfinished_tasks:
            if time.monotonic() > ends:
                raise TimeoutError(f"{self._todo.unfinished_tasks} are not posted yet")
            time.sleep(0.01)

    def _work(self):
        while (item := self._todo.get()) is not None:
            account, url, form, delay = item
            time.sleep(delay)
            self.post(account, url, form)
            self._todo.task_done()

    def post(self, account, url, form, signature=None):
        """Post a form now and return the HTTP status; 0 if nobody answers.

        The address is the public one, which is signed too; where the account has a
        local one the request goes there, as through a proxy.
        """
        signature = sign(account.auth_token, url, form) if signature is None else ""
        split = urlsplit(url)
        target = urlsplit(account.local_url or url)
        path = split.path + (f"?{split.query}" if split.query else "")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature,
            "X-Forwarded-Host": split.netloc,
            "X-Forwarded-Proto": split.scheme,
        }
        start = time.perf_counter()
        status = send(target, path, urlencode(form), headers)
        wait = time.perf_counter() - start
        self.delivered.append(Delivery(url, form, status, wait))
        return status


def send(target, path, body, headers):
    connection = HTTPConnection(target.hostname, target.port or 80, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def get_status_form(message, status, error_code=None):
    """Return the form of a receipt."""
    form = [
        ("AccountSid", message.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("From", message.sender),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("MessageStatus", status),
        ("SmsSid", message.sid),
        ("SmsStatus", status),
    ]
    if message.on == "whatsapp":
        form += [("ChannelToAddress", message.to), ("ChannelPrefix", "whatsapp")]
    if status == "read":
        form.append(("EventType", "READ"))
    if error_code:
        form += [("ErrorCode", str(error_code)), ("ChannelStatusMessage", "Failed")]
    return form


def get_inbound_form(message, **extra):
    """Return the form of a reply."""
    form = [
        ("AccountSid", message.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("Body", message.body),
        ("From", message.sender),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("SmsMessageSid", message.sid),
        ("SmsSid", message.sid),
        ("SmsStatus", "received"),
        ("NumMedia", str(message.num_media)),
        ("NumSegments", str(message.segments)),
    ]
    if message.on == "whatsapp":
        form.append(("WaId", message.sender.removeprefix("whatsapp:+")))
    return form + [(key, str(value)) for key, value in extra.items()]
