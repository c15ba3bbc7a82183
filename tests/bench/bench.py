#!/usr/bin/env python3
"""Measure the main jobs on a generated ledger, against the budgets of the design.

Progress goes to stderr, measures to stdout. The exit status is 1 when a budget is
missed. Ledgers are kept as databases `bench_<N>` for the day; PostgreSQL is reached
through PGHOST and PGUSER, Odoo through the configuration file named by CLINIC_CONFIG.
"""

import argparse
import sys

import benches  # noqa: F401
import templates
from followup import create_policy
from postgres import create, drop
from registry import BENCHES, Run, select
from report import log
from session import environment, in_child


def positive(text):
    """Return the number in the text, which has to be above zero."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def parse_arguments():
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="setup/bench", description=__doc__)
    parser.add_argument(
        "--patients", type=positive, default=10_000, help="size of the ledger"
    )
    parser.add_argument(
        "--peer", action="store_true", help="run OCA account_credit_control beside"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--only",
        default="",
        metavar="A,B",
        help=f"of {', '.join(BENCHES)}; what they need runs too",
    )
    options = parser.parse_args()
    try:
        options.names = select(set(options.only.split(",")) - {""}, options.peer)
    except ValueError as error:
        parser.error(str(error))
    return options


def prepare(database):
    """Create the policy that all subjects use."""
    with environment(database) as env:
        create_policy(env)
        env.cr.commit()


def measures_of(name, run):
    """Return the measures of one subject (called in its own process)."""
    return list(BENCHES[name](run))


def main():
    """Run the subjects on one working copy, telling each measure as it comes."""
    options = parse_arguments()
    template = templates.with_addon(options.patients)
    run = Run(options.patients, create(f"bench_run_{options.patients}", template))
    missed = 0
    try:
        in_child(prepare, run.database)
        for name in options.names:
            log(f"measuring {name}")
            for measure in in_child(measures_of, name, run):
                run.figures[measure.name] = measure.value
                missed += not measure.ok
                print(
                    measure.as_json() if options.json else measure.as_row(), flush=True
                )
    finally:
        drop(run.database)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
