"""What subjects start from: a policy, a first day, a usual morning."""

from odoo.fields import Command

BATCH = 1000
LEVELS = [
    {"name": "A week before", "delay": -7, "legal_step": "courtesy"},
    {"name": "Three days before", "delay": -3, "legal_step": "courtesy"},
    {"name": "First reminder", "delay": 7},
    {"name": "Second reminder", "delay": 30},
    {"name": "Last reminder", "delay": 45, "repeat_every": 30, "max_repeats": 1},
]
YESTERDAY = "(SELECT max(date) - 1 FROM clinic_followup_entry)"
FORGET_TODAY = f"""
    DELETE FROM clinic_followup_entry WHERE date_maturity + %(first)s > {YESTERDAY}
"""
CATCH_UP = f"""
    UPDATE clinic_followup_entry entry
       SET (level_id, occurrence, date, state) = (
           SELECT level.id, 1 + times, started + times * every, 'done'
             FROM clinic_followup_level level,
                  LATERAL (SELECT date_maturity + delay AS started,
                                  COALESCE(repeat_every, 0) AS every) first,
                  LATERAL (SELECT COALESCE(LEAST(max_repeats, ({YESTERDAY} - started)
                                                 / NULLIF(every, 0)), 0) AS times) again
            WHERE policy_id = %(policy)s AND started <= {YESTERDAY}
            ORDER BY delay DESC LIMIT 1)
"""


def create_policy(env):
    """Return a policy of company 1, not yet active: five automatic levels by email."""
    route = env["clinic.contact.route"].create(
        {
            "name": "Bench",
            "line_ids": [Command.create({"channel": "email", "condition": "always"})],
        }
    )
    topic = env["clinic.message.topic"].search([("purpose", "=", "billing")], limit=1)
    common = {"mode": "auto", "route_id": route.id, "topic_id": topic.id}
    levels = [
        Command.create({"sequence": place, **common, **level})
        for place, level in enumerate(LEVELS, 1)
    ]
    return env["clinic.followup.policy"].create(
        {
            "name": "Bench",
            "company_id": 1,
            "catch_up": "first_level",
            "min_days": 0,
            "tolerance": 0,
            "start_date": False,
            "level_ids": levels,
        }
    )


def get_policy(env):
    """Return the policy made by `create_policy`."""
    return env["clinic.followup.policy"].search([("name", "=", "Bench")], limit=1)


def activate(env):
    """Put the policy in force in company 1, and commit."""
    policy = get_policy(env)
    policy.action_activate()
    policy.action_make_default()
    env.cr.commit()


def decide(env):
    """Decide for company 1; return the number of entries."""
    return env["clinic.followup.decision"]._decide(env["res.company"].browse(1))


def make_usual_morning(env):
    """Turn the first day's entries into the history of a clinic that is long at it.

    Each item has gone through what it had reached by yesterday; those that reach a
    level today, about one in a hundred, are what is to do.
    """
    policy = get_policy(env)
    env.cr.execute(FORGET_TODAY, {"first": min(policy.level_ids.mapped("delay"))})
    env.cr.execute(CATCH_UP, {"policy": policy.id})
    env.cr.commit()
