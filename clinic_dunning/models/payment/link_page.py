from odoo import fields, models
from odoo.tools import format_amount, format_date

from ..followup.moment import Moment
from ..outreach.naming import safe_first_name


class ClinicLink(models.Model):
    """What the page behind a link shows at tier 0: totals, no details."""

    _inherit = "clinic.link"

    def _get_items(self):
        """Return what the person may be asked for: open items, without those disputed.

        Credits come with a negative residual; oldest first.
        """
        self.ensure_one()
        return self.env["clinic.followup.decision"]._get_open_items(
            self.partner_id, self.company_id
        )

    def _get_payable_items(self, currency, only_due=False):
        """Return the open items of posted documents in one currency, oldest first.

        Disputed items stay out; `only_due` leaves out what is due after today.
        """
        today = Moment(fields.Datetime.now(), self.company_id._get_clinic_tz()).today
        return [
            item
            for item in self._get_items()
            if item["residual"] > 0
            and item["currency_id"] == currency.id
            and not item["disputed"]
            and (not only_due or item["date_maturity"] <= today)
        ]

    def _get_payable_amount(self, currency, items):
        """Return what may be asked for these items: their sum, less open credits."""
        credits = sum(
            item["residual"]
            for item in self._get_items()
            if item["residual"] < 0 and item["currency_id"] == currency.id
        )
        asked = sum(item["residual"] for item in items)
        everything = sum(i["residual"] for i in self._get_payable_items(currency)) + credits
        return currency.round(max(0.0, float(min(asked, everything))))

    def _get_item_to_pay(self):
        """Return the oldest item of a posted invoice that can be paid online, or None."""
        moves = self.env["account.move"]
        for item in self._get_items():
            move = moves.browse(item["move_id"])
            if item["residual"] > 0 and not item["disputed"] and move._has_to_be_paid():
                return item
        return None

    def _get_page_values(self):
        """Return what the templates need: formatted text, nothing about a visit."""
        self.ensure_one()
        company = self.company_id
        lang = self._get_lang()
        local = company.with_context(lang=lang)
        items = self._get_items()
        return {
            "lang": lang,
            "clinic": local._get_clinic_message_name(),
            "address": company.partner_id._display_address(without_company=True).strip(),
            "phone": company.phone,
            "first_name": self._get_greeting(),
            "amounts": [
                self._get_amount(currency, rows, lang)
                for currency, rows in self._group_by_currency(items)
            ],
            "can_pay": bool(self._get_item_to_pay()),
            "transfer": self._get_transfer(),
            "policy": self._get_policy_text(lang),
        }

    def _get_lang(self):
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        for code in (self.partner_id.lang, self.company_id.partner_id.lang):
            if code in installed:
                return code
        return "en_US"

    def _get_greeting(self):
        return safe_first_name(self.partner_id.name)

    def _group_by_currency(self, items):
        groups = {}
        for item in items:
            currency = self.env["res.currency"].browse(item["currency_id"])
            groups.setdefault(currency, []).append(item)
        return groups.items()

    def _get_amount(self, currency, items, lang):
        """Return what is due now and in all in one currency, less credits."""
        today = Moment(fields.Datetime.now(), self.company_id._get_clinic_tz()).today
        total = float(sum(item["residual"] for item in items))
        late = [
            item for item in items if item["residual"] < 0 or item["date_maturity"] <= today
        ]
        now = min(max(float(sum(item["residual"] for item in late)), 0.0), max(total, 0.0))
        days = [i["date_maturity"] for i in items if i["residual"] > 0]
        return {
            "now": format_amount(self.env, now, currency, lang),
            "total": format_amount(self.env, max(total, 0.0), currency, lang),
            "is_due": currency.compare_amounts(now, 0) > 0,
            "is_open": currency.compare_amounts(total, 0) > 0,
            "has_more": currency.compare_amounts(total, now) > 0,
            "next_due": format_date(self.env, min(days), lang_code=lang) if days else "",
        }

    def _get_transfer(self):
        """Return the bank transfer details of the clinic, or None."""
        account = self.company_id.partner_id.bank_ids[:1]
        item = self._get_item_to_pay()
        if not account or not item:
            return None
        move = self.env["account.move"].browse(item["move_id"])
        return {
            "holder": account.acc_holder_name or self.company_id._get_clinic_message_name(),
            "account": account.acc_number,
            "bic": account.bank_bic,
            "reference": move.payment_reference or move.name,
        }

    def _get_policy_text(self, lang):
        policy = self.company_id._get_clinic_followup_policy()
        return policy.with_context(lang=lang).payment_policy_text

    def _opt_out(self, ip):
        """Note the refusal of messages on the channel that brought this link."""
        self.env["clinic.consent"].create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "purpose": "billing",
                "channel": self.attempt_id.channel,
                "granted": False,
                "source": "link",
                "user_id": False,
                "ip": ip,
            }
        )
