"""The subjects of the benchmark: one function each, registered in order."""

from dataclasses import dataclass, field

BENCHES = {}
NEEDS = {}
ON_DEMAND = {}  # name: patients it wants where nobody says how many
PATIENTS = 10_000


@dataclass
class Run:
    """What a subject is given: size, working copy of the ledger, figures so far."""

    patients: int
    database: str
    figures: dict = field(default_factory=dict)

    def from_patients(self, patients, budget):
        """Return a ratio's budget unless the ledger is smaller: fixed costs tell."""
        return budget if self.patients >= patients else None


def bench(name, needs=(), on_demand=0):
    """Register `function(run)`, which yields measures.

    :param needs: what runs before
    :param on_demand: it runs only when it is named, with so many patients
    """

    def register(function):
        BENCHES[name] = function
        NEEDS[name] = needs
        if on_demand:
            ON_DEMAND[name] = on_demand
        return function

    return register


def select(names, peer):
    """Return the names to run, in order, with what they need.

    None are given: all but those on demand.

    Raises ValueError for a name that isn't registered.
    """
    if unknown := names - BENCHES.keys():
        raise ValueError(
            f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHES)}"
        )
    wanted = set(names) or BENCHES.keys() - ON_DEMAND.keys()
    wanted |= {"peer"} if peer else set()
    for name in list(wanted):
        wanted.update(NEEDS[name])
    return [name for name in BENCHES if name in wanted]
