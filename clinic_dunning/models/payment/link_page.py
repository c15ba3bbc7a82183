import secrets

from odoo import fields, models
from odoo.tools import format_amount, format_date

from ..followup.moment import Moment
from ..outreach.naming import safe_first_name
from .statement import Statement

LANGUAGES = {"en": "English", "fr": "Français", "hi": "हिन्दी"}


class ClinicLink(models.Model):
    """What the page behind a link shows at tier 0: totals, no details."""

    _inherit = "clinic.link"

    def _get_statement(self):
        """Return what the person may be asked for, as a `Statement`."""
        self.ensure_one()
        items = self.env["clinic.followup.decision"]._get_open_items(
            self.partner_id, self.company_id
        )
        today = Moment(fields.Datetime.now(), self.company_id._get_clinic_tz()).today
        return Statement(items, today)

    def _get_page_values(self, lang=None):
        """Return what the templates need: formatted text, nothing about a visit.

        :param str lang: the language chosen on the page, such as "fr"
        """
        self.ensure_one()
        lang = self._get_lang(lang)
        self = self.with_context(lang=lang)
        statement = self._get_statement()
        moves = self.env["account.move"].browse({i["move_id"] for i in statement.items})
        transactions = self.env["payment.transaction"]
        currencies = self.env["res.currency"].browse(statement.currency_ids)
        return {
            **self._get_header(lang),
            "hello": self._get_greeting(),
            "form": secrets.token_urlsafe(12),
            "amounts": [
                self._get_amount(statement, currency, lang) for currency in currencies
            ],
            "live": bool(transactions._get_live(moves)),
            "begun": bool(transactions._get_begun(moves)),
            "awaited": self._get_awaited_values(moves, lang),
            "transfer": self._get_transfer(statement, currencies[:1]),
            "policy": self._get_policy_text(lang),
        }

    def _get_awaited_values(self, moves, lang):
        """Return the bank transfers that were announced, to be made as told here."""
        return [
            {
                "amount": format_amount(
                    self.env, transfer.amount, transfer.currency_id, lang
                ),
                "communication": transfer._get_clinic_communication(),
                "instructions": transfer.provider_id.with_context(
                    lang=lang
                ).pending_msg,
            }
            for transfer in self.env["payment.transaction"]._get_awaited(moves)
        ]

    def _drop_transfers(self):
        """Forget the transfers announced for what this person is asked for."""
        items = self._get_statement().items
        moves = self.env["account.move"].browse({item["move_id"] for item in items})
        self.env["payment.transaction"]._get_awaited(moves)._drop_transfers()

    def _get_header(self, lang):
        """Return what stands on every page: who writes, and the languages."""
        company = self.company_id.with_context(lang=lang)
        address = company.partner_id._display_address(without_company=True)
        return {
            "lang": lang,
            "languages": self._get_languages(lang),
            "clinic": company._get_clinic_message_name(),
            "address": ", ".join(filter(None, map(str.strip, address.splitlines()))),
            "phone": company.phone,
        }

    def _get_lang(self, wanted=None):
        """Return the page's language: chosen, else the person's or the clinic's."""
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        for code in (wanted, self.partner_id.lang, self.company_id.partner_id.lang):
            same = [known for known in installed if known[:2] == (code or "")[:2]]
            if same:
                return code if code in same else same[0]
        return "en_US"

    def _get_languages(self, lang):
        """Return (code, name, whether it is shown) of the languages to choose from."""
        installed = {code[:2] for code, _name in self.env["res.lang"].get_installed()}
        return [
            (code, name, code == lang[:2])
            for code, name in LANGUAGES.items()
            if code in installed
        ]

    def _get_greeting(self):
        first_name = safe_first_name(self.partner_id.name)
        return (
            self.env._("Hello %s,", first_name) if first_name else self.env._("Hello,")
        )

    def _get_amount(self, statement, currency, lang):
        """Return what is due now and in all in one currency, less credits, in words."""
        due = statement.get_asked(currency, only_due=True)
        items = statement.get_asked(currency)
        now = statement.get_amount(currency, due)
        total = statement.get_amount(currency, items)
        early = self.env["clinic.payment.checkout"]._get_early_amount(
            currency, items, total
        )
        is_due = currency.compare_amounts(now, 0) > 0
        has_more = is_due and currency.compare_amounts(total, now) > 0
        return {
            "currency_id": currency.id,
            "is_due": is_due,
            "is_open": currency.compare_amounts(total, 0) > 0,
            "has_more": has_more,
            "now": format_amount(self.env, now, currency, lang),
            "total": format_amount(self.env, total, currency, lang),
            **self._get_amount_texts(
                currency,
                now if has_more else early or total,
                early or total,
                early,
                total,
            ),
            "due_on": self._get_due_text(statement.get_next_due(currency), lang),
        }

    def _get_amount_texts(self, currency, first, everything, early, total):
        """Return the sentences about amounts: buttons, what comes later, a discount."""

        def show(amount):
            return format_amount(self.env, amount, currency, self.env.lang)

        return {
            "pay": self.env._("Pay %s", show(first)),
            "pay_all": self.env._("Pay all: %s", show(everything)),
            "more": self.env._("%s in all, with what is due later", show(total)),
            "in_all": self.env._("%s open in all", show(total)),
            "field": self.env._("Amount in %s", currency.symbol),
            "early": early
            and self.env._(
                "Paid today, %s is enough: a discount for early payment.", show(early)
            ),
        }

    def _get_due_text(self, day, lang):
        return day and self.env._(
            "due on %s", format_date(self.env, day, lang_code=lang)
        )

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
