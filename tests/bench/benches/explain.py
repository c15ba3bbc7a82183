"""Why something is, or is not, sent to one person today."""

from meter import metered
from registry import bench
from report import Measure
from session import environment

BUSIEST = """
    SELECT case_id FROM clinic_followup_entry
     GROUP BY case_id ORDER BY count(*) DESC, case_id LIMIT 2
"""


@bench("explain", needs=("first_day",))
def explain(run):
    """The case with the most items, another one having been explained before."""
    with environment(run.database) as env:
        env.cr.execute(BUSIEST)
        case, other = env["clinic.followup.case"].browse(
            row[0] for row in env.cr.fetchall()
        )
        decision = env["clinic.followup.decision"]
        decision._explain(other)
        env.invalidate_all()
        with metered(env) as cost:
            decision._explain(case)
    yield Measure("explain.wall", cost.wall, "s")
    yield Measure("explain.sql", cost.sql, "statements", 30)
