"""The first day: all that is due is decided at once, beside a bare INSERT of it."""

from followup import activate, decide
from meter import median, metered
from postgres import settle
from registry import bench
from report import Measure
from session import environment

REPETITIONS = 3
COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = 'clinic_followup_entry'::regclass
       AND attnum > 0 AND NOT attisdropped AND attname <> 'id'
"""
FOREIGN_KEYS = """
    SELECT string_agg('ADD ' || pg_get_constraintdef(oid), ', ') FROM pg_constraint
     WHERE contype = 'f' AND conrelid = 'clinic_followup_entry'::regclass
"""


@bench("first_day")
def first_day(run):
    """Decide thrice from nothing, at last for good; then insert the rows thrice."""
    decided, count = measure_decide(run.database)
    bare = measure_bare_insert(run.database)
    yield Measure("decide.entries", count, "")
    yield Measure("decide.wall", decided.wall, "s")
    yield Measure("decide.sql", decided.sql, "statements")
    yield Measure("decide.memory", decided.memory, "MB", 250)
    yield Measure("decide.bare_insert.wall", bare.wall, "s")
    budget = run.from_patients(10_000, 1.5)
    yield Measure("decide.to_bare_insert", decided.wall / bare.wall, "×", budget)


def measure_decide(database):
    """Return the median cost and the number of entries; the last ones stay."""
    costs = []
    with environment(database) as env:
        activate(env)
        for _repetition in range(REPETITIONS):
            env.cr.rollback()
            settle(database, "clinic_followup_entry", "clinic_followup_case")
            with metered(env) as cost:
                count = decide(env)
            costs.append(cost)
        env.cr.commit()
    return median(costs), count


def measure_bare_insert(database):
    """Return the median cost of inserting the rows into a table of the same keys."""
    costs = []
    with environment(database) as env:
        columns = create_twin(env)
        for _repetition in range(REPETITIONS):
            env.cr.rollback()
            settle(database, "bench_entry")
            with metered(env) as cost:
                env.cr.execute(
                    f"INSERT INTO bench_entry ({columns})"
                    f" SELECT {columns} FROM bench_entry_row"
                )
            costs.append(cost)
        env.cr.rollback()
        env.cr.execute("DROP TABLE bench_entry, bench_entry_row")
        env.cr.commit()
    return median(costs)


def create_twin(env):
    """Create the entry table's twin and a copy of its rows; return the columns."""
    cr = env.cr
    cr.execute(COLUMNS)
    columns = cr.fetchone()[0]
    cr.execute(FOREIGN_KEYS)
    keys = cr.fetchone()[0]
    cr.execute("CREATE TABLE bench_entry (LIKE clinic_followup_entry INCLUDING ALL)")
    cr.execute(f"ALTER TABLE bench_entry {keys}")
    cr.execute(
        f"CREATE TABLE bench_entry_row AS SELECT {columns} FROM clinic_followup_entry"
    )
    cr.commit()
    return columns
