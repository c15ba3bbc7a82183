from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date

from ..outreach.naming import safe_first_name
from .statement import get_item_key

ADULT_AGE = 18
CHOICES_TEXT_VERSION = "page-1"


class ClinicLink(models.Model):
    """What the page shows and does once the second factor is given (tier 1)."""

    _inherit = "clinic.link"

    def _get_details(self, lang=None):
        """Return what the page of details needs: items by person, choices, policy."""
        lang = self._get_lang(lang)
        local = self.with_context(lang=lang)
        values = local._get_page_values(lang)
        return {
            **values,
            "people": local._get_people(lang),
            "problems": local._get_problems(),
            "choices": local._get_choices(),
            "promise_days": self.env["clinic.promise"]._get_days(self.company_id),
            "accepted": self.env["clinic.policy.acceptance"]._is_accepted(
                self.partner_id, self.company_id
            ),
        }

    def _get_people(self, lang):
        """Return the items by person: own ones, minors' and consenting adults'.

        What another adult owes is one line with a total: it can be paid, not read.
        """
        items = [item for item in self._get_statement().items if item["residual"] > 0]
        moves = self.env["account.move"].browse({item["move_id"] for item in items})
        labels = self._get_labels(moves)
        people = {}
        for item in items:
            person = self._get_person(item)
            rows = people.setdefault(person, {"person": person, "rows": []})["rows"]
            rows.append(self._get_item_values(item, lang, labels))
        return [
            self._get_person_values(lang=lang, **group) for group in people.values()
        ]

    def _get_person_values(self, person, rows, lang):
        """Return the items and totals of one person; nobody's items stay unread."""
        totals = {}
        for row in rows:
            totals[row["currency"]] = totals.get(row["currency"], 0.0) + row["residual"]
        return {
            "name": self._get_person_name(person),
            "items": rows if person else [],
            "bills": {
                row["move_id"]: f"{row['label']} – {row['reference']}"
                for row in rows
                if person
            },
            "total": " + ".join(
                format_amount(self.env, amount, currency, lang)
                for currency, amount in totals.items()
            ),
        }

    def _get_labels(self, moves):
        """Return {neutral label: the same in the page's language}."""
        names = set(moves.mapped("clinic_service_label")) - {False}
        english = self.env["clinic.service.label"].with_context(lang="en_US")
        found = english.search([("name", "in", list(names))])
        return {label.name: label.with_env(self.env).name for label in found}

    def _get_person(self, item):
        """Return the person an item is shown under, nobody if it may not be read."""
        move = self.env["account.move"].browse(item["move_id"])
        patient = move.clinic_patient_id or self.env["res.partner"].browse(
            item["partner_id"]
        )
        return patient if self._may_read(patient) else patient.browse()

    def _may_read(self, patient):
        """Own bills, those of minors, and of adults who agreed to share them."""
        if patient == self.partner_id or patient.clinic_share_consent:
            return True
        born = patient.clinic_birth_date
        limit = self.company_id._get_clinic_today() - relativedelta(years=ADULT_AGE)
        return bool(born and born > limit)

    def _get_person_name(self, person):
        if person == self.partner_id:
            return self.env._("Your bills")
        return safe_first_name(person.name) or self.env._("Other bills you answer for")

    def _get_item_values(self, item, lang, labels):
        move = self.env["account.move"].browse(item["move_id"])
        currency = self.env["res.currency"].browse(item["currency_id"])
        due = format_date(self.env, item["date_maturity"], lang_code=lang)
        reference = move.payment_reference or move.name
        return {
            "key": get_item_key(item),
            "move_id": move.id,
            "currency": currency,
            "residual": float(item["residual"]),
            "label": labels.get(move.clinic_service_label)
            or move.clinic_service_label
            or self.env._("Bill"),
            "reference": reference,
            "due": due,
            "about": self.env._(
                "%(number)s, due on %(date)s", number=reference, date=due
            ),
            "amount": format_amount(self.env, float(item["residual"]), currency, lang),
            "disputed": item["disputed"],
            "has_document": move.is_sale_document(include_receipts=True),
        }

    def _get_readable_moves(self):
        """Return the documents whose details this person may read."""
        items = [item for item in self._get_statement().items if item["residual"] > 0]
        return self.env["account.move"].browse(
            {item["move_id"] for item in items if self._get_person(item)}
        )

    def _get_problems(self):
        """Return the problems to choose from: no free text, it might tell of health."""
        return {
            "unknown": self.env._("I don't know this bill"),
            "amount": self.env._("The amount is not right"),
            "insurer": self.env._("My insurer should pay it"),
            "call": self.env._("Something else: please call me"),
        }

    # -- what a person can do ----------------------------------------------------------

    def _report_problem(self, chosen, problem):
        """Dispute the chosen bills and have somebody call.

        :param chosen: ids of bills as the form sent them
        :raise ValidationError: in words for the patient
        """
        moves = self._get_readable_moves().filtered(lambda move: str(move.id) in chosen)
        if not moves or problem not in self._get_problems():
            raise ValidationError(self.env._("Please choose the bill and the problem."))
        self._touch()
        moves = moves.filtered(lambda move: not move.clinic_dispute_since)
        if not moves:
            return  # Somebody looks into it already.
        case = self._get_case()._for_staff()
        reason = self.with_context(lang=case.env.lang)._get_problems()[problem]
        moves.write(
            {
                "clinic_dispute_since": self.company_id._get_clinic_today(),
                "clinic_dispute_reason": reason,
            }
        )
        case._ask_staff(
            case.env._("Question about a bill"),
            f"{reason}: {', '.join(moves.mapped('name'))}",
        )

    def _report_paid(self):
        """Pause the reminders for a week: the patient says it is paid.

        :raise ValidationError: in words, when that was said before and nothing came
        """
        self._touch()
        case = self._get_case()
        waiting = case.hold_ids.filtered("is_active").mapped("reason")
        if "says_paid" not in waiting:
            self._check_claims_left()
            case.action_says_paid()

    # -- contact choices -----------------------------------------------------------

    def _get_choices(self):
        """Return what may be written about, and how, with the answer of today."""
        consents = self.env["clinic.consent"]
        purposes = dict(consents._fields["purpose"]._description_selection(self.env))
        channels = dict(self.env["res.partner"]._selection_clinic_channel())
        return [
            {
                "name": f"{purpose}.{channel}",
                "purpose": purposes[purpose],
                "channel": channels[channel],
                "label": f"{purposes[purpose]} – {channels[channel]}",
                "granted": not consents._get_refusal(
                    self.partner_id, self.company_id, purpose, channel
                ),
            }
            for purpose in purposes
            for channel in channels
            if (purpose, channel) != ("billing", "letter")
        ]

    def _get_granted(self):
        """Return what may be written about, and how: a line for each purpose."""
        lines = {}
        for choice in self._get_choices():
            if choice["granted"]:
                lines.setdefault(choice["purpose"], []).append(choice["channel"])
        return [f"{purpose}: {', '.join(ways)}" for purpose, ways in lines.items()]

    def _set_choices(self, names, ip, source="link"):
        """Keep a proof of each answer that changed.

        :param names: of the choices that are ticked, as `purpose.channel`
        """
        self.env["clinic.consent"].create(
            [
                {
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "purpose": choice["name"].partition(".")[0],
                    "channel": choice["name"].partition(".")[2],
                    "granted": choice["name"] in names,
                    "source": source,
                    "text_version": CHOICES_TEXT_VERSION,
                    "user_id": False,
                    "ip": ip,
                }
                for choice in self._get_choices()
                if (choice["name"] in names) != choice["granted"]
            ]
        )
