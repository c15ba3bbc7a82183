"""What a person wrote, read from the posted form. No `env`."""

from typing import NamedTuple

LONGEST = 1600


class Posted(NamedTuple):
    """One message to the clinic.

    :ivar str channel: whatsapp or sms
    :ivar str number: whose, in E.164; `to`: which of the clinic's
    :ivar str payload: of the quick-reply button that was pressed
    :ivar str answered: SID of our message that was answered, by its button or quoted
    :ivar str opt_out: STOP, START or HELP where the provider read it so itself
    :ivar int media: how many files came along; they are not fetched
    """

    channel: str
    number: str
    to: str
    body: str
    payload: str
    answered: str
    opt_out: str
    media: int


def read(form):
    """Return the `Posted` of a form, a list of (key, value); a key counts once."""
    values = dict(reversed([tuple(pair) for pair in form]))
    sender = values["From"]
    media = values.get("NumMedia", "")
    return Posted(
        channel="whatsapp" if sender.startswith("whatsapp:") else "sms",
        number=sender.removeprefix("whatsapp:"),
        to=values.get("To", "").removeprefix("whatsapp:"),
        body=values.get("Body", "").strip()[:LONGEST],
        payload=values.get("ButtonPayload", "").strip(),
        answered=values.get("OriginalRepliedMessageSid", "").strip(),
        opt_out=values.get("OptOutType", "").strip().lower(),
        media=int(media) if media.isdecimal() else 0,
    )
