"""A small, real payment provider on loopback that charges cards and can misbehave.

    with BankEmulator() as bank:
        bank.fail("late")               # charge, but answer after the caller gave up
        POST {bank.url}/charges  {"reference": "A", "amount": 12.5, "card": "ok"}
        GET  {bank.url}/charges?reference=A
        assert bank.charges == [("A", 12.5)]

Faults: `late` (charged, no answer in time), `reset` (charged, the connection breaks),
`broken` (charged, answers 500), `nothing` (not charged, no answer in time). Cards:
`ok`, `refused`, `asks` (its owner has to confirm).
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LATE_SECONDS = 3
ANSWERS = {"ok": "paid", "refused": "refused", "asks": "asks"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Keep quiet."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer, fault = self.server.bank.charge(body)
        if fault in ("late", "nothing"):
            time.sleep(LATE_SECONDS)
        if fault:
            self.close_connection = True
        if fault == "broken":
            self.reply(500, {"error": "broken"})
        elif not fault:
            self.reply(200 if answer == "paid" else 402, {"status": answer})

    def do_GET(self):
        reference = parse_qs(urlsplit(self.path).query)["reference"][0]
        self.reply(200, {"charges": self.server.bank.find(reference)})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class BankEmulator:
    """Keeps what it charged as (reference, amount), in the order of arrival."""

    def __init__(self):
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.bank = self
        self.clear()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def clear(self):
        self.charges, self.asked, self.fault = [], [], None

    def fail(self, fault):
        """Misbehave at the next charge."""
        self.fault = fault

    def charge(self, body):
        """Take one request; return (answer, fault)."""
        with self.lock:
            fault, self.fault = self.fault, None
            self.asked.append(body["reference"])
            answer = ANSWERS[body["card"]]
            if answer == "paid" and fault != "nothing":
                self.charges.append((body["reference"], body["amount"]))
            return answer, fault

    def find(self, reference):
        return [amount for known, amount in self.charges if known == reference]

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
