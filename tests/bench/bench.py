#!/usr/bin/env python3
"""Measure the main jobs on a generated ledger, against the budgets of the design.

Progress goes to stderr, measures to stdout. The exit status is 1 when a budget is
missed. Ledgers are kept as databases `bench_<N>` for the day; PostgreSQL is reached
through PGHOST and PGUSER, Odoo through the configuration file named by CLINIC_CONFIG.
"""

import argparse
import sys

import benches  # noqa: F401
from registry import BENCHES, ON_DEMAND, PATIENTS, select
from report import log
from workplace import measure, working_copy


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
        "--patients", type=positive, help=f"size of the ledger ({PATIENTS})"
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
    sizes = [ON_DEMAND.get(name, PATIENTS) for name in options.names]
    options.patients = options.patients or max(sizes)
    return options


def main():
    """Run the subjects on one working copy, telling each measure as it comes."""
    options = parse_arguments()
    missed = 0
    with working_copy(options.patients) as run:
        for name in options.names:
            log(f"measuring {name}")
            for figure in measure(name, run):
                missed += not figure.ok
                print(figure.as_json() if options.json else figure.as_row(), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
