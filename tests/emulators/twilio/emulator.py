"""The server: start and stop it, read what came, plan what goes wrong."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from ..base import Emulator
from . import phones
from .api import ApiError, find_route, get_whatsapp_failure
from .callbacks import Postman, get_inbound_form, get_status_form
from .state import FINAL, Account, Fault, Later, Message, now

STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET")
START_WORDS = ("START", "YES", "UNSTOP")


class HangUp(Exception):
    """The connection ends here, without an answer."""


class Broken(Exception):
    """An answer that is not Twilio's own, such as a proxy's page of HTML."""

    def __init__(self, status, html):
        self.status = status
        self.html = html
        super().__init__(status)


class Handler(BaseHTTPRequestHandler):
    """One client's connection, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def do_DELETE(self):
        self.serve()

    def serve(self):
        emulator = self.server.emulator
        form = self.read_form()
        emulator.stopping.wait(emulator.latency)
        try:
            path = urlsplit(self.path).path
            if path == "/phones" or path.startswith("/phones/"):
                return self.answer_page(unquote(path).removeprefix("/phones"), form)
            if path == "/_emulator/state":
                return self.answer(200, emulator.describe())
            function, parts = find_route(self.command, path)
            account = emulator.authenticate(self.headers, parts.pop("account", None))
            self.answer(*function(emulator, account, form, **parts))
        except ApiError as error:
            self.answer(error.status, error.body)
        except Broken as error:
            self.answer_html(error)
        except HangUp:
            self.close_connection = True

    def read_form(self):
        """Return the query and the posted form or JSON object as one dict."""
        size = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(size).decode()
        if "json" in (self.headers.get("Content-Type") or ""):
            return json.loads(text or "{}")
        query = urlsplit(self.path).query
        return dict(parse_qsl(query, True) + parse_qsl(text, True))

    def answer(self, status, body):
        data = b"" if body is None else json.dumps(body).encode()
        self.write(status, "application/json", data)

    def answer_page(self, path, form):
        page, address = phones.serve(self.server.emulator, self.command, path, form)
        if address:
            self.send_response(303)
            self.send_header("Location", address)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        return self.write(200, "text/html; charset=utf-8", page.encode())

    def answer_html(self, error):
        page = b"<html><body><h1>Service Unavailable</h1></body></html>"
        kind = "text/html" if error.html else "application/json"
        self.write(error.status, kind, page if error.html else b"{}")

    def write(self, status, kind, data):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        """Numbers belong in no log, not even this one."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_args):
        """A client that was killed is no news."""


class TwilioEmulator(Emulator):
    """Twilio on 127.0.0.1.

    :param int hands: how many receipts it posts at once; in order only with one
    :ivar float latency: seconds that every call takes
    :ivar bool follows: whether accepted messages go on to `ends` by themselves
    :ivar float spacing: seconds from the answer to the first receipt, and so on
    :ivar str ends: last status of a message that nothing befalls
    :ivar set without_whatsapp: numbers that have none
    """

    fault_class = Fault

    def __init__(self, port=0, latency=0.0, hands=1):
        super().__init__(Listener(("127.0.0.1", port), Handler))
        self.latency = latency
        self.follows = True
        self.ends = "delivered"
        self.duplicates = 1
        self.reordered = False
        self.early = False
        self.spacing = 0.02
        self.without_whatsapp = set()
        self.accounts = {}
        self.contents = {}
        self.refusals = []
        self.laters = []
        self.postman = Postman(hands)
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.postman.start()
        return super().start()

    def stop(self):
        self.postman.stop()
        super().stop()

    # Who calls

    def add_account(self, **values):
        """Open an account; see `Account` for what it may have."""
        account = Account(**values)
        self.accounts[account.sid] = account
        return account

    def authenticate(self, headers, sid):
        """Return the account whose key was given, if it is the one that was asked."""
        user, _colon, secret = _read_basic(headers.get("Authorization", ""))
        for account in self.accounts.values():
            keys = {
                account.sid: account.auth_token,
                account.api_key: account.api_secret,
            }
            if keys.get(user) == secret:
                if sid and sid != account.sid:
                    raise ApiError(404, 20404)
                return account
        raise ApiError(401, 20003, "Authenticate")

    # What came

    def find(self, sid):
        return next((m for m in list(self.messages) if m.sid == sid), None)

    def to(self, number):
        """Return what was sent to that number, oldest first."""
        return [
            m
            for m in list(self.messages)
            if m.number == number and m.direction != "inbound"
        ]

    @property
    def outbound(self):
        return [m for m in list(self.messages) if m.direction != "inbound"]

    def describe(self):
        """Return what a test in another process wants to know."""
        return {
            "messages": [m.as_json() for m in self.outbound],
            "receipts": [
                {"status": made.status, "wait": made.wait}
                for made in list(self.postman.delivered)
            ],
        }

    def clear(self):
        """Forget messages, requests made and who opted out."""
        super().clear()
        self.postman.delivered.clear()
        for account in self.accounts.values():
            account.opted_out.clear()
            account.sessions.clear()

    # What becomes of it

    def follow(self, account, message):
        """Let a message go on its way and tell the clinic, now or behind the answer."""
        if not self.follows:
            return
        steps = self._plan(account, message)
        if self.reordered:
            steps = steps[::-1]
        for place, (status, code) in enumerate(steps, 1):
            delay = 0 if self.early else place * self.spacing
            for _time in range(self.duplicates):
                self.tell(account, message, status, code, delay)

    def _plan(self, account, message):
        code = get_whatsapp_failure(self, account, message)
        later = next((x for x in self.laters if x.applies(message.to)), None)
        code = code or (later.code if later else 0)
        if code:
            return [("undelivered" if code // 1000 == 30 else "failed", code)]
        ends = later.until if later else self.ends
        order = ["sent", "delivered", "read"]
        return [(status, None) for status in order[: order.index(ends) + 1]]

    def tell(self, account, message, status, error_code=None, delay=0.0):
        """Change a message's status and send the receipt for it, now or later."""
        if message.status not in FINAL or status == "read":
            message.change(status, error_code)
        if not message.status_callback:
            return
        form = get_status_form(message, status, error_code)
        if delay:
            self.postman.post_later(account, message.status_callback, form, delay)
        else:
            self.postman.post(account, message.status_callback, form)

    def reply(self, account, number, to, body, on="sms", media=0, **extra):
        """Have a person write to the clinic; return the clinic's HTTP status.

        :param str number: the person's; `to`: the clinic's, both in E.164
        """
        prefix = "whatsapp:" if on == "whatsapp" else ""
        message = Message(
            account.sid,
            f"{prefix}{to}",
            f"{prefix}{number}",
            body,
            direction="inbound",
            status="received",
            num_media=media,
        )
        self.keep(message)
        if on == "whatsapp":
            account.sessions[number] = now()
        elif body.strip().upper() in STOP_WORDS:
            account.opted_out.add(number)
        elif body.strip().upper() in START_WORDS:
            account.opted_out.discard(number)
        url = f"{account.public_url.rstrip('/')}/clinic/twilio/inbound"
        return self.postman.post(account, url, get_inbound_form(message, **extra))

    def decide(self, content_sid, status, reason="", category=None):
        """Let WhatsApp answer about a content: approved, rejected, paused…"""
        content = self.contents[content_sid]
        content.status, content.rejection_reason = status, reason
        content.category = category or content.category

    # What goes wrong

    def suffer(self, step, recipient):
        """Suffer the first fault planned for this step, if there is one."""
        fault = self.pick_fault(step, recipient)
        if not fault:
            return
        if fault.delay:
            self.stopping.wait(fault.delay)
        if fault.hang_up:
            raise HangUp
        if fault.html or (fault.status and not fault.code):
            raise Broken(fault.status or 503, fault.html)
        if fault.status:
            raise ApiError(fault.status, fault.code)

    def refuse(self, code, match=""):
        """Answer a message to matching recipients with that code, 400."""
        self.refusals.append(Later(match, int(code)))

    def get_refusal(self, recipient):
        return next((x.code for x in self.refusals if x.applies(recipient)), 0)

    def fail_later(self, code, match=""):
        """Accept messages to matching recipients and tell that code afterwards."""
        self.laters.append(Later(match, int(code)))

    def end_at(self, status, match=""):
        """Let messages to matching recipients come to that status and no further."""
        self.laters.append(Later(match, until=status))

    def lose_answer(self, match="", times=1):
        """Keep the message, but close the connection before saying so."""
        return self.add_fault("sent", hang_up=True, match=match, times=times)

    def lose_message(self, match="", times=1):
        """Close the connection; the message is not kept."""
        return self.add_fault("accept", hang_up=True, match=match, times=times)

    def fail_but_send(self, match="", times=1, html=False):
        """Keep the message and answer 500."""
        return self.add_fault("sent", status=500, html=html, match=match, times=times)

    def storm(self, times=None):
        """Say "too many requests"."""
        return self.add_fault("accept", status=429, code=20429, times=times)

    def slow_down(self, seconds, step="sent", match="", times=None):
        """Wait before going on with a step."""
        return self.add_fault(step, delay=seconds, match=match, times=times)

    def heal(self):
        """Forget all faults, and follow messages as at the beginning."""
        with self._changed:
            for plans in (self.faults, self.refusals, self.laters):
                plans.clear()
        self.without_whatsapp.clear()
        self.latency, self.follows, self.ends = 0.0, True, "delivered"
        self.duplicates, self.reordered, self.early = 1, False, False
        for account in self.accounts.values():
            account.status = "active"


def _read_basic(header):
    if not header.startswith("Basic "):
        return ("", "", "")
    return base64.b64decode(header[6:]).decode().partition(":")
