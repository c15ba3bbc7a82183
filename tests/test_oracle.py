from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import oracle
from common import InvariantCase
from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import tagged

from odoo.addons.clinic_dunning.tests.common import TODAY

# Summer time begins on 29 March, within reach of both.
START = datetime(2026, 3, 24, 9, 30)
STEPS = (
    (0, 0),
    (1, 0),
    (3, 5),
    (4, 0),
    (5, 11),
    (8, 2),
    (14, 0),
    (15, 0),
    (30, 0),
    (45, 0),
)
CAST = ("ana", "child", "ben", "insurer")

RATES = {"EUR": 1, "USD": 2}
AMOUNTS = (
    "9.98",
    "9.99",
    "10.00",
    "10.01",
    "10.02",
    "19.98",
    "20.02",
    "25",
    "40",
    "0.02",
)


class Scenario:
    """A random small clinic; edges are hit often, reasons to hold back are rare."""

    def __init__(self, rng, size):
        self.rng = rng
        self.steps = sorted(rng.sample(STEPS, rng.randint(1, 4)))
        self.outcomes = [rng.choice(["done", "done", "planned", "void"]) for _ in STEPS]
        self.policies = [self.draw_policy() for _ in range(2)]
        self.people = {name: self.draw_wishes() for name in ("ana", "child", "ben")}
        self.child_until = self.rarely(rng.randint(-40, 5))
        self.items = [self.draw_item() for _ in range(size)]

    def rarely(self, value, otherwise=None, odds=0.15):
        return value if self.rng.random() < odds else otherwise

    def draw_policy(self):
        rng = self.rng
        return {
            "levels": [self.draw_level() for _ in range(rng.randint(1, 4))],
            "tolerance": Decimal(rng.choice(["0", "0", "9.99", "10", "10.01", "20"])),
            "min_days": rng.choice([0, 0, 1, 3, 5]),
            "start": self.rarely(rng.choice([1, 4])),
            "catch_up": rng.choice(["first_level", "by_age"]),
        }

    def draw_level(self):
        rng = self.rng
        anchor = rng.choice(["due_date", "due_date", "invoice_date", "first_request"])
        unit = rng.choice(["days", "days", "hours"])
        delay = rng.randint(-8 if anchor == "due_date" else 0, 30)
        repeats = delay >= 0 and rng.random() < 0.5
        return {
            "anchor": anchor,
            "delay": delay if unit == "days" else 12 * delay,
            "unit": unit,
            "repeat_every": rng.randint(1, 8) if repeats else 0,
            "max_repeats": rng.randint(1, 2) if repeats else 0,
            "expire_days": self.rarely(rng.randint(1, 10), 0),
            "legal_step": self.rarely("formal_notice", "reminder", 0.25),
        }

    def draw_wishes(self):
        rng = self.rng
        return {
            "switched_off": self.rarely(True, False, 0.08),
            "postponed": self.rarely(rng.choice(STEPS)[0]),
            "hold": self.rarely((rng.randint(-3, 4), rng.randint(1, 9)), odds=0.25),
        }

    def draw_item(self):
        rng = self.rng
        step, level = rng.choice(self.steps)[0], rng.choice(self.policies[0]["levels"])
        wait = level["delay"] // (1 if level["unit"] == "days" else 24)
        edge = step - wait + rng.choice([-1, 0, 0, 1])
        currency = rng.choice(["EUR", "EUR", "USD"])
        return {
            "debtor": rng.choice(CAST[:3] + CAST),
            "amount": Decimal(rng.choice(AMOUNTS)) * RATES[currency],
            "is_credit": rng.random() < 0.2,
            "currency": currency,
            "due": rng.choice([edge, edge, rng.randint(-60, 20)]),
            "term": rng.choice([0, 0, rng.randint(0, 30)]),
            "asked_hours": rng.choice([None, 48, rng.randint(1, 400)]),
            "disputed": rng.random() < 0.1,
            "excluded": rng.random() < 0.1,
            "confidential": rng.random() < 0.2,
            "paid_before": self.rarely(rng.randint(1, 3)),
        }


