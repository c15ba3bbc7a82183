"""Put patients, bills and payments into a clinic's ledger, in few large batches."""

from datetime import datetime, time, timedelta

from odoo import Command, fields

from .companies import find

SETTLED = ("partial", "paid", "tiny")


# Patients


def build_patients(env, clinic, company, patients):
    """Create the patients, guarantors first; return {patient: partner}."""
    country = env.ref(clinic.country)
    state = env.ref(clinic.state) if clinic.state else env["res.country.state"]
    partners = {}
    for wave in (
        [patient for patient in patients if not patient.guarantor],
        [patient for patient in patients if patient.guarantor],
    ):
        records = env["res.partner"].create(
            [
                {
                    **prepare_patient_vals(clinic, company, patient, partners),
                    "country_id": country.id,
                    "state_id": state.id,
                }
                for patient in wave
            ]
        )
        partners |= {
            patient.number: record
            for patient, record in zip(wave, records, strict=True)
        }
    return partners


def prepare_patient_vals(clinic, company, patient, partners):
    guarantor = patient.guarantor
    return {
        "name": patient.name,
        "ref": f"P{clinic.key[0].upper()}-{patient.number + 1:04d}",
        "company_id": company.id,
        "lang": patient.lang,
        "tz": clinic.tz,
        "email": patient.email,
        "phone": patient.phone,
        "street": patient.street,
        "city": patient.city,
        "zip": patient.zip,
        "clinic_birth_date": patient.birth_date,
        "clinic_preferred_channel": patient.channel,
        "clinic_guarantor_id": partners[guarantor.number].id if guarantor else False,
        "clinic_guarantor_until": patient.until,
        "clinic_share_consent": patient.consent,
    }


def build_payers(env, clinic, company):
    return env["res.partner"].create(
        [
            {
                "name": payer.name,
                "is_company": True,
                "email": payer.email,
                "company_id": company.id,
                "country_id": env.ref(clinic.country).id,
                "lang": clinic.lang,
                "clinic_is_third_party_payer": True,
            }
            for payer in clinic.payers
        ]
    )


# Bills


def build_bills(env, clinic, company, bills, partners, payers):
    """Create and post the bills; return {bill's place in the list: move}."""
    context = Context(env, clinic, company, partners, payers)
    moves = env["account.move"].create(
        [context.prepare_bill_vals(bill) for bill in bills]
    )
    by_bill = list(zip(bills, moves, strict=True))
    posted = moves.browse(
        [move.id for bill, move in by_bill if bill.situation != "draft"]
    )
    posted.action_post()
    return by_bill


class Context:
    """What every bill of a clinic needs, looked up once."""

    def __init__(self, env, clinic, company, partners, payers):
        self.env = env
        self.clinic = clinic
        self.partners = partners
        self.payers = payers
        self.now = fields.Datetime.now()
        self.term = find(env, "instalments", clinic.key)
        self.journal = env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", company.id)], limit=1
        )
        self.products = {
            service: find(env, "service", clinic.key, number)
            for number, service in enumerate(clinic.services)
        }
        self.currencies = {
            name: env["res.currency"].search([("name", "=", name)])
            for name in (
                clinic.currency,
                *(code for code, _r in clinic.foreign_currencies),
            )
        }

    def prepare_bill_vals(self, bill):
        patient = self.partners[bill.patient.number]
        by_term = bill.situation == "instalments"
        return {
            "move_type": "out_invoice",
            "journal_id": self.journal.id,
            "partner_id": patient.id
            if bill.payer is None
            else self.payers[bill.payer].id,
            "clinic_patient_id": patient.id,
            "clinic_service_label": bill.services[0].label,
            "clinic_confidential": "confidential" in bill.special,
            "currency_id": self.currencies[bill.currency or self.clinic.currency].id,
            "invoice_date": bill.date,
            "invoice_payment_term_id": self.term.id if by_term else False,
            "invoice_user_id": False,
            **({} if by_term else {"invoice_date_due": bill.due}),
            **({} if bill.situation == "draft" else self.prepare_request_vals(bill)),
            "invoice_line_ids": [
                Command.create(self.prepare_line_vals(bill, service))
                for service in bill.services
            ],
        }

    def prepare_request_vals(self, bill):
        """The patient got the bill after the visit, an hour ago at the latest."""
        noon = datetime.combine(bill.date, time(10, 30))
        return {
            "is_move_sent": True,
            "clinic_first_request_at": min(noon, self.now - timedelta(hours=1)),
        }

    def prepare_line_vals(self, bill, service):
        """A line with the internal, medical name: it may never leave in a message."""
        return {
            "product_id": self.products[service].id,
            "name": service.name,
            "quantity": 1,
            "price_unit": round(service.price * bill.share * bill.rate, 2),
            "tax_ids": [Command.clear()],
        }


