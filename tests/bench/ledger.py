"""Make a clinic's receivables ledger for N patients: deterministic, dated from today.

Odoo makes a few documents in every state (ledger_documents), a plan says which patient
has which of them at what scale and date (ledger_plan), SQL clones them (ledger_clone),
and Odoo recomputes a sample of the clones (ledger_check). Not cloned: chatter,
attachments, payments as `account.payment`.
"""

from ledger_check import check
from ledger_clone import STRIDE, clone
from ledger_documents import make_documents
from ledger_plan import Plan
from ledger_schema import Schema
from postgres import settle
from report import log
from session import environment


def build(database, patients):
    """Add the patients and their documents to company 1, and check the result."""
    with environment(database) as env:
        partner, documents = make_documents(env)
        base = {t: Schema(env.cr).round_up_last_id(t) for t in (*STRIDE, "res_partner")}
        plan = Plan(patients, base["res_partner"])
        log(f"cloning {plan.count} documents of {patients} patients")
        clone(env, partner, documents, plan, base)
        env.cr.commit()
    settle(database)
    with environment(database) as env:
        check(env, base["account_move"])
