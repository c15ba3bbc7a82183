"""A web server in front of Odoo: other host, other scheme, a path of its own."""

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        front = self.server.front
        if not self.path.startswith(f"{front.prefix}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        status, answer = front.pass_on(self.path, body, self.headers)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args):
        """It is no server to watch."""


class ReverseProxy:
    """Passes posts to a server on, without the prefix, as HTTP to an inner address.

    :param str target: address of the server behind
    :param str public: address that the world knows, which may end with a path
    """

    def __init__(self, target, public):
        self.target = urlsplit(target)
        self.public = urlsplit(public)
        self.prefix = self.public.path.rstrip("/")
        self.passed = []
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listener.front = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.server_port}{self.prefix}"

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self._listener.shutdown()
        self._listener.server_close()

    def pass_on(self, path, body, headers):
        """Return (status, body) of the server behind."""
        inner = path.removeprefix(self.prefix)
        kept = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }
        forwarded = {
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Host": self.public.netloc,
            "X-Forwarded-Proto": self.public.scheme,
        }
        connection = HTTPConnection(self.target.hostname, self.target.port, timeout=20)
        try:
            connection.request("POST", inner, body, kept | forwarded)
            answer = connection.getresponse()
            self.passed.append(inner)
            return answer.status, answer.read()
        finally:
            connection.close()
