"""Many people send a form at the same moment, each from an address of his own."""

import http.client
import re
import threading
import time
from typing import NamedTuple
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]+)"')


class Form(NamedTuple):
    """What one browser sends: its path, fields and cookie, and where it is."""

    path: str
    body: str
    cookie: str
    address: str


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


class Answer(NamedTuple):
    """What came back, and after how many seconds."""

    status: int
    text: str
    wait: float


def open_form(server, page, path, address, **fields):
    """Return the form of a page, with its token, to be sent to `path`."""
    connection = connect(server)
    connection.request("GET", page, headers=get_headers(address))
    answer = connection.getresponse()
    token = TOKEN.search(answer.read().decode())[1]
    connection.close()
    cookie = answer.getheader("Set-Cookie").partition(";")[0]
    return Form(path, urlencode({"csrf_token": token, **fields}), cookie, address)


def accept_at_once(server, secrets):
    """Accept the wished time behind each secret at the same moment; return answers."""
    forms = [
        open_form(
            server,
            f"/clinic/book/go/{secret}",
            f"/clinic/book/go/{secret}/accept",
            f"10.0.0.{number}",
        )
        for number, secret in enumerate(secrets)
    ]
    return send_at_once(server, forms)


def send_at_once(server, forms):
    """Send all forms at the same moment; return the answers."""
    answers, start = [], threading.Barrier(len(forms))

    def send(form):
        start.wait()
        answers.append(post(server, form))

    threads = [threading.Thread(target=send, args=[form]) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def post(server, form):
    begin = time.perf_counter()
    connection = connect(server)
    headers = get_headers(form.address) | {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": form.cookie,
    }
    connection.request("POST", form.path, form.body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(answer.status, text, time.perf_counter() - begin)


def connect(server):
    return http.client.HTTPConnection(server.host, server.port, timeout=60)


def get_headers(address):
    return {"X-Forwarded-For": address, "X-Forwarded-Host": "clinic.example"}
