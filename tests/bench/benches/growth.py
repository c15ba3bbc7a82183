"""How costs grow with the ledger: those of each patient, beside a smaller ledger."""

from registry import bench
from report import Measure
from workplace import measure, working_copy

TIMES = 10
SUBJECTS = ("first_day", "compose", "usual_day")
COSTS = ("decide.cpu", "compose.cpu", "usual_day.cpu", "idle.cpu")
LINEAR = 1.2  # processor time is never quite the same twice


@bench("growth", needs=SUBJECTS)
def growth(run):
    """A tenth of the patients on a working copy of their own."""
    with working_copy(max(run.patients // TIMES, 1)) as small:
        for name in SUBJECTS:
            measure(name, small)
    for cost in COSTS:
        each, each_of_few = (
            which.figures[cost] / which.patients for which in (run, small)
        )
        yield Measure(f"growth.{cost}", each / each_of_few, "×", LINEAR)
