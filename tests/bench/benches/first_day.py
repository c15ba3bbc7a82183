"""The first day: all that is due is decided at once, beside a bare INSERT of it."""

from statistics import median

from followup import activate, decide
from meter import metered, middle
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
    SELECT string_agg('ADD ' || replace(pg_get_constraintdef(oid),
                      'clinic_followup_case(', 'bench_case('), ', ')
      FROM pg_constraint
     WHERE contype = 'f' AND conrelid = 'clinic_followup_entry'::regclass
"""


@bench("first_day")
def first_day(run):
    """Decide and insert by turns, so that both meet the same load; decide for good."""
    with environment(run.database) as env:
        activate(env)
        first, columns = create_twin(env, run.database)
        decided, inserted = measure_by_turns(env, run.database, columns)
        count = decide(env)
        env.cr.execute("DROP TABLE bench_entry, bench_row, bench_case")
        env.cr.commit()
    pairs = list(zip(decided, inserted, strict=True))
    ratio = median(ours.wall / bare.wall for ours, bare in pairs)
    cpu_ratio = median(ours.cpu / bare.cpu for ours, bare in pairs)
    yield Measure("decide.entries", count, "")
    yield Measure("decide.wall", middle(decided).wall, "s")
    yield Measure("decide.cpu", middle(decided).cpu, "s")
    yield Measure("decide.sql", middle(decided).sql, "statements")
    yield Measure("decide.memory", middle([first, *decided]).memory, "MB", 250)
    yield Measure("decide.bare_insert.wall", middle(inserted).wall, "s")
    budget = run.from_patients(10_000, 1.5)
    yield Measure("decide.to_bare_insert", ratio, "×", budget)
    yield Measure("decide.to_bare_insert.cpu", cpu_ratio, "×")


def create_twin(env, database):
    """Decide once, keep the rows aside and undo it; return the cost and the columns.

    `bench_entry` has the keys and indexes of the entries' table, `bench_case` those of
    the cases', `bench_row` is a plain table of the entries.
    """
    settle(database)
    with metered(env) as cost:
        decide(env)
    env.cr.execute(COLUMNS)
    columns = env.cr.fetchone()[0]
    env.cr.execute(FOREIGN_KEYS)
    keys = env.cr.fetchone()[0]
    env.cr.execute(
        f"""
        CREATE TABLE bench_case (LIKE clinic_followup_case INCLUDING ALL);
        INSERT INTO bench_case SELECT * FROM clinic_followup_case;
        CREATE TABLE bench_row AS SELECT {columns} FROM clinic_followup_entry;
        CREATE TABLE bench_entry (LIKE clinic_followup_entry INCLUDING ALL);
        ALTER TABLE bench_entry {keys};
        DELETE FROM clinic_followup_entry;
        DELETE FROM clinic_followup_case;
        """
    )
    env.cr.commit()
    return cost, columns


def measure_by_turns(env, database, columns):
    """Return the costs of deciding and those of inserting; nothing of it is kept."""
    costs = [], []
    insert = f"INSERT INTO bench_entry ({columns}) SELECT {columns} FROM bench_row"
    for _repetition in range(REPETITIONS):
        settle(database, "clinic_followup_entry", "clinic_followup_case")
        with metered(env) as cost:
            decide(env)
        costs[0].append(cost)
        env.cr.rollback()
        settle(database, "bench_entry", "bench_row", "bench_case")
        with metered(env) as cost:
            env.cr.execute(insert)
        costs[1].append(cost)
        env.cr.rollback()
    return costs
