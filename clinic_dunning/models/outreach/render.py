import hashlib
import logging
from typing import NamedTuple

import psycopg2

from odoo import models
from odoo.tools import format_amount, format_date

from .registry import TemplateError

_logger = logging.getLogger(__name__)

MASK = "…"


class Letter(NamedTuple):
    """A rendered text, ready for a driver: plain data.

    subject and body hold the link; `masked` is the body as the clinic may keep it;
    `also_open` are lines of what a legal step does not ask for.
    """

    subject: str
    body: str
    masked: str
    url: str
    lang: str
    also_open: tuple = ()


class ClinicMessageAttempt(models.Model):
    """From an attempt to the text that leaves, at the moment it leaves."""

    _inherit = "clinic.message.attempt"

    def _prepare(self, verdicts):
        """Write what each attempt needs to be sent; return {id: parcel} of the ready.

        A text that may not leave goes to review with the reason, the others go on.

        :param verdicts: {message: Verdict} of the re-check
        """
        parcels = {}
        for attempt in self:
            try:
                with self.env.cr.savepoint():
                    parcels[attempt.id] = attempt._prepare_one(
                        verdicts[attempt.message_id]
                    )
            except psycopg2.Error:
                raise
            except TemplateError as error:
                attempt._hold_back(str(error))
            except Exception as error:  # pylint: disable=broad-except
                # whatever is wrong with one text, the others go on
                _logger.exception("Message %s can't be written", attempt.message_id.id)
                attempt._hold_back(self.env._("It could not be written: %s", error))
        return parcels

    def _prepare_one(self, verdict):
        message = self.message_id
        message.amount = verdict.amount
        return getattr(self, f"_prepare_{self.channel}")(verdict)

    def _hold_back(self, reason):
        """The text may not leave: a person has to look at it."""
        message = self.message_id
        self._move_to("failed", error_code="text", error=reason, retryable=True)
        message._move_to("review", reason=reason, is_problem=True)

    def _render(self, verdict, with_link=True):
        """Return the `Letter` of this attempt in the recipient's language.

        :raise TemplateError: when there is no wording, or the text may not leave
        """
        message = self.message_id
        template, language, fell_back = self._pick_template()
        secrets = message._get_secrets()
        url = (
            self._issue_link()
            if with_link and not secrets
            else message.company_id._get_clinic_link_base_url()
        )
        values = message._prepare_values(verdict, self._get_lang_code(language))
        rendered = template._render(values | {"link": url} | secrets)
        masked = rendered["body"]
        for secret in (url, *secrets.values()):
            masked = masked.replace(secret, MASK)
        self.write(
            {
                "template_id": template.id,
                "body_hash": hashlib.sha256(rendered["body"].encode()).hexdigest(),
                "language_note": fell_back and language,
            }
        )
        message.values = values | {"text": masked, "subject": rendered["subject"]}
        return Letter(
            rendered["subject"],
            rendered["body"],
            masked,
            url,
            self._get_lang_code(language),
            message._get_also_open(verdict, self._get_lang_code(language)),
        )

    def _pick_template(self):
        message = self.message_id
        template, language, fell_back = message._pick_template(self.channel)
        if not template:
            raise TemplateError(
                [
                    self.env._(
                        "“%(topic)s” has no wording for this channel in any language.",
                        topic=message.topic_id.name or message.level_id.name,
                    )
                ]
            )
        return template, language, fell_back

    def _get_lang_code(self, language):
        """Return the code of an installed language for that template language."""
        short = language.split("_")[0]
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        fitting = [code for code in installed if code.startswith(short)]
        preferred = self.message_id.partner_id.lang
        return preferred if preferred in fitting else next(iter(fitting), "en_US")

    def _issue_link(self):
        """Make the one link of this attempt and return its address."""
        self.link_id, url = self.message_id._make_link(self)
        return url


class ClinicMessage(models.Model):
    _inherit = "clinic.message"

    def _pick_template(self, channel):
        """Return (template, language, fell back) of the wording for a channel.

        In the recipient's language, else in another that the clinic writes.
        """
        self.ensure_one()
        languages = self.partner_id._get_clinic_languages(self.company_id)
        picked = self._pick_in(languages[:1], channel)
        return (
            picked if not picked[2] else (*self._pick_in(languages, channel)[:2], True)
        )

    def _pick_in(self, languages, channel):
        return self.env["clinic.message.template"]._pick(
            self.topic_id,
            channel,
            languages,
            self.partner_id.id,
            self.company_id,
            person=self.partner_id,
        )

    def _get_secrets(self):
        """Return what is told to the recipient only, by variable; kept nowhere."""
        return {}

    def _make_link(self, attempt):
        """Return (link, address) for one attempt to tell somebody something.

        Addons lead to the page of what the message is about.
        """
        return self.env["clinic.link"]._issue(
            self.partner_id,
            self.company_id,
            purpose=self._get_link_purpose(),
            days=self._get_link_days(attempt.channel),
            message_id=self.id,
            attempt_id=attempt.id,
        )

    def _get_link_purpose(self):
        return "pay"

    def _get_link_days(self, channel):
        """Return for how many days a link on this channel works."""
        return 90 if channel == "letter" else 60

    def _prepare_values(self, verdict, lang):
        """Return the values of the registry's variables, formatted in that language.

        :param Verdict verdict: what is asked for now
        :param str lang: code of an installed language
        """
        self.ensure_one()
        env = self.with_context(lang=lang).env
        return {
            "first_name": self._get_first_name(),
            "clinic": self.company_id.with_env(env)._get_clinic_message_name(),
            "amount": format_amount(env, verdict.amount, self.currency_id, lang)
            if self.currency_id
            else "",
            "due_date": self._get_due_date_text(verdict, env, lang),
            "reference": self._get_reference(verdict),
            "service": self._get_service_text(verdict),
            **{
                key: value
                for key, value in (self.values or {}).items()
                if key not in ("text", "subject") and not verdict.items
            },
        }

    def _get_first_name(self):
        return (self.partner_id.name or "").strip()

    def _get_due_date_text(self, verdict, env, lang):
        days = [row["date_maturity"] for row in verdict.items if row["date_maturity"]]
        return format_date(env, min(days), lang_code=lang) if days else ""

    def _get_reference(self, verdict):
        """Return the number of the oldest item, and how many others there are."""
        names = list(dict.fromkeys(row["move_name"] for row in verdict.items))
        if not names:
            return ""
        return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"

    def _get_service_text(self, verdict):
        """Return the one neutral label of the items, else words for a visit."""
        moves = self.env["account.move"].browse(row["move_id"] for row in verdict.items)
        labels = set(moves.mapped("clinic_service_label"))
        if len(labels) == 1 and (only := labels.pop()):
            return only
        default = self.env.ref(
            "clinic_dunning.service_label_care", raise_if_not_found=False
        )
        return default.with_context(lang="en_US").name if default else ""

    def _get_also_open(self, verdict, lang):
        """Return a line for each item that a legal step only names, oldest first."""
        if not self.level_id._is_legal():
            return ()
        env = self.with_context(lang=lang).env
        return tuple(
            {
                "reference": row["move_name"],
                "due_date": format_date(env, row["date_maturity"], lang_code=lang),
                "amount": format_amount(
                    env, float(row["residual"]), self.currency_id, lang
                ),
            }
            for row in verdict.also_open
        )

    def _get_preview(self):
        """Return the text as it went out, the link masked; else what it is about."""
        values = self.values or {}
        return values.get("text") or self.topic_id.name or ""
