"""Odoo with any arguments and, in the same process, the demo's mail server and phones.

usage: serve.py ODOO-ARGUMENTS…

What the running demo sends stays on this machine: mails as files in
.sandbox/demo-mails/, WhatsApp messages and SMS on the page of the phones.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "tests")

# Found through the path above.
from emulators.smtp import SmtpEmulator  # noqa: E402
from emulators.twilio import TwilioEmulator, memory  # noqa: E402

from odoo.cli.command import main  # noqa: E402

if __name__ == "__main__":
    mailbox = SmtpEmulator(folder=ROOT / ".sandbox" / "demo-mails").start()
    phones = ROOT / ".sandbox" / "demo-phones.json"
    with TwilioEmulator(int(os.environ["CLINIC_DEMO_PHONES"])) as twilio:
        memory.load(twilio, phones)
        sys.argv += ["--smtp=127.0.0.1", f"--smtp-port={mailbox.port}"]
        try:
            main()
        finally:
            memory.save(twilio, phones)
