"""Visitors of a server: how long each waited and what he was answered."""

import http.client
import statistics
import threading
import time
from typing import NamedTuple


class Visit(NamedTuple):
    """One request: seconds from start to the last byte, and the status."""

    wait: float
    status: int


def visit(connection, path, address):
    """Ask for a page as a visitor from that address; return the `Visit`."""
    headers = {"X-Forwarded-For": address, "X-Forwarded-Host": "clinic.example"}
    start = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return Visit(time.perf_counter() - start, answer.status)


def run_visitors(server, visitors, seconds, next_request, rate=0):
    """Let so many visitors ask for so long; return their visits.

    :param next_request: function of a number that returns the arguments of `visit`
    :param rate: requests a second of all of them together at most; 0: no pause
    """
    visits, numbers, lock = [], iter(range(10**9)), threading.Lock()
    start = time.perf_counter()

    def ask():
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        while True:
            with lock:
                number = next(numbers)
            if rate:
                pause = start + number / rate - time.perf_counter()
                time.sleep(max(0.0, pause))
            if time.perf_counter() - start > seconds:
                return
            seen = visit(connection, *next_request(number))
            # A worker serves one connection at a time: a visitor doesn't keep it.
            connection.close()
            with lock:
                visits.append(seen)

    work_at_once([ask] * visitors)
    return visits


def work_at_once(works):
    """Call functions in threads of their own; return when all have ended."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def get_p95(visits):
    """Return the wait that 95 of 100 visits stay under."""
    return statistics.quantiles((seen.wait for seen in visits), n=20)[-1]
