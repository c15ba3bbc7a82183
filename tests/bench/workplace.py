"""A working copy of a ledger, and one subject measured on it."""

import contextlib

import templates
from followup import create_policy
from postgres import create, drop
from registry import BENCHES, Run
from session import environment, in_child


@contextlib.contextmanager
def working_copy(patients):
    """Give a `Run` on a ledger of so many patients, which is dropped at the end."""
    template = templates.with_addon(patients)
    run = Run(patients, create(f"bench_run_{patients}", template))
    try:
        in_child(prepare, run.database)
        yield run
    finally:
        drop(run.database)


def prepare(database):
    """Create the policy that all subjects use."""
    with environment(database) as env:
        create_policy(env)
        env.cr.commit()


def measure(name, run):
    """Measure one subject in a process of its own; return its measures."""
    measures = in_child(measures_of, name, run)
    run.figures.update({measure.name: measure.value for measure in measures})
    return measures


def measures_of(name, run):
    return list(BENCHES[name](run))
