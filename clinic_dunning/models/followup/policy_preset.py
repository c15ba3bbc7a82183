from typing import NamedTuple

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

# Constants have no environment: they are translated when they are used.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


class Step(NamedTuple):
    """One level of a preset."""

    name: LazyTranslate
    anchor: str
    delay: int
    unit: str
    topic: str
    route: str
    legal: str = "reminder"
    mode: str = "auto"
    repeat: int = 0
    times: int = 0
    expire: int = 0


EMAIL, GRADED, CALL, LETTER = "email", "graded", "call", "letter"
BEFORE = (
    Step(_lt("A week before"), "due_date", -7, "days", "before7", EMAIL, "courtesy"),
    Step(
        _lt("Three days before"), "due_date", -3, "days", "before3", EMAIL, "courtesy"
    ),
)
CARE_FIRST = (
    Step(
        _lt("Thanks and invoice"),
        "invoice_date",
        0,
        "days",
        "invoice",
        EMAIL,
        "courtesy",
        expire=3,
    ),
    Step(
        _lt("48 hours"),
        "first_request",
        48,
        "hours",
        "r48",
        GRADED,
        "courtesy",
        expire=5,
    ),
)
WEEK_AFTER = Step(_lt("A week after"), "due_date", 7, "days", "after7", GRADED)
PHONE_CALL = Step(
    _lt("Phone call"), "due_date", 21, "days", "after7", CALL, mode="auto"
)
REPEAT = Step(
    _lt("Every fortnight"), "due_date", 30, "days", "repeat", GRADED, repeat=14, times=3
)
SIMPLE_LETTER = Step(
    _lt("Simple letter"), "due_date", 45, "days", "repeat", LETTER, mode="approval"
)
FORMAL_NOTICE = Step(
    _lt("Formal notice"),
    "due_date",
    75,
    "days",
    "formal_notice",
    LETTER,
    "formal_notice",
    "approval",
)

# Order of steps in France: call, simple letter, registered letter with a deadline, then
# the court. Elsewhere the same order, without a threat.
PRESETS = {
    "fr_dentist": {
        "name": _lt("French dentist"),
        "steps": (*BEFORE, WEEK_AFTER, PHONE_CALL, SIMPLE_LETTER, FORMAL_NOTICE),
        "values": {"tolerance": 5.0, "min_days": 3, "weekly_cap": 2},
    },
    "belgium": {
        "name": _lt("Belgium"),
        "steps": (
            *BEFORE,
            WEEK_AFTER,
            PHONE_CALL,
            REPEAT,
            FORMAL_NOTICE._replace(delay=90),
        ),
        "values": {"tolerance": 5.0, "min_days": 3, "weekly_cap": 2},
    },
    "india_care_first": {
        "name": _lt("India, care first"),
        "steps": (*CARE_FIRST, WEEK_AFTER, PHONE_CALL, REPEAT),
        "values": {
            "tolerance": 50.0,
            "min_days": 2,
            "weekly_cap": 3,
            "window_weekend": True,
        },
    },
    "diagnostic_centre": {
        "name": _lt("Diagnostic centre"),
        "steps": (*CARE_FIRST, WEEK_AFTER, REPEAT),
        "values": {"tolerance": 1.0, "min_days": 2, "weekly_cap": 3},
    },
}


class ClinicFollowupPolicy(models.Model):
    """Policies to start from."""

    _inherit = "clinic.followup.policy"

    @api.model
    def _create_preset(self, code, company):
        """Create a policy, switched off, from a preset.

        :param str code: fr_dentist, belgium, india_care_first or diagnostic_centre
        :param company: `res.company` it belongs to; its tolerance is in that currency
        :raise UserError: for an unknown preset
        """
        preset = PRESETS.get(code)
        if not preset:
            raise UserError(
                self.env._(
                    "There is no preset “%(code)s”. Choose one of %(codes)s.",
                    code=code,
                    codes=", ".join(PRESETS),
                )
            )
        english = self.with_context(lang="en_US")
        policy = english.create(
            {
                "name": english.env._(preset["name"]),
                "company_id": company.id,
                "level_ids": [
                    Command.create(english._prepare_preset_level(step, 10 * place))
                    for place, step in enumerate(preset["steps"], start=1)
                ],
                **preset["values"],
            }
        )
        policy._translate_preset(preset)
        return policy.with_env(self.env)

    def _translate_preset(self, preset):
        """Name the policy and its levels in every installed language."""
        for code, _name in self.env["res.lang"].get_installed():
            local = self.with_context(lang=code)
            local.name = local.env._(preset["name"])
            for level, step in zip(local.level_ids, preset["steps"], strict=True):
                level.name = local.env._(step.name)

    @api.model
    def _prepare_preset_level(self, step, sequence):
        return {
            "name": self.env._(step.name),
            "sequence": sequence,
            "anchor": step.anchor,
            "delay": step.delay,
            "delay_unit": step.unit,
            "topic_id": self.env.ref(f"clinic_dunning.topic_{step.topic}").id,
            "route_id": self.env.ref(f"clinic_dunning.route_{step.route}").id,
            "legal_step": step.legal,
            "mode": step.mode,
            "repeat_every": step.repeat,
            "max_repeats": step.times,
            "expire_days": step.expire,
        }
