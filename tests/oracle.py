"""The follow-up rules once more, item by item in plain Python, to hold decide against.

Written from the documents, not from the SQL: nothing here reads the database.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

LEGAL = ("formal_notice", "agency")


@dataclass(frozen=True)
class Level:
    place: int
    anchor: str
    delay: int
    unit: str
    expire_days: int = 0
    repeat_every: int = 0
    max_repeats: int = 0
    legal_step: str = "reminder"

    @property
    def wait(self):
        return timedelta(**{self.unit: self.delay})


@dataclass
class Policy:
    levels: list
    tolerance: Decimal
    min_days: int
    start: date | None
    catch_up: str

    def stands_still(self, today):
        return (self.start and today < self.start) or not self.lets_old_debt_in()

    def lets_old_debt_in(self):
        legal = [level.place for level in self.levels if level.legal_step in LEGAL]
        if self.catch_up != "by_age" or not legal:
            return True
        return any(
            level.place < min(legal)
            and level.delay >= 0
            and not level.expire_days
            and level.legal_step not in LEGAL
            for level in self.levels
        )


@dataclass
class Person:
    policy: Policy
    switched_off: bool = False
    is_payer: bool = False
    postponed: date | None = None
    holds: list = field(default_factory=list)
    reminded: dict = field(default_factory=dict)

    def is_held(self, today):
        return any(start <= today < end for start, end in self.holds)

    def last_reminder(self):
        return max(self.reminded.values(), default=None)


@dataclass
class Item:
    number: int
    asked: str
    debtor: str
    currency: str
    residual: Decimal
    in_company: Decimal
    due: date
    invoiced: date
    first_request: datetime | None
    disputed: bool = False
    excluded: bool = False
    history: list = field(default_factory=list)
    pending: bool = False


class Oracle:
    """What a clinic in one time zone does, moment after moment."""

    def __init__(self, people, items, zone):
        self.people, self.items = people, items
        self.zone = ZoneInfo(zone)

    def decide(self, now):
        """Return {(item number, place of the level, occurrence)} at that UTC moment."""
        self.now = now.replace(tzinfo=timezone.utc).astimezone(self.zone)
        self.today = self.now.date()
        decided = set()
        for (asked, _currency), items in self.group().items():
            decided |= self.decide_group(self.people[asked], items)
        return decided

    def group(self):
        groups = defaultdict(list)
        open_items = [
            item
            for item in self.items
            if item.residual and not self.people[item.debtor].is_payer
        ]
        for item in open_items:
            groups[self.counts_for(item, open_items), item.currency].append(item)
        return groups

    def counts_for(self, item, open_items):
        """Return who is asked for a bill; a credit follows the bills of its person."""
        billed = {
            bill.asked
            for bill in open_items
            if bill.residual > 0
            and (bill.debtor, bill.currency) == (item.debtor, item.currency)
        }
        if item.residual > 0 or not billed or item.asked in billed:
            return item.asked
        return min(billed, key=lambda asked: asked != item.debtor)

    def decide_group(self, person, items):
        if not self.may_write_to(person):
            return set()
        steps = {item.number: self.next_step(person.policy, item) for item in items}
        counted = [
            item
            for item in items
            if item.residual < 0
            or (self.counts(item) and (item.due < self.today or steps[item.number]))
        ]
        net = sum(item.residual for item in counted)
        if net <= 0 or sum(i.in_company for i in counted) < person.policy.tolerance:
            return set()
        return {(number, *step) for number, step in steps.items() if step}

    def may_write_to(self, person):
        last = person.last_reminder()
        return not (
            person.is_payer
            or person.switched_off
            or person.is_held(self.today)
            or person.policy.stands_still(self.today)
            or (person.postponed and person.postponed > self.today)
            or (last and (self.today - last).days < person.policy.min_days)
        )

    def counts(self, item):
        return not item.disputed and not item.excluded

    def next_step(self, policy, item):
        """Return (place, occurrence) of the level the item enters now, or None."""
        if item.residual < 0 or not self.counts(item) or item.pending:
            return None
        if not item.history:
            return self.first_step(policy, item)
        place = max(place for place, _occurrence, _day in item.history)
        for level in policy.levels:
            if level.place > place and self.is_reached(level, item):
                return level.place, 1
        return self.repeat(policy, item, place)

    def first_step(self, policy, item):
        reached = [level for level in policy.levels if self.is_reached(level, item)]
        if policy.catch_up == "by_age":
            reached = [level for level in reached if level.legal_step not in LEGAL][-1:]
        return (reached[0].place, 1) if reached else None

    def repeat(self, policy, item, place):
        times = max(o for at, o, _day in item.history if at == place)
        last = max(day for _place, _occurrence, day in item.history)
        for level in policy.levels:
            if (
                level.place == place
                and level.repeat_every
                and times <= level.max_repeats
            ):
                if (self.today - last).days >= level.repeat_every:
                    return place, times + 1
        return None

    def is_reached(self, level, item):
        if level.anchor == "due_date" and level.delay < 0 and item.due <= self.today:
            return False
        begun = self.is_past(level, item, timedelta())
        over = level.expire_days and self.is_past(
            level, item, timedelta(days=level.expire_days)
        )
        return begun and not over

    def is_past(self, level, item, longer):
        """Whether the level's delay, and so much longer, has gone by."""
        wait = level.wait + longer
        wall = self.now.replace(tzinfo=None)
        if level.anchor != "first_request":
            day = item.due if level.anchor == "due_date" else item.invoiced
            return datetime.combine(day, time.min) + wait <= wall
        if item.first_request is None:
            return False
        asked = item.first_request.replace(tzinfo=timezone.utc)
        if level.unit == "hours":
            return asked + wait <= self.now
        return asked.astimezone(self.zone).replace(tzinfo=None) + wait <= wall

    # -- what happens between two decisions ------------------------------------

    def note(self, decided, outcome):
        """The decided entries end: `done`, `void`, or are still `planned`."""
        by_number = {item.number: item for item in self.items}
        for number, place, occurrence in decided:
            item = by_number[number]
            item.pending = outcome == "planned"
            if outcome != "void":
                item.history.append((place, occurrence, self.today))
                self.people[item.asked].reminded[number, place, occurrence] = self.today

    def finish(self):
        """What was planned is done."""
        for item in self.items:
            item.pending = False

    def pay(self, number):
        for item in self.items:
            if item.number == number:
                item.residual = item.in_company = Decimal()
