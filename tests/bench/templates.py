"""The template databases: core and the peer, a ledger on that, our addon on that."""

import hashlib
from datetime import date
from pathlib import Path

import ledger
from postgres import cached, key_of
from session import environment, in_child, run_odoo

HERE = Path(__file__).resolve().parent
ADDON = HERE.parents[1] / "clinic_dunning"
BASE_MODULES = "account,account_credit_control"


def hash_of(*files):
    """Hash names and text of files, so that a template is rebuilt when they change."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def addon_hash():
    """Hash what installing the addon reads: code and data, not its tests."""
    files = (file for kind in ("py", "xml", "csv") for file in ADDON.rglob(f"*.{kind}"))
    return hash_of(
        *(file for file in files if "tests" not in file.relative_to(ADDON).parts)
    )


def base():
    """Return the database with core accounting, demo data and the peer."""

    def fill(database):
        run_odoo(database, "-i", BASE_MODULES, "--with-demo")
        in_child(keep_attachments_inside, database)

    return cached("bench_base", BASE_MODULES, "template0", fill)


def keep_attachments_inside(database):
    """Keep attachments in the database: a copy made by PostgreSQL has no filestore."""
    with environment(database) as env:
        env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        env["ir.attachment"].force_storage()
        env.cr.commit()


def of_patients(patients):
    """Return the ledger of N patients as of today, without our addon."""
    key = f"{BASE_MODULES} {hash_of(*HERE.glob('ledger*.py'))} {date.today()}"
    return cached(
        f"bench_{patients}",
        key,
        base(),
        lambda database: in_child(ledger.build, database, patients),
    )


def with_addon(patients):
    """Return the ledger of N patients with our addon installed on it."""
    template = of_patients(patients)
    key = f"{key_of(template)} {addon_hash()}"
    return cached(
        f"bench_{patients}_clinic",
        key,
        template,
        lambda database: run_odoo(database, "-i", ADDON.name),
    )
