"""An Odoo server on loopback for a benchmark, and what its log says of each request."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

REQUEST = re.compile(
    r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP[^"]*" (?P<status>\d+) - '
    r"(?P<sql>\d+) (?P<sql_time>[\d.]+) (?P<rest>[\d.]+)"
)
START = 60  # seconds until it must answer


class Server:
    """Where a running server listens; `log` is what it wrote."""

    def __init__(self, database, port, log):
        self.database = database
        self.host = "127.0.0.1"
        self.port = port
        self.url = f"http://{self.host}:{port}"
        self.log = Path(log)

    def get_sql_counts(self, path):
        """Return the number of statements of each request for this path, in order."""
        lines = self.log.read_text().splitlines()
        found = filter(None, map(REQUEST.search, lines))
        return [int(line["sql"]) for line in found if line["path"] == path]


def find_port():
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(database, workers=2, port=0, crons=0):
    """Serve a database on loopback as behind a proxy.

    :param port: where; 0: one that is free
    :param crons: how many processes run scheduled actions
    """
    log = tempfile.NamedTemporaryFile(suffix=".log", prefix="bench-", delete=False)
    server = Server(database, port or find_port(), log.name)
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-m", "odoo"),
            *("-c", os.environ["CLINIC_CONFIG"], "-d", database),
            *("--http-interface", server.host, "--http-port", str(server.port)),
            *("--gevent-port", str(find_port()), "--workers", str(workers)),
            *("--max-cron-threads", str(crons), "--proxy-mode"),
            *("--log-level", "warn", "--log-handler", "werkzeug:INFO"),
            *("--logfile", log.name),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        server.log.unlink()


def wait_until_ready(server, process):
    """Return when the server answers; raise SystemExit when it does not."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(URLError, ConnectionError, TimeoutError):
            if urlopen(f"{server.url}/web/health", timeout=2).status == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"The server does not answer:\n{server.log.read_text()[-2000:]}")
