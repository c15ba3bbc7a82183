"""The days after: a few items reach a level; later there is nothing to do."""

from followup import decide, make_usual_morning
from meter import metered, middle
from postgres import settle
from registry import bench
from report import Measure
from session import environment

REPETITIONS = 3


@bench("usual_day", needs=("first_day",))
def usual_day(run):
    """Decide on a usual morning, and again when all of it is done."""
    with environment(run.database) as env:
        make_usual_morning(env)
        settle(run.database)
        env.cr.execute("SELECT count(*) FROM clinic_followup_entry")
        items = env.cr.fetchone()[0]
        usual, count = measure(env)
        env.cr.commit()
        settle(run.database, "clinic_followup_entry", "clinic_followup_case")
        idle, nothing = measure(env)
    yield Measure("usual_day.entries", count, "")
    yield Measure("usual_day.share", 100 * count / items, "%")
    yield Measure("usual_day.wall", usual.wall, "s", 5)
    yield Measure("usual_day.cpu", usual.cpu, "s")
    yield Measure("usual_day.sql", usual.sql, "statements")
    yield Measure("idle.entries", nothing, "", 0)
    yield Measure("idle.wall", idle.wall, "s", 2)
    yield Measure("idle.cpu", idle.cpu, "s")
    yield Measure("idle.sql", idle.sql, "statements")


def measure(env):
    """Return the median cost and the number of entries; the last are not undone."""
    costs = []
    for _repetition in range(REPETITIONS):
        env.cr.rollback()
        with metered(env) as cost:
            count = decide(env)
        costs.append(cost)
    return middle(costs), count
