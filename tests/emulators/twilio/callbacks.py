"""Receipts and replies: signed requests of the emulator to the clinic."""

import base64
import heapq
import hmac
import itertools
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
    """Posts forms when they are due, in a thread of its own; or in several."""

    def __init__(self, hands=1):
        self.hands = hands
        self.delivered = []
        self._due = []
        self._numbers = itertools.count()
        self._posting = 0
        self._stopped = False
        self._changed = threading.Condition()

    def start(self):
        for _hand in range(self.hands):
            threading.Thread(target=self._work, daemon=True).start()

    def stop(self):
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def post_later(self, account, url, form, delay=0.0):
        due = time.monotonic() + delay, next(self._numbers)
        with self._changed:
            heapq.heappush(self._due, (due, (account, url, form)))
            self._changed.notify()

    def wait(self, timeout=20.0):
        """Wait until all is posted.

        :raise TimeoutError: when it takes longer
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._count_left(), timeout):
                raise TimeoutError(f"{self._count_left()} are not posted yet")

    def _count_left(self):
        return len(self._due) + self._posting

    def _work(self):
        while letter := self._take():
            self.post(*letter)
            with self._changed:
                self._posting -= 1
                self._changed.notify_all()

    def _take(self):
        """Wait for the letter that is due first and return it; at the end, nothing."""
        with self._changed:
            while not self._stopped:
                pause = None
                if self._due:
                    (moment, _number), letter = self._due[0]
                    pause = moment - time.monotonic()
                    if pause <= 0:
                        heapq.heappop(self._due)
                        self._posting += 1
                        return letter
                self._changed.wait(pause)
        return None

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
