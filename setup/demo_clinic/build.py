"""Build the demo clinics in a database that has Odoo's own demo data."""

from odoo import fields

from . import companies, followup, ledger
from .appointments import build_appointments
from .clinics import CLINICS, PEOPLE
from .documents import build_documents
from .phones import build_phones
from .plan_bills import plan_bills
from .plan_patients import plan_patients
from .wording_tests import build_wording_tests

SEED = 2026
LANGUAGES = ("en_US", "en_GB", "en_IN", "fr_FR", "hi_IN")


def build(env, tell, twilio):
    """Make both clinics unless they are there already; say each step.

    :param tell: called with a line of text before each step
    :param twilio: the emulator at which the clinics have their accounts
    """
    if companies.is_built(env):
        return
    env = env(context={**env.context, **companies.QUIET})
    today = fields.Date.context_today(env.user)
    for language in LANGUAGES:
        env["res.lang"]._activate_lang(language)
    built = {}
    for clinic in CLINICS:
        tell(f"{clinic.name}: company and chart of accounts")
        built[clinic.key] = companies.build_company(env, clinic)
        build_ledger(env, clinic, built[clinic.key], today, tell)
        followup.build_followup(env, clinic, built[clinic.key])
        tell(f"{clinic.name}: visits, practitioners, bookings, deposits")
        build_appointments(env, clinic, built[clinic.key])
    tell("WhatsApp and SMS: accounts, wording, consent")
    build_wording_tests(env, built)
    for key, company in built.items():
        build_phones(env, key, company, twilio)
    tell("Documents of patients")
    pune = next(clinic for clinic in CLINICS if clinic.key == "pune")
    build_documents(env, pune, built["pune"])
    companies.build_users(env, PEOPLE, built)
    followup.adopt_main_company(env)
    companies.remember(env, complete=built["lyon"].partner_id)


def build_ledger(env, clinic, company, today, tell):
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    patients = plan_patients(clinic, SEED, today)
    bills = plan_bills(clinic, patients, SEED, today)
    tell(f"{clinic.name}: {len(patients)} patients, {len(bills)} bills")
    partners = ledger.build_patients(env, clinic, company, patients)
    payers = ledger.build_payers(env, clinic, company)
    by_bill = ledger.build_bills(env, clinic, company, bills, partners, payers)
    ledger.build_payments(env, clinic, by_bill)
    ledger.build_credits(env, clinic, by_bill, today)
    ledger.mark_exceptions(by_bill, today)
