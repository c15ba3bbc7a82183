"""Parcels and the threads that carry them: plain data, no `env`, no cursor."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from .client import Receipt, TwilioClient, TwilioError
from .codes import PAUSE, is_account_trouble
from .gate import Gate

THREADS = 8
MOST_THREADS = 16

_pools = {}


class Parcel(NamedTuple):
    """All that a thread needs for one call; too late after `deadline` (`gate.now`).

    `payload` are the arguments of `TwilioClient.send`.
    """

    client: TwilioClient
    gate: Gate
    payload: dict
    deadline: float


class Answer(NamedTuple):
    """How a call ended; neither of both: it was not made."""

    receipt: Receipt | None = None
    error: TwilioError | None = None


def carry(parcel):
    """Make the call of a parcel, if it is not too late, and return the `Answer`."""
    if not parcel.gate.enter(parcel.deadline):
        return Answer()
    try:
        receipt = parcel.client.send(**parcel.payload)
    except TwilioError as error:
        parcel.gate.note(is_account_trouble(error.code), PAUSE.get(error.code, 0.0))
        return Answer(error=error)
    parcel.gate.note()
    return Answer(receipt=receipt)


def launch(parcel, threads=THREADS):
    """Give a parcel to one of so many threads; return the future `Answer`."""
    key = os.getpid(), min(max(threads, 1), MOST_THREADS)
    if key not in _pools:
        _pools[key] = ThreadPoolExecutor(key[1], thread_name_prefix="clinic.twilio")
    return _pools[key].submit(carry, parcel)
