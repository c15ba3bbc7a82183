"""One file per subject; importing them registers them in the order they run."""

from . import (
    install,
    selection,
    preview,
    first_day,
    compose,
    explain,
    usual_day,
    growth,
    outbox,
    inbox,
    page,
    slot,
    booking,
    mixed,
    peer,
)
