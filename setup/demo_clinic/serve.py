"""Odoo with any arguments and, in the same process, the demo's mail server.

usage: serve.py ODOO-ARGUMENTS…

What the running demo sends stays on this machine, as files in .sandbox/demo-mails/.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "tests")

from emulators.smtp import SmtpEmulator  # noqa: E402  # found through the path above

from odoo.cli.command import main  # noqa: E402

if __name__ == "__main__":
    mailbox = SmtpEmulator(folder=ROOT / ".sandbox" / "demo-mails").start()
    sys.argv += ["--smtp=127.0.0.1", f"--smtp-port={mailbox.port}"]
    main()
