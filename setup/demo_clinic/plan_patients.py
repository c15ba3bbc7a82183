"""Draw the patients of a clinic: families, languages, what can and can't reach them."""

import random
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta

from .names import FIRST_NAMES, LAST_NAMES, STREETS, UNUSABLE_PHONES, format_phone

# Share of the patients whose contact data has a gap (the first of each clinic has all).
CONTACTS = (
    ("whole", 74),
    ("no_phone", 8),
    ("no_email", 9),
    ("bad_phone", 5),
    ("letter_only", 4),
)
LANGUAGES = {
    "lyon": (("fr_FR", 84), ("en_GB", 16)),
    "pune": (("en_IN", 55), ("hi_IN", 45)),
}
CHANNELS = ((False, 78), ("letter", 9), ("phone", 8), ("email", 5))
TITLES = {"adult": (19, 64), "child": (2, 17), "elder": (72, 90), "student": (18, 25)}


@dataclass
class Patient:
    """One patient, as the front desk would have typed him; dates are real dates."""

    number: int
    name: str
    birth_date: object
    lang: str
    street: str
    city: str
    zip: str
    email: str = ""
    phone: str = ""
    channel: object = False
    guarantor: "Patient" = None
    until: object = False
    consent: bool = False
    mode: object = False
    kind: str = "adult"
    dependants: list = field(default_factory=list)


def draw(rnd, weighted):
    values, weights = zip(*weighted, strict=True)
    return rnd.choices(values, weights)[0]


def plan_patients(clinic, seed, today):
    """Return the clinic's patients, guarantors before those they pay for."""
    rnd = random.Random(f"{seed}-{clinic.key}-patients")
    taken, patients = set(), []
    while len(patients) < clinic.patients:
        room = clinic.patients - len(patients)
        patients += plan_family(rnd, clinic, taken, len(patients), room, today)
    make_unreachable(patients[-1])
    return patients


def draw_name(rnd, clinic, taken, last=None):
    """Return a first and a last name that no other patient of the clinic has."""
    firsts = FIRST_NAMES[clinic.key]
    while True:
        pair = (
            rnd.choice(firsts[rnd.choice("fm")]),
            last or rnd.choice(LAST_NAMES[clinic.key]),
        )
        if pair not in taken:
            taken.add(pair)
            return pair


def plan_family(rnd, clinic, taken, start, room, today):
    first, last = draw_name(rnd, clinic, taken)
    head = plan_person(rnd, clinic, start, first, last, "adult", today)
    add_contacts(rnd, clinic, head)
    family = [head]
    size = min(room - 1, draw(rnd, ((0, 60), (1, 18), (2, 16), (3, 6))))
    home = (head.street, head.city, head.zip)
    for offset in range(size):
        kind = draw(rnd, (("child", 70), ("student", 15), ("elder", 15)))
        first, last = draw_name(rnd, clinic, taken, last)
        family.append(
            plan_person(rnd, clinic, start + offset + 1, first, last, kind, today, home)
        )
        bind_dependant(rnd, clinic, family[-1], head, today)
    return family


def plan_person(rnd, clinic, number, first, last, kind, today, home=None):
    street, city, zip_code = home or plan_home(rnd, clinic)
    age = rnd.randint(*TITLES[kind])
    return Patient(
        number=number,
        name=f"{first} {last}",
        birth_date=today - timedelta(days=age * 365 + rnd.randint(30, 330)),
        lang=draw(rnd, LANGUAGES[clinic.key]),
        street=street,
        city=city,
        zip=zip_code,
        kind=kind,
    )


def plan_home(rnd, clinic):
    street, city, zip_code = rnd.choice(STREETS[clinic.key])
    number = rnd.randint(2, 148)
    if clinic.key == "pune":
        street = f"Flat {rnd.randint(1, 9)}0{rnd.randint(1, 8)}, {number} {street}"
    else:
        street = f"{number} {street}"
    return street, city, zip_code


def add_contacts(rnd, clinic, patient):
    contact = draw(rnd, CONTACTS) if patient.number else "whole"
    if contact in ("whole", "no_phone", "bad_phone"):
        patient.email = make_email(clinic, patient)
    if contact in ("whole", "no_email"):
        patient.phone = format_phone(clinic.key, 100 + patient.number * 7)
    if contact == "bad_phone":
        patient.phone = rnd.choice(UNUSABLE_PHONES[clinic.key])
    patient.channel = draw(rnd, CHANNELS)
    if patient.channel == "phone" and not patient.phone:
        patient.channel = False


def make_email(clinic, patient):
    plain = (
        unicodedata.normalize("NFKD", patient.name).encode("ascii", "ignore").decode()
    )
    local = plain.lower().replace(" ", ".").replace("'", "").replace("-", "")
    return f"{local}@{'courriel' if clinic.key == 'lyon' else 'mail'}.example"


def bind_dependant(rnd, clinic, patient, guarantor, today):
    """Let the guarantor pay; adults consent or not, some arrangements have ended."""
    patient.guarantor = guarantor
    guarantor.dependants.append(patient)
    patient.lang = guarantor.lang
    if patient.kind == "child":
        return
    add_contacts(rnd, clinic, patient)
    patient.consent = rnd.random() < 0.6
    if rnd.random() < 0.35:
        patient.until = today + timedelta(days=rnd.choice((-240, -90, 60, 200)))


def make_unreachable(patient):
    """The last patient of each clinic can't be reached: the case has to say so."""
    patient.email = patient.phone = patient.street = patient.city = patient.zip = ""
    patient.channel = patient.guarantor = False
    patient.kind = "adult"
