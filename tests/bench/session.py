"""Odoo in the benchmark: its command line, and an environment in a child process."""

import contextlib
import logging
import multiprocessing
import os
import subprocess
import sys

import odoo.init  # noqa: F401  # completes the namespace package `odoo`
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def run_odoo(database, *arguments):
    """Run the odoo command on the database; its log is shown when it fails."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "odoo",
        "-c",
        os.environ["CLINIC_CONFIG"],
    ]
    command += ["-d", database, "--stop-after-init", "--log-level=warn", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"odoo {' '.join(arguments)} failed on {database}:\n{done.stderr}"
        )


def in_child(function, *arguments):
    """Call the function in a process of its own and return what it returns.

    The parent opens no database with Odoo, so each subject begins with a registry of
    its own and with a memory peak that nothing before it has raised.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(function(*arguments)))
    child.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        raise SystemExit(f"{function.__name__} failed, see above") from None
    finally:
        child.join()


@contextlib.contextmanager
def environment(database):
    """Give a superuser environment of company 1; what isn't committed is undone."""
    logging.basicConfig(level=logging.ERROR)
    config.parse_config(
        ["-c", os.environ["CLINIC_CONFIG"], "-d", database], setup_logging=False
    )
    with Registry(database).cursor() as cr:
        env = api.Environment(
            cr, SUPERUSER_ID, {"allowed_company_ids": [1], "lang": "en_US"}
        )
        yield env
        forget(env)


def forget(env):
    """Roll back, with everything that waits for a commit and every cached record."""
    env.cr.rollback()
    env.invalidate_all(flush=False)
