from datetime import date, datetime, time

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.table import MOST_BYTES, MOST_ROWS, MOST_UNPACKED, read_table
from ..tools.upload import UploadError

YES = {"yes", "y", "1", "true", "oui", "o", "vrai", "हाँ"}
NO = {"no", "n", "0", "false", "non", "faux", "नहीं"}
MOST_PROBLEMS = 200


class ClinicConsentImport(models.TransientModel):
    """Bring in answers that were given elsewhere, each with the proof behind it."""

    _name = "clinic.consent.import"
    _description = "Import of Consents"
    _inherit = ["clinic.dialog"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    upload = fields.Binary(string="Table (CSV or XLSX)", required=True)
    upload_name = fields.Char(string="File Name")
    text_version = fields.Char(
        string="Text They Agreed To",
        required=True,
        help="Such as “Registration form, May 2025”.",
    )
    problems = fields.Text(readonly=True)
    is_checked = fields.Boolean(readonly=True)
    count = fields.Integer(string="Answers to Keep", readonly=True)

    def action_check(self):
        """Say what would be kept and what not, and why; keep nothing."""
        self.ensure_one()
        answers, problems = self._read()
        shown = problems[:MOST_PROBLEMS]
        self.write(
            {
                "problems": "\n".join(shown),
                "count": len(answers),
                "is_checked": True,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Import of Consents"),
        }

    def action_import(self):
        """Keep the answers that can be kept, with the file, and show them.

        :raise UserError: where there is none
        """
        self.ensure_one()
        answers, _problems = self._read()
        if not answers:
            raise UserError(self.env._("There is no answer to keep in this table."))
        batch = self.env["clinic.consent.batch"].create(
            {
                "name": self.upload_name or self.env._("Table"),
                "company_id": self.company_id.id,
                "content": self.upload,
                "text_version": self.text_version,
                "user_id": self.env.uid,
            }
        )
        self.env["clinic.consent"].create(
            [self._prepare_consent_vals(answer, batch) for answer in answers]
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.consent",
            "view_mode": "list,form",
            "domain": [("batch_id", "=", batch.id)],
            "name": batch.name,
        }

    def _prepare_consent_vals(self, answer, batch):
        return {
            **answer,
            "company_id": self.company_id.id,
            "source": "import",
            "text_version": self.text_version,
            "batch_id": batch.id,
        }

    # -- reading -----------------------------------------------------------------------

    def _read(self):
        """Return (values of the answers to keep, problems in words).

        :raise ValidationError: for a file that is no table
        """
        documents = self.env["clinic.patient.document"]
        try:
            rows = read_table(documents._decode(self.upload))
        except UploadError as error:
            raise ValidationError(self._explain(error)) from None
        answers, problems, people = {}, [], {}
        for number, row in enumerate(rows, 2):
            answer, problem = self._read_row(row, people)
            if problem:
                problems.append(
                    self.env._("Row %(row)s: %(why)s", row=number, why=problem)
                )
            else:
                key = answer["partner_id"], answer["purpose"], answer["channel"]
                known = answers.get(key)
                if not known or known["date"] <= answer["date"]:
                    answers[key] = answer
        kept = [answer for answer in answers.values() if self._is_news(answer)]
        older = len(answers) - len(kept)
        if older:
            problems.append(
                self.env._("%s answers are older than, or like, what is kept.", older)
            )
        return kept, problems

    def _read_row(self, row, people):
        """Return (values, problem) of one row; a name alone is no proof of who it is.

        :param dict people: who was found by which reference, filled here
        """
        reference = row.get("reference", "")
        if reference not in people:
            documents = self.env["clinic.patient.document"]
            people[reference] = documents._match(self.company_id, [reference])
        person, _reference, note, _secret = people[reference]
        if note:
            return None, note
        consents = self.env["clinic.consent"]
        purpose = row.get("purpose", "").lower()
        channel = row.get("channel", "").lower() or False
        answer = row.get("answer", "").lower()
        day = self._read_day(row.get("date", ""))
        if purpose not in dict(consents._fields["purpose"].selection):
            return None, self.env._("the purpose is billing, appointment or care.")
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        if channel and channel not in channels:
            return None, self.env._("the channel is one of %s.", ", ".join(channels))
        if answer not in YES | NO:
            return None, self.env._("the answer is yes or no.")
        if not day:
            return None, self.env._("the date is written as 2025-05-31, not later.")
        return {
            "partner_id": person.id,
            "purpose": purpose,
            "channel": channel,
            "granted": answer in YES,
            "date": day,
        }, ""

    def _read_day(self, text):
        """Return noon of a day that is not to come, or None."""
        try:
            day = date.fromisoformat(text[:10])
        except ValueError:
            return None
        if day > self.company_id._get_clinic_today():
            return None
        return datetime.combine(day, time(12))

    def _is_news(self, answer):
        """Return whether it says something that no later answer has said.

        The last proof that is kept decides: an old yes may not follow a newer no.
        """
        last = self.env["clinic.consent"].search(
            [
                ("partner_id", "=", answer["partner_id"]),
                ("company_id", "in", [False, self.company_id.id]),
                ("purpose", "=", answer["purpose"]),
                *(
                    [("channel", "in", [False, answer["channel"]])]
                    if answer["channel"]
                    else []
                ),
            ],
            order="date desc, id desc",
            limit=1,
        )
        return not last or last.date < answer["date"]

    def _explain(self, error):
        return {
            "empty": self.env._("There is no table in this file."),
            "table": self.env._("This is neither a CSV nor an XLSX table."),
            "too_large": self.env._(
                "The file is too large: %s MB at most.", MOST_BYTES >> 20
            ),
            "too_many": self.env._("Too many rows: %s at most.", MOST_ROWS),
            "unpacked": self.env._(
                "The table is too large: %s MB at most.", MOST_UNPACKED >> 20
            ),
        }[error.code]
