"""Who the patients are and which documents each has: any day the same for one number.

Per patient: 1 to 5 open documents (5 % credit notes, 20 % of the rest paid in part) and
4 to 10 paid ones. 15 % of the documents fall due in three instalments, the others after
30 days. Due dates spread evenly from 400 days ago to 30 days ahead (last instalments:
from 340 days ago); paid documents were invoiced 60 to 1100 days ago. 2 % of the
documents are excluded from follow-up. 8 % of the patients have no email, 4 % no phone.
"""

import io
import random

SEED = 20260101
FIRST_NAMES = (
    "Amina Bruno Clara Dev Elsa Farid Gita Henri Iris Jonas Kavya Lena".split()
)
LAST_NAMES = (
    "Bernard Costa Dutta Evans Fischer Gupta Haddad Iyer Jansen Laurent Moreau".split()
)
LANGUAGE_SHARES = {"en_US": 55, "fr_FR": 15, "es_ES": 12, "de_DE": 10, "nl_NL": 8}
PATIENT_COLUMNS = "id int, name text, email text, phone text, lang text"
DOCUMENT_COLUMNS = (
    "idx int, partner_id int, pname text, tkey text"
    ", scale int, shift int, nofollow bool"
)


class Plan:
    """Draw the plan into two COPY buffers, one row per patient and one per document."""

    def __init__(self, patients, first_partner_id):
        self.random = random.Random(SEED)
        self.patients, self.documents, self.count = io.StringIO(), io.StringIO(), 0
        for number in range(1, patients + 1):
            self._draw_patient(first_partner_id + number, number)
        self.patients.seek(0)
        self.documents.seek(0)

    def _draw_patient(self, partner_id, number):
        draw = self.random
        name = f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)} {number:06d}"
        email = (
            r"\N" if draw.random() < 0.08 else f"patient{number:06d}@clinic.example.com"
        )
        phone = (
            r"\N" if draw.random() < 0.04 else f"+1202{5550000 + number % 10000:07d}"
        )
        lang = draw.choices(list(LANGUAGE_SHARES), list(LANGUAGE_SHARES.values()))[0]
        self.patients.write(f"{partner_id}\t{name}\t{email}\t{phone}\t{lang}\n")
        for state in ["open"] * draw.randint(1, 5) + ["paid"] * draw.randint(4, 10):
            self._draw_document(partner_id, name, state)

    def _draw_document(self, partner_id, name, state):
        draw = self.random
        lines, term = (
            draw.randint(1, 3),
            "instalments" if draw.random() < 0.15 else "single",
        )
        if state == "paid":
            shift = -draw.randint(60, 1100)
        else:
            state = self._draw_open_state()
            shift = (
                draw.randint(-370, 0) - 60
                if term == "instalments"
                else draw.randint(-430, 0)
            )
        if state == "refund":
            lines, term = 1, "single"
        key, nofollow = f"{state}-{lines}-{term}", "ft"[draw.random() < 0.02]
        row = self.count, partner_id, name, key, draw.randint(1, 25), shift, nofollow
        self.documents.write("\t".join(map(str, row)) + "\n")
        self.count += 1

    def _draw_open_state(self):
        if self.random.random() < 0.05:
            return "refund"
        return "partial" if self.random.random() < 0.20 else "open"
