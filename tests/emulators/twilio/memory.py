"""What the emulator knows, as a file: a demo goes on where it was."""

import json
from dataclasses import asdict
from datetime import datetime

from .state import Content, Message

MOMENTS = ("created", "sent", "updated")


def save(emulator, path):
    """Write accounts, contents and messages to a file."""
    state = {
        "accounts": [
            asdict(account) | {"opted_out": sorted(account.opted_out)}
            for account in emulator.accounts.values()
        ],
        "contents": [asdict(content) for content in emulator.contents.values()],
        "messages": [asdict(message) for message in list(emulator.messages)],
        "without_whatsapp": sorted(emulator.without_whatsapp),
    }
    text = json.dumps(state, default=datetime.isoformat, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def load(emulator, path):
    """Read the file back, if there is one; return whether there was."""
    if not path.exists():
        return False
    state = json.loads(path.read_text(encoding="utf-8"))
    for values in state["accounts"]:
        sessions = {n: read_moment(m) for n, m in values.pop("sessions").items()}
        opted_out = set(values.pop("opted_out"))
        emulator.add_account(
            **with_moments(values), sessions=sessions, opted_out=opted_out
        )
    for values in state["contents"]:
        content = Content(**with_moments(values))
        emulator.contents[content.sid] = content
    emulator.messages[:] = [Message(**with_moments(v)) for v in state["messages"]]
    emulator.without_whatsapp.update(state["without_whatsapp"])
    return True


def with_moments(values):
    return {
        name: read_moment(value) if name in MOMENTS else value
        for name, value in values.items()
    }


def read_moment(text):
    return text and datetime.fromisoformat(text)
