"""Answer the shell scripts' questions about this repository's addons.

ours          names of our installable addons, comma separated
dependencies  what they need, plus what tests and demo want where it exists
fingerprint   one line per file that an installed database depends on
"""

import ast
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Wanted in every test and demo database; left out where this Odoo lacks them.
EXTRAS = (
    "account_financial_report",
    "l10n_fr_account",
    "l10n_in",
    "payment_custom",
    "payment_demo",
    "payment_razorpay",
    "payment_stripe",
    "resource_booking",
)

# What an installed database does not depend on.
IGNORED = {"tests", "readme", "__pycache__", "description"}


def read_manifests():
    manifests = {
        path.parent.name: ast.literal_eval(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.glob("*/__manifest__.py"))
    }
    return {
        name: manifest
        for name, manifest in manifests.items()
        if manifest.get("installable", True)
    }


def is_available(module):
    """Whether this Odoo, its source checkout or an installed package has the module."""
    return any(
        (Path(folder, *inside, module, "__manifest__.py")).is_file()
        for folder in sys.path
        for inside in (("odoo", "addons"), ("addons",))
    )


def print_ours():
    print(",".join(read_manifests()))


def print_dependencies():
    manifests = read_manifests()
    needed = {need for manifest in manifests.values() for need in manifest["depends"]}
    wanted = {module for module in EXTRAS if is_available(module)}
    print(",".join(sorted((needed | wanted) - set(manifests)) or ["base"]))


def print_fingerprint():
    for addon in read_manifests():
        for path in sorted((ROOT / addon).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_file() and not IGNORED.intersection(inside.parts):
                print(inside, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    {
        "ours": print_ours,
        "dependencies": print_dependencies,
        "fingerprint": print_fingerprint,
    }[sys.argv[1]]()
