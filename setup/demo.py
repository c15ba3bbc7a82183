"""The demo, run by `odoo shell` in the demo database (see setup/demo).

Builds two clinics once, does the main job (decide, compose, send) through the real
scheduled actions with a local mail server, and reports. Exit status 1: something
failed.
"""

import os
import sys
from pathlib import Path

SETUP = Path(os.environ.get("CLINIC_SETUP", "setup")).resolve()
sys.path[:0] = [str(SETUP), str(SETUP.parent / "tests")]

from demo_clinic.job import run_demo  # noqa: E402  # found through the path above

sys.exit(run_demo(env, SETUP.parent))
