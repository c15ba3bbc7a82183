"""What a benchmark says: measures with their budgets, as a table or as JSON lines."""

import json
import sys
import time
from dataclasses import dataclass


def log(text):
    """Tell progress on stderr: stdout belongs to the measures."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Measure:
    """One figure; a budget is an upper bound, or a lower one where `at_least`."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def ok(self):
        """Tell whether the budget is kept; what has no budget is fine."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def as_json(self):
        """Return the measure as one line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "budget": self.budget,
                "ok": self.ok,
            }
        )

    def as_row(self):
        """Return the measure as one line of the table."""
        budget = (
            ""
            if self.budget is None
            else f"{'≥' if self.at_least else '≤'} {self.budget:g}"
        )
        verdict = "" if self.budget is None else "ok" if self.ok else "MISSED"
        figure = f"{self.value:>14,.3f} {self.unit:<10}"
        return f"{self.name:<40}{figure}{budget:>8}  {verdict}".rstrip()
