"""The two clinics of the demo, as plain data.

All addresses of mail use reserved domains, French numbers the blocks that the regulator
keeps for fiction; Indian numbers are invented. Internal product names are medical on
purpose: the demo proves that they never leave the clinic in a message.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """What the clinic sells: the name on the bill, the neutral label, the price."""

    name: str
    label: str
    price: float


@dataclass(frozen=True)
class Payer:
    """An insurer or scheme: it pays its own bills and is never chased as a patient."""

    name: str
    email: str


@dataclass(frozen=True)
class Person:
    """A user of the demo; the password is the login."""

    name: str
    login: str
    group: str
    clinics: tuple


@dataclass(frozen=True)
class Clinic:
    key: str
    name: str
    message_name: str
    profession: str
    chart: str
    preset: str
    catch_up: str
    country: str
    state: str
    currency: str
    foreign_currencies: tuple
    lang: str
    tz: str
    street: str
    city: str
    zip: str
    phone: str
    domain: str
    color: str
    policy_text: str
    policy_translations: dict
    third_party_share: float
    terms: int
    services: tuple
    payers: tuple
    patients: int

    @property
    def email(self):
        return f"accueil@{self.domain}" if self.key == "lyon" else f"desk@{self.domain}"


LYON = Clinic(
    key="lyon",
    name="Cabinet dentaire des Tilleuls",
    message_name="Cabinet des Tilleuls",
    profession="dentist",
    chart="fr",
    preset="fr_dentist",
    catch_up="by_age",
    country="base.fr",
    state="",
    currency="EUR",
    foreign_currencies=(("CHF", 0.95), ("GBP", 0.86)),
    lang="fr_FR",
    tz="Europe/Paris",
    street="14 rue des Tilleuls",
    city="Lyon",
    zip="69006",
    phone="+33 4 65 71 20 14",
    domain="tilleuls.example",
    color="#1f6f78",
    policy_text=(
        "<p>Nos honoraires sont payables à 30 jours, par carte, virement ou chèque. "
        "Une difficulté ? Appelez-nous : un règlement en plusieurs fois est possible. "
        "Aucuns frais ne sont ajoutés pour un rappel.</p>"
    ),
    policy_translations={
        "en_GB": "<p>Our fees are payable within 30 days, by card, bank transfer or "
        "cheque. Difficulties? Call us: you can pay in instalments. Nothing is added "
        "for a reminder.</p>"
    },
    third_party_share=0.65,
    terms=30,
    services=(
        Service("Consultation bucco-dentaire (C)", "Frais de consultation", 23.0),
        Service(
            "Détartrage complet des deux arcades (HBJD001)", "Frais de soins", 43.38
        ),
        Service(
            "Restauration d'une molaire, composite 3 faces (HBMD047)",
            "Frais de soins",
            96.0,
        ),
        Service(
            "Traitement endodontique d'une molaire (HBFD035)", "Frais de soins", 182.0
        ),
        Service(
            "Avulsion d'une dent de sagesse incluse (HBGD043)", "Frais de soins", 150.0
        ),
        Service(
            "Couronne céramo-métallique sur molaire (HBLD491)", "Frais de soins", 550.0
        ),
        Service("Implant intra-osseux unitaire (LBLD066)", "Frais de soins", 1250.0),
        Service("Gouttière de bruxisme (LBLD019)", "Frais de soins", 210.0),
        Service("Orthodontie, semestre de traitement (TO90)", "Frais de soins", 690.0),
        Service("Radiographie panoramique dentaire (HBQK002)", "Frais de soins", 21.28),
    ),
    payers=(
        Payer("Mutuelle des Trois Fleuves", "prestations@trois-fleuves.example"),
        Payer("Mutuelle du Grand Cèdre", "remboursements@grand-cedre.example"),
        Payer("Assurance maladie du Rhône (AMO)", "flux@amo-rhone.example"),
    ),
    patients=110,
)

PUNE = Clinic(
    key="pune",
    name="Sanjeevani Diagnostic Centre",
    message_name="Sanjeevani Centre",
    profession="diagnostic",
    chart="in",
    preset="diagnostic_centre",
    catch_up="first_level",
    country="base.in",
    state="base.state_in_mh",
    currency="INR",
    foreign_currencies=(("USD", 0.012),),
    lang="en_IN",
    tz="Asia/Kolkata",
    street="2nd floor, 27 Prabhat Road",
    city="Pune",
    zip="411004",
    phone="+91 20 2543 0127",
    domain="sanjeevani.example",
    color="#8a4f7d",
    policy_text=(
        "<p>Bills are payable within 15 days by UPI, card, bank transfer or cash. "
        "Your reports are released whether or not the bill is paid. Please call us if "
        "you need more time.</p>"
    ),
    policy_translations={
        "hi_IN": "<p>बिल 15 दिन के भीतर UPI, कार्ड, बैंक ट्रांसफ़र या नकद से देय हैं। "
        "आपकी रिपोर्ट बिल के भुगतान पर निर्भर नहीं है। "
        "अधिक समय चाहिए तो कृपया हमें फ़ोन करें।</p>"
    },
    third_party_share=0.8,
    terms=15,
    services=(
        Service("Complete blood count (CBC)", "Laboratory report", 350.0),
        Service("HbA1c, glycated haemoglobin", "Laboratory report", 550.0),
        Service("Lipid profile, fasting", "Laboratory report", 800.0),
        Service("Thyroid panel (T3, T4, TSH)", "Laboratory report", 950.0),
        Service("HIV 1 and 2 antibodies, ELISA", "Laboratory report", 900.0),
        Service("Urine culture and sensitivity", "Laboratory report", 650.0),
        Service("Obstetric ultrasound, level II", "Care fee", 2200.0),
        Service("CT abdomen with contrast", "Care fee", 5400.0),
        Service("MRI brain, plain and contrast", "Care fee", 8500.0),
        Service("Mammography, bilateral", "Care fee", 2600.0),
        Service("Endocrinology consultation", "Consultation fee", 1200.0),
    ),
    payers=(
        Payer("Niramay TPA Services", "claims@niramay-tpa.example"),
        Payer("Suraksha Health Administrators", "claims@suraksha-tpa.example"),
    ),
    patients=90,
)

CLINICS = (LYON, PUNE)

PEOPLE = (
    Person("Léa Fournier", "desk.lyon", "group_front_desk", ("lyon",)),
    Person("Marc Delorme", "billing.lyon", "group_billing_officer", ("lyon",)),
    Person("Priya Kulkarni", "desk.pune", "group_front_desk", ("pune",)),
    Person("Rohan Deshmukh", "billing.pune", "group_billing_officer", ("pune",)),
    Person("Claire Nair", "manager", "group_clinic_manager", ("lyon", "pune")),
)
