"""One message per guarantor out of the first day's entries, batch by batch."""

from followup import BATCH
from meter import Cost, metered
from registry import bench
from report import Measure
from session import environment


@bench("compose", needs=("first_day",))
def compose(run):
    """Every batch is committed as the scheduled action does, which counts too."""
    batches = measure_batches(run.database)
    total = Cost(
        wall=sum(cost.wall for _made, cost in batches),
        cpu=sum(cost.cpu for _made, cost in batches),
        sql=sum(cost.sql for _made, cost in batches),
        memory=max(cost.memory for _made, cost in batches),
    )
    full = [cost.sql for made, cost in batches[1:] if made == BATCH] or [
        batches[0][1].sql
    ]
    decided = run.figures["decide.wall"]
    yield Measure("compose.messages", sum(made for made, _cost in batches), "")
    yield Measure("compose.wall", total.wall, "s")
    yield Measure("compose.cpu", total.cpu, "s")
    yield Measure("compose.sql", total.sql, "statements")
    yield Measure("compose.memory", total.memory, "MB")
    yield Measure("compose.sql_per_batch", max(full), "statements")
    yield Measure(
        "compose.sql_per_batch_spread", max(full) - min(full), "statements", 0
    )
    yield Measure("decide_and_compose.wall", decided + total.wall, "s", 60)


def measure_batches(database):
    """Return [(messages made, cost)] of each batch until nothing is left."""
    batches = []
    with environment(database) as env:
        messages = env["clinic.message"]
        while not batches or batches[-1][0]:
            with metered(env) as cost:
                if not batches:
                    messages._learn_entries(messages._count_to_compose())
                made = messages._compose(limit=BATCH)
                env.cr.commit()
            batches.append((made, cost))
    return batches
