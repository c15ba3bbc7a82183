import secrets
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date

from .plan_split import get_monthly_days, split_amount
from .statement import Statement

FIRST_AFTER_DAYS = 7
ASKED_DAYS = 7


class ClinicPaymentPlan(models.Model):
    """How a plan comes about: made from the ledger, accepted, approved."""

    _inherit = "clinic.payment.plan"

    @api.model
    def _make(self, case, currency, items, days, **vals):
        """Make a draft over these items, in equal parts on these days.

        :param items: rows of `_get_open_items`, with a residual above zero
        :param days: dates of the instalments, in order
        """
        statement = Statement(self._get_rows(case), case.company_id._get_clinic_today())
        amount = statement.get_amount(currency, items)
        if currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("Nothing is due, thank you."))
        plan = self.sudo().create(
            {
                "case_id": case.id,
                "currency_id": currency.id,
                "amount": amount,
                "nonce": secrets.token_urlsafe(24),
                "item_ids": [
                    Command.create(self._prepare_item(item)) for item in items
                ],
                **vals,
            }
        )
        plan._spread(days)
        return plan.sudo(self.env.su)

    @api.model
    def _get_rows(self, case):
        return (
            self.env["clinic.followup.decision"]
            .sudo()
            ._get_open_items(case.partner_id, case.company_id)
        )

    @api.model
    def _get_free_items(self, case, currency=None):
        """Return the items that a new plan of this person may cover.

        :param currency: `res.currency`; by default that of the oldest of them
        """
        rows = self.env["clinic.payment.plan.item"]._mark(self._get_rows(case))
        free = [
            row
            for row in rows
            if row["residual"] > 0 and not row["disputed"] and not row.get("plan")
        ]
        wanted = currency.id if currency else free and free[0]["currency_id"]
        return [row for row in free if row["currency_id"] == wanted]

    @api.model
    def _prepare_item(self, row):
        return {
            "move_id": row["move_id"],
            "move_name": row["move_name"],
            "partner_id": row["partner_id"],
            "date_maturity": row["date_maturity"],
            "amount": float(row["residual"]),
        }

    def _spread(self, days):
        """Replace the instalments by equal parts on these days."""
        amounts = split_amount(self.amount, len(days), self.currency_id.rounding)
        self.write(
            {
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create({"date": day, "amount": amount})
                        for day, amount in zip(days, amounts, strict=True)
                    ),
                ]
            }
        )

    def _check_editable(self):
        """Refuse to change what somebody accepted, or what has ended."""
        for plan in self:
            if plan.state not in ("draft", "proposed") or plan.accepted_at:
                raise UserError(
                    self.env._("What was accepted stays: cancel it and make a new one.")
                )

    def _fit_ledger(self):
        """Take the amount from the ledger; refuse in words a plan that misses it."""
        self.ensure_one()
        today = self.company_id._get_clinic_today()
        if not self.line_ids or not self.item_ids:
            raise UserError(self.env._("A plan needs bills and instalments."))
        if min(self.line_ids.mapped("date")) < today:
            raise UserError(self.env._("The first instalment lies in the past."))
        total = sum(self.line_ids.mapped("amount"))
        self.sudo().amount = self._get_open()
        if self.currency_id.compare_amounts(total, self.amount):
            raise UserError(
                self.env._(
                    "The instalments make %(total)s, but %(open)s is open now. Both "
                    "have to agree.",
                    total=self.currency_id.format(total),
                    open=self.currency_id.format(self.amount),
                )
            )

    def _get_open(self):
        """Return what is open of the items now, whatever the plan says."""
        rows = self.env["clinic.payment.plan.item"]._mark(
            self._get_rows(self.case_id), but=self
        )
        free = [row for row in rows if not row["disputed"] and not row.get("plan")]
        return self._weigh(free)

    # -- accepting ---------------------------------------------------------------------

    def _accept(self, ip=None, user=None):
        """Keep the proof that the patient accepted this plan, and go on with it.

        :param str ip: where the patient accepted it on the page
        :param user: `res.users` who heard the patient accept it
        """
        self.ensure_one()
        if self.state not in ("draft", "proposed") or self.accepted_at:
            raise UserError(self.env._("This is no longer possible for this plan."))
        self._touch()
        self._fit_ledger()
        self.sudo().write(
            {
                "accepted_at": fields.Datetime.now(),
                "accepted_text": self._get_terms_text(),
                "accepted_ip": ip,
                "accepted_user_id": user and user.id,
            }
        )
        self._go_on()

    def _go_on(self):
        """Begin what was accepted, or ask a person; without its card it waits."""
        plan = self.sudo()
        if plan.wants_card and not plan.token_id:
            return
        if plan.origin == "clinic" or plan.accepted_user_id or plan._is_automatic():
            plan._start()
        elif plan.state == "draft":
            plan._move_to("proposed")
            case = plan.case_id._for_staff()
            wish = case.env._("Asks for instalments")
            plan.hold_id = case._hold("other", ASKED_DAYS, wish)
            case._ask_staff(wish, plan.accepted_text)

    def _start(self):
        """From now on the plan holds the follow-up of its bills."""
        self._move_to("active", started_at=fields.Datetime.now())
        self.sudo().hold_id.action_end()
        self.env.ref("clinic_dunning.ir_cron_plans").sudo()._trigger()

    def _is_automatic(self):
        """Return whether the policy lets this plan begin without a person's yes."""
        if len(self.line_ids) == 1:
            return True
        terms = self.case_id._get_plan_terms()
        company = self.company_id
        amount = self.currency_id._convert(
            self.amount, company.currency_id, company, company._get_clinic_today()
        )
        return company.currency_id.compare_amounts(amount, terms.plan_auto_amount) <= 0

    def _get_terms_text(self):
        """Return in words what is agreed: the proof, and what the page shows."""
        lines = [
            self.env._(
                "%(amount)s on %(date)s",
                amount=self._format(line.amount),
                date=format_date(self.env, line.date, lang_code=self.env.lang),
            )
            for line in self.line_ids.sorted("date")
        ]
        return "\n".join([*lines, *self._get_conditions()])

    def _get_conditions(self):
        """Return the sentences below the amounts and dates."""
        terms = self.case_id._get_plan_terms()
        if self.wants_card:
            how = self.env._(
                "The saved card is charged on each date. A message tells you at least "
                "%(days)s days before: until then you can cancel.",
                days=max(terms.plan_notice_days, 1),
            )
        else:
            how = self.env._(
                "You pay each amount with a link. We send it %(days)s days before.",
                days=max(terms.plan_notice_days, 1),
            )
        return [
            how,
            self.env._(
                "If an amount is more than %(days)s days late, the plan ends and "
                "all that is open is due as before.",
                days=terms.plan_grace_days,
            ),
        ]

    def _format(self, amount):
        return format_amount(self.env, amount, self.currency_id, self.env.lang)

    # -- by the patient ----------------------------------------------------------------

    @api.model
    def _ask(self, link, currency, count, token=None, wants_card=False):
        """Draft the instalments that a patient chose on the page, a month apart.

        :param token: saved `payment.token` to charge, or None
        :param bool wants_card: a card is to be charged, saved already or not
        :raise ValidationError: in words for the patient
        """
        case = link._get_case()
        items = self._get_free_items(case, currency)
        if count not in self._get_counts(case, currency, items):
            raise ValidationError(
                self.env._("Please choose one of the plans that are offered.")
            )
        first, _last = self._get_day_limits(case)
        today = case.company_id._get_clinic_today()
        first = max(first, today + timedelta(days=FIRST_AFTER_DAYS))
        days = get_monthly_days(first, count)
        return self._draft(link, case, currency, items, days, token, wants_card)

    @api.model
    def _ask_for_day(self, link, currency, day, token=None):
        """Draft the payment of all that is open on one day, by card.

        :param date day: as chosen, or None
        :raise ValidationError: in words for the patient
        """
        case = link._get_case()
        first, last = self._get_day_limits(case)
        if not case.company_id._may_clinic_collect() or first > last:
            raise ValidationError(
                self.env._("Payment on a date is not offered. Please call us.")
            )
        if not day or not first <= day <= last:
            raise ValidationError(
                self.env._(
                    "Please choose a day from %(first)s to %(last)s.",
                    first=format_date(self.env, first, lang_code=self.env.lang),
                    last=format_date(self.env, last, lang_code=self.env.lang),
                )
            )
        items = self._get_free_items(case, currency)
        return self._draft(link, case, currency, items, [day], token, True)

    @api.model
    def _draft(self, link, case, currency, items, days, token, wants_card):
        """Replace what this patient drafted before."""
        link._touch()
        link._check_plans_left()
        if wants_card and not case.company_id._may_clinic_collect():
            raise ValidationError(
                self.env._("Payment on a date is not offered. Please call us.")
            )
        self._get_drafts(case)._move_to(
            "cancelled", reason=self.env._("Replaced by a newer one.")
        )
        return self._make(
            case,
            currency,
            items,
            days,
            origin="patient",
            lang=self.env.lang,
            wants_card=wants_card,
            token_id=token and token.id,
        )

    @api.model
    def _get_drafts(self, case):
        return self.sudo().search(
            [
                ("case_id", "=", case.id),
                ("state", "=", "draft"),
                ("origin", "=", "patient"),
            ]
        )

    @api.model
    def _get_day_limits(self, case):
        """Return the first and the last day that a patient may choose.

        The notice comes before: the first day leaves it its time.
        """
        today, terms = case.company_id._get_clinic_today(), case._get_plan_terms()
        first = today + timedelta(days=terms.plan_notice_days + 1)
        return first, today + timedelta(days=terms.plan_later_days)

    @api.model
    def _get_counts(self, case, currency, items):
        """Return {number of instalments: amount of the largest} that are offered."""
        terms, company = case._get_plan_terms(), case.company_id
        statement = Statement(self._get_rows(case), company._get_clinic_today())
        amount = statement.get_amount(currency, items)
        least = company.currency_id._convert(
            terms.plan_min_amount, currency, company, company._get_clinic_today()
        )
        most = min(terms.plan_max_instalments, terms.plan_max_months + 1)
        offers = {
            count: split_amount(amount, count, currency.rounding)
            for count in range(2, most + 1)
        }
        return {
            count: parts[0]
            for count, parts in offers.items()
            if parts[-1] > 0 and currency.compare_amounts(parts[-1], least) >= 0
        }

    @api.autovacuum
    def _gc_drafts(self):
        """Drafts of patients who went away without accepting them."""
        limit = fields.Datetime.now() - timedelta(days=2)
        self.search(
            [
                ("state", "=", "draft"),
                ("origin", "=", "patient"),
                ("create_date", "<", limit),
            ]
        )._move_to("cancelled", reason=self.env._("It was not accepted."))
