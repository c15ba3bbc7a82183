"""A small HTTP API on loopback: JSON out, form or JSON in, every call on record."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Call(NamedTuple):
    """One request as it came: `data` is the form, JSON or query of it."""

    method: str
    path: str
    data: dict
    headers: dict


class ApiError(Exception):
    """Answered with this status and body."""

    def __init__(self, status, body):
        super().__init__(status)
        self.status = status
        self.body = body


class Api:
    """Serves `ROUTES`: {(method, pattern): name of a method of (call, *groups)}.

    Used as a context manager; `url` is where it listens, `calls` what was asked.
    """

    ROUTES = {}

    def __init__(self):
        self.lock = threading.RLock()
        self.calls = []
        self.down = False

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"api": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, call):
        """Return (status, body) of one request."""
        with self.lock:
            self.calls.append(call)
            if self.down:
                return 503, {"error": {"message": "down", "description": "down"}}
            try:
                return 200, self.dispatch(call)
            except ApiError as error:
                return error.status, error.body

    def dispatch(self, call):
        for (method, pattern), name in self.ROUTES.items():
            found = pattern.fullmatch(call.path)
            if found and method == call.method:
                return getattr(self, name)(call, *found.groups())
        raise ApiError(404, {"error": {"message": f"no such route: {call.path}"}})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def handle_any(self):
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        is_json = "json" in (self.headers.get("Content-Type") or "")
        data = json.loads(body) if is_json else dict(parse_qsl(body or address.query))
        call = Call(self.command, address.path, data, dict(self.headers))
        status, answer = self.api.answer(call)
        if not status:  # the connection breaks after all was done
            self.close_connection = True
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = handle_any

    def log_message(self, *_arguments):
        """Keep the tests' output quiet."""
