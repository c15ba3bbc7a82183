"""The subjects of the benchmark: one function each, registered in order."""

from dataclasses import dataclass, field

BENCHES = {}
NEEDS = {}


@dataclass
class Run:
    """What a subject is given: size, working copy of the ledger, figures so far."""

    patients: int
    database: str
    figures: dict = field(default_factory=dict)

    def from_patients(self, patients, budget):
        """Return a ratio's budget unless the ledger is smaller: fixed costs tell."""
        return budget if self.patients >= patients else None


def bench(name, needs=()):
    """Register `function(run)`, which yields measures; `needs`: what runs before."""

    def register(function):
        BENCHES[name] = function
        NEEDS[name] = needs
        return function

    return register


def select(names, peer):
    """Return the names to run, in order, with what they need; all when none are given.

    Raises ValueError for a name that isn't registered.
    """
    if unknown := names - BENCHES.keys():
        raise ValueError(
            f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHES)}"
        )
    wanted = set(names) or {name for name in BENCHES if peer or name != "peer"}
    for name in list(wanted):
        wanted.update(NEEDS[name])
    return [name for name in BENCHES if name in wanted]
