"""Trying a policy on the real ledger before it is switched on."""

from followup import get_policy
from meter import metered, middle
from registry import bench
from report import Measure
from session import environment


@bench("preview")
def preview(run):
    """The dry run of a policy that has decided nothing yet."""
    costs = []
    with environment(run.database) as env:
        policy = get_policy(env)
        for _repetition in range(3):
            with metered(env) as cost:
                env["clinic.followup.decision"]._preview(policy)
            costs.append(cost)
            env.cr.rollback()
    yield Measure("preview.wall", middle(costs).wall, "s", 3)
    yield Measure("preview.cpu", middle(costs).cpu, "s")
    yield Measure("preview.sql", middle(costs).sql, "statements")
