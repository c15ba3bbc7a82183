"""A small, real SMTP server on loopback that keeps every message and can misbehave.

    with SmtpEmulator() as smtp:            # a free port of 127.0.0.1
        smtp.reject("gone@")                # 550 for matching recipients
        ...                                 # send to ("127.0.0.1", smtp.port)
        assert smtp.to("ana@example.com")[0].subject == "Your invoice"

Nothing is ever relayed. Messages are kept in memory and, with a folder, as .eml files.
"""

import re
import socketserver
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email import message_from_bytes, policy
from functools import cached_property
from pathlib import Path

from .base import Emulator

MAX_SIZE = 25 * 1024 * 1024
STEPS = ("connect", "mail", "rcpt", "data", "sent")


@dataclass
class Received:
    """One message as it arrived: the envelope, the bytes and the time (UTC)."""

    sender: str
    recipients: list
    data: bytes
    date: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @cached_property
    def message(self):
        return message_from_bytes(self.data, policy=policy.default)

    @property
    def subject(self):
        return str(self.message["Subject"] or "")

    @property
    def text(self):
        """The readable body: plain text, else the HTML part."""
        body = self.message.get_body(("plain", "html"))
        return body.get_content() if body else ""

    @property
    def html(self):
        body = self.message.get_body(("html",))
        return body.get_content() if body else ""


@dataclass
class Fault:
    """Something that goes wrong at a step of the conversation.

    ``step`` is ``connect``, ``mail`` (sender), ``rcpt`` (each recipient), ``data``
    (the body has arrived, nothing is kept yet) or ``sent`` (the message is kept, the
    reply is not out yet). ``code`` answers with that error, ``hang_up`` closes the
    connection without a word, ``delay`` waits first (seconds) and by itself changes
    nothing else. ``match`` is a regular expression on the address, ``times`` how often
    the fault happens (None: always).
    """

    step: str
    code: int = 0
    text: str = "Refused by the emulator"
    match: str = ""
    delay: float = 0.0
    hang_up: bool = False
    times: int | None = None

    def __post_init__(self):
        if self.step not in STEPS:
            raise ValueError(f"{self.step}: a step is one of {', '.join(STEPS)}")

    def strikes(self, step, addresses):
        wanted = self.step == step and self.times != 0
        return wanted and any(re.search(self.match, name) for name in addresses or [""])

    @property
    def reply(self):
        enhanced = f"{self.code // 100}.{'7.1' if self.step == 'connect' else '1.1'}"
        return f"{self.code} {enhanced} {self.text}"


class HangUp(Exception):
    """The conversation ends here, without a reply."""


class Session(socketserver.StreamRequestHandler):
    """One client's conversation: each verb is a method."""

    disable_nagle_algorithm = True
    timeout = 60

    def handle(self):
        self.reset()
        try:
            if self.passes("connect"):
                self.reply("220 emulator.localhost ESMTP")
                self.converse()
        except (HangUp, OSError):
            return

    def converse(self):
        while line := self.rfile.readline(4096):
            verb, _space, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                return self.reply("221 2.0.0 Bye")
            getattr(self, f"do_{verb.lower()}", self.do_unknown)(rest)

    def reply(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def passes(self, step, *addresses):
        """Suffer the first fault of this step; whether the step goes on."""
        fault = self.server.emulator.pick_fault(step, addresses)
        if not fault:
            return True
        if fault.delay:
            self.server.emulator.stopping.wait(fault.delay)
        if fault.hang_up:
            raise HangUp
        if fault.code:
            self.reply(fault.reply)
        return not fault.code

    def reset(self):
        self.sender, self.recipients = None, []

    def do_ehlo(self, _name):
        self.reset()
        self.reply(
            "250-emulator.localhost",
            f"250-SIZE {MAX_SIZE}",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250 ENHANCEDSTATUSCODES",
        )

    def do_helo(self, _name):
        self.reset()
        self.reply("250 emulator.localhost")

    def do_noop(self, _rest):
        self.reply("250 2.0.0 OK")

    def do_rset(self, _rest):
        self.reset()
        self.reply("250 2.0.0 OK")

    def do_mail(self, rest):
        sender = find_address(rest, "FROM")
        if sender is None:
            self.reply("501 5.5.4 Syntax: MAIL FROM:<address>")
        elif self.passes("mail", sender):
            self.sender, self.recipients = sender, []
            self.reply("250 2.1.0 OK")

    def do_rcpt(self, rest):
        recipient = find_address(rest, "TO")
        if self.sender is None:
            self.reply("503 5.5.1 MAIL first")
        elif not recipient:
            self.reply("501 5.5.4 Syntax: RCPT TO:<address>")
        elif self.passes("rcpt", recipient):
            self.recipients.append(recipient)
            self.reply("250 2.1.5 OK")

    def do_data(self, _rest):
        if not self.recipients:
            return self.reply("503 5.5.1 RCPT first")
        self.reply("354 End with <CRLF>.<CRLF>")
        data = self.read_data()
        if len(data) > MAX_SIZE:
            self.reply("552 5.3.4 Too big")
        elif self.passes("data", *self.recipients):
            self.server.emulator.keep(Received(self.sender, self.recipients, data))
            if self.passes("sent", *self.recipients):
                self.reply("250 2.0.0 Kept")
        self.reset()

    def read_data(self):
        """Read up to the lonely dot; lines lose the dot that protects them."""
        lines, size = [], 0
        while (line := self.rfile.readline(65536)) not in (b".\r\n", b".\n"):
            if not line:
                raise HangUp
            size += len(line)
            if size <= MAX_SIZE + 1:
                lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def do_unknown(self, _rest):
        self.reply("502 5.5.1 Not implemented")


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


class SmtpEmulator(Emulator):
    """The server: start and stop it, read what came, plan what goes wrong."""

    fault_class = Fault

    def __init__(self, port=0, folder=None):
        super().__init__(Listener(("127.0.0.1", port), Session))
        self.folder = Path(folder) if folder else None

    def start(self):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
        return super().start()

    def keep(self, message):
        with self._changed:
            super().keep(message)
            if self.folder:
                name = f"{len(self.messages):05d}-{time.time_ns()}.eml"
                (self.folder / name).write_bytes(message.data)

    def to(self, address):
        """Return what came for that address, oldest first."""
        return [got for got in list(self.messages) if address in got.recipients]

    # What goes wrong

    def reject(self, match="", code=550, text="No such mailbox", times=None):
        """Refuse matching recipients for good."""
        return self.add_fault("rcpt", code=code, text=text, match=match, times=times)

    def defer(self, match="", code=451, text="Try again later", times=None):
        """Refuse matching recipients for now."""
        return self.add_fault("rcpt", code=code, text=text, match=match, times=times)

    def lose_message(self, match="", times=1):
        """Close the connection after DATA: the message is not kept."""
        return self.add_fault("data", hang_up=True, match=match, times=times)

    def lose_reply(self, match="", times=1):
        """Keep the message, but close the connection before saying so."""
        return self.add_fault("sent", hang_up=True, match=match, times=times)

    def slow_down(self, seconds, step="data", match="", times=None):
        """Wait before going on with a step."""
        return self.add_fault(step, delay=seconds, match=match, times=times)

    def heal(self):
        """Forget all faults."""
        with self._changed:
            self.faults.clear()


def find_address(text, keyword):
    """Return the address of `FROM:<a@b> SIZE=1`, empty for `<>`, None if malformed."""
    found = re.match(rf"{keyword}:\s*(?:<([^>]*)>|(\S+))", text, re.IGNORECASE)
    return (found[1] if found[1] is not None else found[2]) if found else None
