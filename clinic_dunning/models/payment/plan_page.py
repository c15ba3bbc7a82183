from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date


class ClinicLink(models.Model):
    """Plans on the page behind a link: what is offered, chosen, accepted, ended."""

    _inherit = "clinic.link"

    def _get_statement(self):
        """What is due of a running plan is due, the rest of its bills is not yet."""
        statement = super()._get_statement()
        self.env["clinic.payment.plan.item"]._mark(statement.items)
        return statement

    def _get_details(self, lang=None):
        values = super()._get_details(lang)
        local = self.with_context(lang=values["lang"])
        return {**values, **local._get_plan_values(values["lang"])}

    def _get_item_values(self, item, lang, labels):
        values = super()._get_item_values(item, lang, labels)
        if item.get("plan"):
            values["about"] = self.env._(
                "%(number)s, in your payment plan", number=values["reference"]
            )
        return values

    def _get_plan_values(self, lang):
        """Return the plans of this person, and what else may be agreed."""
        case = self._get_known_case()
        plans = self._get_plans()
        items = plans._get_free_items(case)
        free = [] if plans.filtered(lambda plan: plan.state != "active") else items
        currency = self.env["res.currency"].browse(item["currency_id"] for item in free)
        return {
            "plans": [plan._get_page_values(lang) for plan in plans],
            "offers": free and self._get_offers(case, currency[:1], free, lang),
        }

    def _get_offers(self, case, currency, items, lang):
        """Return the plans, days and cards that this person may choose from."""
        plans = self.env["clinic.payment.plan"].sudo().with_context(lang=lang)
        counts = plans._get_counts(case, currency, items)
        first, last = plans._get_day_limits(case)
        may_collect = self.company_id._may_clinic_collect() and first <= last
        cards = plans._get_cards(self.company_id, self.partner_id, currency)
        providers, _methods = plans._get_card_options(
            self.company_id, self.partner_id, currency
        )
        return {
            "counts": {
                count: self.env._(
                    "%(count)s payments of %(amount)s",
                    count=count,
                    amount=format_amount(self.env, part, currency, lang),
                )
                for count, part in counts.items()
            },
            "cards": {card.id: card.display_name for card in cards},
            "may_save": bool(providers),
            "has_later": bool(may_collect and (cards or providers)),
            "first": first,
            "last": last,
        }

    def _get_known_case(self):
        """Return the person's case; where there is none, one that is stored nowhere."""
        cases = self.env["clinic.followup.case"].sudo()
        vals = {"partner_id": self.partner_id.id, "company_id": self.company_id.id}
        domain = [(name, "=", value) for name, value in vals.items()]
        return cases.search(domain, limit=1) or cases.new(vals)

    def _get_plans(self):
        """Return the plans that this person may still do something about (sudo)."""
        return (
            self.env["clinic.payment.plan"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    "|",
                    ("state", "in", ("proposed", "active")),
                    "&",
                    ("state", "=", "draft"),
                    ("origin", "=", "patient"),
                ],
                order="id",
            )
        )

    def _find_plan(self, plan_id):
        """Return the plan of that id, if it is this person's.

        :raise ValidationError: in words, where it is not there any more
        """
        plan = self._get_plans().filtered(lambda plan: str(plan.id) == plan_id)
        if not plan:
            raise ValidationError(
                self.env._("This plan has changed. Please look again.")
            )
        return plan.with_context(lang=self.env.lang)

    def _find_card(self, currency, name):
        """Return (saved card or None, whether a card is to be charged) for a choice.

        :param str name: id of a saved card, "new", or "" for a link each time
        """
        cards = self.env["clinic.payment.plan"]._get_cards(
            self.company_id, self.partner_id, currency
        )
        card = cards.filtered(lambda card: str(card.id) == name)
        if name and name != "new" and not card:
            raise ValidationError(
                self.env._("This card is not available. Please choose another one.")
            )
        return card or None, bool(name)


class ClinicPaymentPlan(models.Model):
    _inherit = "clinic.payment.plan"

    def _get_page_values(self, lang):
        """Return what the patient's pages show of this plan, in words."""
        self.ensure_one()
        plan = self.with_context(lang=lang)
        left = plan._get_left()[plan] if plan.state == "active" else plan.amount
        shares = plan._get_shares(left)
        return {
            "id": plan.id,
            "state": plan.state,
            "title": plan._get_title(),
            "is_asked": plan.state == "proposed" and plan.origin == "patient",
            "is_to_accept": not plan.accepted_at,
            "needs_card": plan._needs_card(),
            "card": plan.card,
            "conditions": plan._get_conditions(),
            "rows": [
                {
                    "date": format_date(plan.env, line.date, lang_code=lang),
                    "amount": plan._format(line.amount),
                    "standing": plan._get_line_text(line, paid),
                }
                for line, paid in shares.items()
            ],
        }

    def _needs_card(self):
        """Return whether it waits for a card: accepted, none saved yet (sudo)."""
        return bool(self.accepted_at and self.wants_card and not self.token_id)

    def _get_title(self):
        """Return in words what it is: one payment on a date, or several."""
        if len(self.line_ids) == 1:
            return self.env._("Payment on a date")
        return self.env._("Payment in instalments")

    def _get_line_text(self, line, paid):
        """Return in words how an instalment stands, nothing while it lies ahead."""
        standings = {
            "due": self.env._("due today"),
            "late": self.env._("please pay now"),
            "charging": self.env._("being checked"),
            "paid": self.env._("paid"),
        }
        if self.state != "active":
            return ""
        return standings.get(line._get_standing(paid), "")