# Payments and credits


def build_payments(env, clinic, by_bill):
    """Settle what the plan says is settled, in one batch per clinic."""
    settled = [
        (bill, move)
        for bill, move in by_bill
        if bill.situation in SETTLED and bill.paid
    ]
    journals = find_payment_journals(env, clinic)
    payments = env["account.payment"].create(
        [
            prepare_payment_vals(
                move, paid_amount(bill, move), bill.paid_on, journals[number % 3]
            )
            for number, (bill, move) in enumerate(settled)
        ]
    )
    payments.action_post()
    env["account.move.line"]._reconcile_plan(
        [
            get_receivables(move) + get_receivables(payment.move_id)
            for (_bill, move), payment in zip(settled, payments, strict=True)
        ]
    )


def find_payment_journals(env, clinic):
    """The ways to pay: two at the desk, and the bank."""
    return [
        find(env, "desk", clinic.key, 0),
        find(env, "bank", clinic.key),
        find(env, "desk", clinic.key, 1),
    ]


def prepare_payment_vals(move, amount, day, journal):
    return {
        "payment_type": "inbound",
        "partner_type": "customer",
        "partner_id": move.partner_id.id,
        "amount": amount,
        "currency_id": move.currency_id.id,
        "date": day,
        "journal_id": journal.id,
        "memo": move.name,
    }


def paid_amount(bill, move):
    """All, a share, or all but a few cents (less than the policy's tolerance)."""
    if bill.situation == "tiny":
        return move.amount_total - (0.4 if move.currency_id.name == "EUR" else 5.0)
    return move.currency_id.round(move.amount_total * bill.paid)


def get_receivables(move):
    return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")


def build_credits(env, clinic, by_bill, today):
    """Leave credit notes and money on account open: reminders have to deduct them."""
    build_credit_notes(
        env, [move for bill, move in by_bill if "credit_note" in bill.special], today
    )
    shares = {"on_account": 0.4, "covering_credit": 1.1}
    journal = find(env, "bank", clinic.key)
    env["account.payment"].create(
        [
            prepare_payment_vals(
                move,
                move.currency_id.round(move.amount_total * share),
                today - timedelta(days=3),
                journal,
            )
            for bill, move in by_bill
            for special, share in shares.items()
            if special in bill.special
        ]
    ).action_post()


def build_credit_notes(env, moves, today):
    """Credit a part of each bill, without matching it with the bill."""
    notes = env["account.move"].union(
        *[
            move._reverse_moves([{"invoice_date": today - timedelta(days=2)}])
            for move in moves
        ]
    )
    for note in notes:
        note.invoice_line_ids.price_unit = note.currency_id.round(
            note.invoice_line_ids[0].price_unit * 0.25
        )
    # The reversed entry would be reconciled at once: here it stays on the account.
    notes.reversed_entry_id = False
    notes.action_post()


def mark_exceptions(by_bill, today):
    """Disputes and invoices that nobody may remind of."""
    for bill, move in by_bill:
        if "dispute" in bill.special:
            move.write(
                {
                    "clinic_dispute_since": today - timedelta(days=6),
                    "clinic_dispute_reason": "Amount contested on the phone, "
                    "the quote said less.",
                }
            )
        if "no_followup" in bill.special:
            move.no_followup = True
