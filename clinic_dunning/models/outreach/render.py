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
        """Write what the attempts need to be sent; return {id: parcel} of the ready.

        A text that may not leave goes to review with the reason, the others go on:
        where one of many is bad, each is written by itself.

        :param verdicts: {message: Verdict} of the re-check
        """
        try:
            with self.env.cr.savepoint():
                return self._prepare_together(verdicts)
        except psycopg2.Error:
            raise
        except Exception as error:  # pylint: disable=broad-except
            # whatever is wrong with one text, the others go on
            if len(self) == 1:
                self._hold_back(self._explain_refusal(error))
                return {}
        parcels = {}
        for attempt in self:
            parcels.update(attempt._prepare(verdicts))
        return parcels

    def _prepare_together(self, verdicts):
        parcels = {}
        for message in self.message_id:
            message.amount = verdicts[message].amount
        for channel, attempts in self.grouped("channel").items():
            parcels.update(getattr(attempts, f"_prepare_{channel}")(verdicts))
        return parcels

    def _explain_refusal(self, error):
        """Return in words why the text may not leave; log what nobody has foreseen."""
        if isinstance(error, TemplateError):
            return str(error)
        _logger.error("Message %s can't be written", self.message_id.id, exc_info=error)
        return self.env._("It could not be written: %s", error)

    def _hold_back(self, reason):
        """The text may not leave: a person has to look at it."""
        message = self.message_id
        self._move_to("failed", error_code="text", error=reason, retryable=True)
        message._move_to("review", reason=reason, is_problem=True)

    def _render(self, verdicts):
        """Return {attempt: Letter}, each in its recipient's language.

        :param verdicts: {message: Verdict} of the re-check
        :raise TemplateError: when there is no wording, or a text may not leave
        """
        self._read_labels(verdicts)
        urls = self.filtered(lambda attempt: attempt._needs_link())._issue_links()
        return {
            attempt: attempt._render_one(
                verdicts[attempt.message_id],
                urls.get(attempt)
                or attempt.message_id.company_id._get_clinic_link_base_url(),
            )
            for attempt in self
        }

    def _read_labels(self, verdicts):
        """Read what the items are called, for all texts at once."""
        rows = [row for m in self.message_id for row in verdicts[m].items]
        moves = self.env["account.move"].browse({row["move_id"] for row in rows})
        moves.fetch(["clinic_service_label"])

    def _render_one(self, verdict, url):
        """Return the `Letter` of one attempt.

        :param str url: the address that stands for {link}
        """
        message = self.message_id
        template, language, fell_back = self._pick_template()
        secrets = message._get_secrets()
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

    def _needs_link(self):
        """Return whether the text gets an address of its own."""
        return True

    def _issue_links(self):
        """Make the one link of each attempt; return {attempt: its address}.

        Reminders are many, and all lead to the pay page: theirs are made together.
        """
        reminders = self.filtered(lambda attempt: attempt.message_id._is_reminder())
        asked = [a.message_id._prepare_link_vals(a) for a in reminders]
        made = dict(
            zip(reminders, self.env["clinic.link"]._issue_all(asked), strict=True)
        )
        for attempt in self - reminders:
            made[attempt] = attempt.message_id._make_link(attempt)
        for attempt, (link, _url) in made.items():
            attempt.link_id = link
        return {attempt: url for attempt, (_link, url) in made.items()}


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
        return self.env["clinic.link"]._issue(**self._prepare_link_vals(attempt))

    def _prepare_link_vals(self, attempt):
        """Return how the link to the pay page is made (see `clinic.link._issue`)."""
        return {
            "partner": self.partner_id,
            "company": self.company_id,
            "purpose": self._get_link_purpose(),
            "days": self._get_link_days(attempt.channel),
            "message_id": self.id,
            "attempt_id": attempt.id,
        }

    def _is_reminder(self):
        """Return whether the follow-up wrote it."""
        return self.res_model == "clinic.followup.case"

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
        return self.env["clinic.service.label"]._get_default_name()

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
