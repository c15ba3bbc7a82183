"""A small, real Twilio on loopback: messages, contents, receipts, replies, faults.

As a module::

    with TwilioEmulator() as twilio:            # a free port of 127.0.0.1
        account = twilio.add_account(whatsapp=["+33700000001"])
        twilio.refuse("21211", match="999$")    # that code for matching recipients
        ...                                     # send to twilio.url
        assert twilio.to("+33612345678")[0].body == "Hello"
        twilio.reply(account, "+33612345678", "+33700000001", "STOP", on="whatsapp")

As a script (for a server in a process of its own)::

    python -m emulators.twilio --port 8085 --latency 0.1

Nothing ever leaves the machine. What it answers was compared with Twilio's OpenAPI.
"""

from .emulator import TwilioEmulator
from .state import Account, Content, Fault, Message

__all__ = ["Account", "Content", "Fault", "Message", "TwilioEmulator"]