class Undo(Exception):
    """Leave no trace of an example."""


@tagged("post_install", "-at_install")
class TestOracle(InvariantCase):
    """Decide and a naive rewriting of its rules agree on any small ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cast = {"ana": cls.patient, "ben": cls.create_patient("Ben Roux")}
        cls.cast["child"] = cls.create_patient(
            "Eva Diaz", clinic_guarantor_id=cls.patient.id
        )
        cls.cast["insurer"] = cls.create_patient(
            "Mutual", clinic_is_third_party_payer=True
        )
        dollar = cls.env.ref("base.USD")
        dollar.active = True
        cls.env["res.currency.rate"].create(
            {
                "name": "2025-01-01",
                "rate": RATES["USD"],
                "currency_id": dollar.id,
                "company_id": cls.company.id,
            }
        )
        cls.currencies = {"EUR": cls.company.currency_id, "USD": dollar}

    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a seed says it all, smaller ones say no more
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=True), st.integers(5, 30))
    def test_decide_agrees_with_the_oracle(self, rng, size):
        with suppress(Undo), self.cr.savepoint():
            self.play(Scenario(rng, size))
            self.compose()
            self.check_invariants()
            raise Undo
        self.env.invalidate_all()

    def play(self, scenario):
        policies = [self.make_policy(values) for values in scenario.policies]
        people = self.make_people(scenario.people, policies)
        until = self.day(scenario.child_until)
        self.cast["child"].clinic_guarantor_until = until
        items = [
            self.make_item(place, item, until)
            for place, item in enumerate(scenario.items)
        ]
        self.moves = self.make_moves(scenario.items)
        expected = oracle.Oracle(people, items, "Europe/Paris")
        for step, (days, hours) in enumerate(scenario.steps):
            self.pay_before(step, scenario.items, expected)
            with freeze_time(START + timedelta(days=days, hours=hours)):
                self.check_step(expected, scenario.outcomes[step])

    def check_step(self, expected, outcome):
        entries = self.decide()
        numbers = {move.id: number for number, move in enumerate(self.moves)}
        decided = {
            (numbers[e.move_id.id], e.level_id.sequence, e.occurrence): e
            for e in entries
        }
        self.assertEqual(len(decided), len(entries))
        self.assertEqual(set(decided), expected.decide(datetime.now()))
        for (number, _place, _occurrence), entry in decided.items():
            self.check_entry(entry, expected.items[number])
        self.assertFalse(self.decide(), "the second run decided something")
        self.end_entries(entries, expected, set(decided), outcome)

    def check_entry(self, entry, item):
        self.assertEqual(entry.case_id.partner_id, self.cast[item.asked])
        self.assertEqual(entry.partner_id, self.cast[item.debtor])
        self.assertEqual(entry.currency_id, self.currencies[item.currency])
        self.assertEqual(
            entry.currency_id.compare_amounts(entry.residual, float(item.residual)), 0
        )

    def end_entries(self, entries, expected, decided, outcome):
        """What was planned before is done; the new ones end as the scenario says."""
        self.env["clinic.followup.entry"].search(
            [
                ("case_id.company_id", "=", self.company.id),
                ("id", "not in", entries.ids),
            ]
        )._close()
        expected.finish()
        expected.note(decided, outcome)
        if outcome == "done":
            entries._close()
        elif outcome == "void":
            entries._void()

    def pay_before(self, step, values, expected):
        for number, item in enumerate(values):
            if step and item["paid_before"] == step and not item["is_credit"]:
                self.pay(self.moves[number])
                expected.pay(number)

    # -- making the same thing twice ----------------------------------------------

    def day(self, days):
        return None if days is None else START.date() + timedelta(days=days)

    def make_policy(self, values):
        made = [
            oracle.Level(10 * place, **level)
            for place, level in enumerate(values["levels"], start=1)
        ]
        record = self.env["clinic.followup.policy"].create(
            {
                "name": "Random",
                "company_id": self.company.id,
                "tolerance": float(values["tolerance"]),
                "min_days": values["min_days"],
                "start_date": self.day(values["start"]),
                "catch_up": values["catch_up"],
                "state": "active",
                "level_ids": [Command.create(self.make_level(level)) for level in made],
            }
        )
        policy = oracle.Policy(
            made,
            values["tolerance"],
            values["min_days"],
            self.day(values["start"]),
            values["catch_up"],
        )
        return record, policy

    def make_level(self, level):
        return {
            "name": f"Level {level.place}",
            "sequence": level.place,
            "anchor": level.anchor,
            "delay": level.delay,
            "delay_unit": level.unit,
            "expire_days": level.expire_days,
            "repeat_every": level.repeat_every,
            "max_repeats": level.max_repeats,
            "legal_step": level.legal_step,
            "topic_id": self.env.ref("clinic_dunning.topic_after7").id,
            "route_id": self.env.ref("clinic_dunning.route_letter").id,
        }

    def make_people(self, values, policies):
        """The company's policy is the first one, Ben has the second."""
        self.company.clinic_followup_policy_id = policies[0][0]
        self.cast["ben"].clinic_followup_policy_id = policies[1][0]
        people = {"insurer": oracle.Person(policies[0][1], is_payer=True)}
        for name, wishes in values.items():
            record = self.cast[name]
            record.clinic_followup_mode = "none" if wishes["switched_off"] else "auto"
            person = oracle.Person(
                policies[name == "ben"][1], wishes["switched_off"], False
            )
            person.postponed = self.day(wishes["postponed"])
            self.case_of(record).postponed_until = person.postponed
            if wishes["hold"]:
                person.holds.append(self.make_hold(record, *wishes["hold"]))
            people[name] = person
        return people

    def make_hold(self, record, start, length):
        dates = self.day(start), self.day(start + length)
        self.env["clinic.followup.hold"].create(
            {
                "case_id": self.case_of(record).id,
                "reason": "promise",
                "start_date": dates[0],
                "end_date": dates[1],
            }
        )
        return dates

    def make_moves(self, values):
        moves = self.env["account.move"].create(
            [self.prepare_move(item) for item in values]
        )
        moves.action_post()
        for move, item in zip(moves, values, strict=True):
            if item["excluded"]:
                move.no_followup = True
        return moves

    def prepare_move(self, values):
        due = self.day(values["due"])
        asked = values["asked_hours"]
        line = {"name": "Fee", "price_unit": float(values["amount"]), "tax_ids": []}
        return {
            "move_type": "out_refund" if values["is_credit"] else "out_invoice",
            "partner_id": self.cast[values["debtor"]].id,
            "currency_id": self.currencies[values["currency"]].id,
            "invoice_date": due - timedelta(days=values["term"]),
            "invoice_date_due": due,
            "clinic_first_request_at": asked and START - timedelta(hours=asked),
            "clinic_dispute_since": TODAY if values["disputed"] else False,
            "clinic_confidential": values["confidential"],
            "invoice_line_ids": [Command.create(line)],
        }

    def make_item(self, number, values, child_until):
        due = self.day(values["due"])
        invoiced = due - timedelta(days=values["term"])
        amount = values["amount"] * (-1 if values["is_credit"] else 1)
        asked_hours = values["asked_hours"]
        asked = values["debtor"]
        if asked == "child" and not values["confidential"]:
            asked = "ana" if child_until is None or invoiced <= child_until else "child"
        return oracle.Item(
            number,
            asked,
            values["debtor"],
            values["currency"],
            amount,
            amount / RATES[values["currency"]],
            due,
            invoiced,
            asked_hours and START - timedelta(hours=asked_hours),
            values["disputed"],
            values["excluded"],
        )
