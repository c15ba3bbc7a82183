"""The two practices of the demo: who receives, for what, on which terms."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of visit: name on the page, neutral label, price, length, what is asked.

    deposit: amount, 0 for none; kind: "fixed" (paid) or "hold" (held on the card)
    """

    name: str
    label: str
    price: float
    hours: float
    deposit: float = 0.0
    kind: str = "fixed"


class Practice(NamedTuple):
    """The appointments of one clinic: `text` is read on the page, `terms` accepted.

    kept: percent of a deposit that is kept for a late cancellation or a missed visit
    nature: what French law calls the advance; outcomes: as in `OUTCOMES`
    """

    people: tuple
    kinds: tuple
    opens: float
    closes: float
    text: str
    terms: str
    kept: float
    nature: str
    outcomes: tuple


PRACTICES = {
    "lyon": Practice(
        people=("Dr Hélène Caron", "Dr Paul Mercier"),
        kinds=(
            Kind("Premier rendez-vous", "Frais de consultation", 23.0, 0.5),
            Kind("Rendez-vous de suivi", "Frais de soins", 45.0, 0.5),
            Kind("Rendez-vous après devis signé", "Frais de soins", 180.0, 1.0, 60.0),
            Kind("Rendez-vous long", "Frais de soins", 120.0, 1.0, 40.0, "hold"),
        ),
        opens=9.0,
        closes=18.0,
        text="<p>Venez dix minutes avant l'heure, avec votre carte Vitale.</p>",
        terms="<p>L'acompte est déduit de votre facture. Si vous ne pouvez pas venir, "
        "il vous est rendu en entier.</p>",
        kept=0.0,
        nature="acompte",
        outcomes=("taken", "held, captured", "refunded"),
    ),
    "pune": Practice(
        people=("Dr Anjali Patil", "Dr Vivek Joshi"),
        kinds=(
            Kind("Follow-up visit", "Consultation fee", 700.0, 0.5),
            Kind("Long visit", "Consultation fee", 2000.0, 1.0),
            Kind("First visit", "Consultation fee", 1200.0, 0.5, 400.0),
        ),
        opens=9.0,
        closes=19.0,
        text="<p>Please come ten minutes early and bring your earlier papers.</p>",
        terms="<p>The deposit is part of your bill. Cancel free of charge until 24 "
        "hours before your visit; later, half of it is kept.</p>",
        kept=50.0,
        nature="deposit",
        outcomes=("expired", "no-show"),
    ),
}
# What becomes of the demo's deposits, in the order in which they are made.
OUTCOMES = tuple(
    outcome for practice in PRACTICES.values() for outcome in practice.outcomes
)
