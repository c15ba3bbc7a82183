"""What `worker` can be told to do, one file a theme; importing them registers all."""

import odoo.init  # completes the namespace package `odoo`

from . import (
    booking,
    clinic,
    deposit,
    large_send,
    outbox,
    payment,
    plan,
    whatsapp,
)
from .registry import JOBS

__all__ = ["JOBS"]
