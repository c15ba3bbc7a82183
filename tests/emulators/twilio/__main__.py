"""The emulator in a process of its own."""

import argparse
import json

from . import TwilioEmulator


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="emulators.twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=8085, help="0: a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call")
    parser.add_argument("--ends", default="delivered", help="a message's last status")
    parser.add_argument("--spacing", type=float, help="seconds between receipts")
    parser.add_argument("--hands", type=int, default=1, help="receipts sent at once")
    parser.add_argument("--silent", action="store_true", help="send no receipts")
    parser.add_argument(
        "--account",
        type=json.loads,
        action="append",
        default=[],
        metavar="JSON",
        help="fields of an account, such as its keys and numbers",
    )
    options = parser.parse_args(arguments)
    with TwilioEmulator(options.port, options.latency, options.hands) as emulator:
        emulator.follows, emulator.ends = not options.silent, options.ends
        emulator.spacing = options.spacing or emulator.spacing
        for values in options.account:
            emulator.add_account(**values)
        print(emulator.url, flush=True)
        emulator.serve_until_stopped()


if __name__ == "__main__":
    main()
