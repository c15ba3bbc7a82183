"""OCA's account_credit_control on the same ledger, its default policy on every patient.

Its communications take time by the square of their number: left out above 10,000.
"""

from datetime import date

from meter import metered
from registry import PATIENTS, bench
from report import Measure
from session import environment

MOST_PATIENTS_FOR_COMMUNICATIONS = 10_000


@bench("peer", needs=("first_day", "compose"), on_demand=PATIENTS)
def peer(run):
    """Its lines and communications, and how much faster ours was; nothing is kept."""
    ours = run.figures
    with environment(run.database) as env:
        control = prepare_run(env)
        with metered(env) as lines:
            control.generate_credit_lines()
        yield from describe("peer.lines", len(control.line_ids), lines)
        yield compare(
            "peer.decide_times_faster", lines.wall, ours["decide.wall"], 20, run
        )
        yield compare(
            "peer.decide_times_fewer_sql", lines.sql, ours["decide.sql"], 1000, run
        )
        if run.patients <= MOST_PATIENTS_FOR_COMMUNICATIONS:
            made, communications = communicate(env, control)
            yield from describe("peer.communications", made, communications)
            theirs = lines.wall + communications.wall
            mine = ours["decide_and_compose.wall"]
            yield compare("peer.decide_and_compose_times_faster", theirs, mine, 50, run)


def prepare_run(env):
    """Return a run of today over all receivable accounts and patients of company 1."""
    policy = env.ref("account_credit_control.credit_control_3_time")
    accounts = [("account_type", "=", "asset_receivable"), ("company_ids", "in", [1])]
    policy.account_ids = env["account.account"].search(accounts)
    env.company.credit_policy_id = policy
    env.flush_all()
    env.cr.execute(
        "UPDATE res_partner SET credit_policy_id = %s WHERE customer_rank > 0",
        [policy.id],
    )
    env.invalidate_all()
    run = env["credit.control.run"].create(
        {"date": date.today(), "policy_ids": policy.ids, "company_id": 1}
    )
    env.flush_all()
    return run


def communicate(env, control):
    """Return the number of communications made of the run's lines, and their cost."""
    control.set_to_ready_lines()
    lines = control.line_ids.filtered(lambda line: line.state == "to_be_sent")
    env.flush_all()
    env.invalidate_all()
    with metered(env) as cost:
        made = env["credit.control.communication"]._generate_comm_from_credit_lines(
            lines
        )
    return len(made), cost


def describe(name, count, cost):
    """Yield the figures of one phase of the peer."""
    yield Measure(f"{name}.count", count, "")
    yield Measure(f"{name}.wall", cost.wall, "s")
    yield Measure(f"{name}.sql", cost.sql, "statements")
    yield Measure(f"{name}.memory", cost.memory, "MB")


def compare(name, theirs, ours, budget, run):
    """Return how many times more the peer needs than we do."""
    return Measure(
        name, theirs / ours, "×", run.from_patients(10_000, budget), at_least=True
    )
