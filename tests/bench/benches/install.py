"""Installing on a ledger in use: nothing may be computed record by record."""

import time

import templates
from postgres import create, drop
from registry import bench
from report import Measure
from session import run_odoo


@bench("install")
def install(run):
    """The whole command, with Odoo's own start."""
    database = create(f"{run.database}_install", templates.of_patients(run.patients))
    start = time.perf_counter()
    run_odoo(database, "-i", templates.ADDON.name)
    wall = time.perf_counter() - start
    drop(database)
    yield Measure("install.wall", wall, "s", 60)
