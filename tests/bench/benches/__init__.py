"""One file per subject; importing them registers them in the order they run."""

from . import (
    install,
    selection,
    preview,
    first_day,
    compose,
    explain,
    usual_day,
    outbox,
    inbox,
    page,
    slot,
    booking,
    peer,
)
