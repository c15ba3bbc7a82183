"""The emulator in a process of its own."""

import argparse
import json
import signal

from . import TwilioEmulator


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="emulators.twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=8085, help="0: a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call")
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
    with TwilioEmulator(options.port, options.latency) as emulator:
        emulator.follows = not options.silent
        for values in options.account:
            emulator.add_account(**values)
        print(emulator.url, flush=True)
        signal.signal(signal.SIGTERM, lambda *_args: emulator.stopping.set())
        try:
            emulator.stopping.wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
