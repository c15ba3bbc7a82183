import hashlib
import math

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from . import registry


class ClinicMessageTemplate(models.Model):
    """One wording of a topic: for a channel (or any), in a language, in a variant."""

    _name = "clinic.message.template"
    _description = "Message template"
    _inherit = ["clinic.cached"]
    _order = "topic_id, language, channel, variant, id"
    _check_company_auto = True

    topic_id = fields.Many2one(
        "clinic.message.topic", required=True, index=True, ondelete="cascade"
    )
    channel = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_clinic_channel(),
        help="Empty: the wording serves each channel that has none of its own.",
    )
    language = fields.Selection(
        registry.LANGUAGES, required=True, default=registry.DEFAULT_LANGUAGE
    )
    variant = fields.Char(
        required=True,
        default="A",
        help="Wordings of one letter belong together in all languages and channels. "
        "A person keeps the letter for all messages of the topic.",
    )
    weight = fields.Integer(
        default=1,
        help="How often this variant is taken beside the others; 0 means never. With 3 "
        "for A and 1 for B, three people in four get A.",
    )
    pilot_category_id = fields.Many2one(
        "res.partner.category",
        string="Pilot Group",
        ondelete="restrict",
        help="Only people with this tag get this wording, all others another one. "
        "Empty it when the wording has proved itself.",
    )
    author_id = fields.Many2one(
        "res.users",
        string="Text Last Written By",
        readonly=True,
        help="A large send of this text needs the yes of somebody else.",
    )
    subject = fields.Char(help="Neutral: a subject is read on a locked screen.")
    body = fields.Text(
        required=True,
        help="Plain text. Variables: {first_name} {clinic} {amount} {due_date} "
        "{reference} {service} {link} {appointment}",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        help="Empty: for all companies. A company's own goes first.",
    )
    active = fields.Boolean(default=True)
    preview = fields.Text(
        compute="_compute_preview",
        help="The message with example values, or what is wrong.",
    )

    _weight_positive = models.Constraint(
        "CHECK(weight >= 0)", "A weight can't be negative."
    )

    @api.depends("topic_id", "channel", "language", "variant")
    def _compute_display_name(self):
        for template in self:
            parts = [template.topic_id.name or "", template._get_label("language")]
            parts += [template._get_label("channel")] if template.channel else []
            template.display_name = " · ".join([*parts, template.variant or ""])

    @api.depends("topic_id", "channel", "language", "subject", "body")
    def _compute_preview(self):
        for template in self:
            template.preview = template._preview()

    @api.constrains("subject", "body", "topic_id", "channel")
    def _check_wording(self):
        for template in self:
            if template.topic_id._is_formal_notice() and template.channel != "letter":
                raise ValidationError(
                    self.env._("A formal notice goes by letter only.")
                )
            if reasons := template._find_problems():
                raise ValidationError(template._explain(reasons))

    @api.constrains(
        "pilot_category_id", "topic_id", "channel", "language", "company_id"
    )
    def _check_pilot(self):
        for template in self.filtered("pilot_category_id"):
            if not self.search_count(template._get_general_domain(), limit=1):
                raise ValidationError(
                    self.env._(
                        "Who is not in the pilot group needs a wording too: write one "
                        "without a pilot group in this language first."
                    )
                )

    def _get_general_domain(self):
        """Return what finds the wordings of those outside the pilot group."""
        return [
            ("topic_id", "=", self.topic_id.id),
            ("language", "=", self.language),
            ("channel", "in", (False, self.channel)),
            ("company_id", "in", (False, self.company_id.id)),
            ("pilot_category_id", "=", False),
            ("weight", ">", 0),
        ]

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [{**vals, "author_id": self.env.uid} for vals in vals_list]
        )

    def write(self, vals):
        if {"subject", "body", "author_id"} & set(vals):
            vals = {**vals, "author_id": self.env.uid}
        return super().write(vals)

    # -- choosing -------------------------------------------------------------

    @api.model
    def _pick(self, topic, channel, languages, seed, company, person=None):
        """Return the wording to use as `(template, language, fell_back)`.

        :param topic: `clinic.message.topic` record
        :param str channel: the channel the text goes out on
        :param list languages: message languages, preferred one first; English is last
        :param seed: what fixes the variant: the id of the recipient
        :param company: `res.company` record; its own wording goes before the shared one
        :param person: `res.partner` record, or None for somebody in no pilot group
        :return: template (empty when there is none), its language ('' then), and
            whether the language is none of those asked for

        Language counts first, then the channel's own wording, then the company's own.
        """
        rows = self._narrow(
            self._get_candidates(topic.id, company.id), channel, company
        )
        for language in dict.fromkeys([*languages, registry.DEFAULT_LANGUAGE]):
            fitting = _keep_pilot(_select_all(rows, channel, language), person)
            if fitting := _select_best(fitting):
                template = self.browse(_draw(fitting, f"{topic.code}:{seed}"))
                return template, language, language not in languages
        return self.browse(), "", True

    @api.model
    def _narrow(self, rows, channel, company):
        """Return the candidates that a channel may use; addons leave some out."""
        return rows

    @api.model
    @tools.ormcache("topic_id", "company_id")
    def _get_candidates(self, topic_id, company_id):
        """Return what is needed to choose, one dict a template, no text among it."""
        companies = self.env["res.company"].browse(company_id).sudo().parent_ids.ids
        templates = self.sudo().search(
            [
                ("topic_id", "=", topic_id),
                ("company_id", "in", [False, *companies]),
                ("weight", ">", 0),
            ],
            order="variant, id",
        )
        ranks = {company: rank for rank, company in enumerate(companies, start=1)}
        return tuple(
            {
                "id": template.id,
                "channel": template.channel,
                "language": template.language,
                "rank": ranks.get(template.company_id.id, 0),
                "variant": template.variant,
                "weight": template.weight,
                "pilot": template.pilot_category_id.id,
            }
            for template in templates
        )

    # -- rendering ------------------------------------------------------------

    def _render(self, values):
        """Return `{"subject": str, "body": str}` filled with `values` and checked.

        :param dict values: text by variable name, amounts and dates formatted already
        :raise registry.TemplateError: with each reason why the text may not leave
        """
        self.ensure_one()
        labels = self.env["clinic.service.label"]
        service = labels._translate_label(values.get("service"), self.language)
        values = {**values, "service": service}
        rules = self._get_rules()
        return {
            "subject": registry.render(self.subject or "", values, **rules),
            "body": registry.render(self._get_wording(), values, **rules),
        }

    def _get_wording(self):
        """Return the text that is sent."""
        return self.body

    def _find_problems(self):
        """Return the reasons why this wording can't be saved, the subject's first."""
        rules = self._get_rules()
        reasons = registry.check_subject(self.subject or "", **rules)
        reasons += registry.check_source(self.body or "", **rules)
        if self._needs_placement():
            reasons += registry.check_placement(self.body or "")
        return list(dict.fromkeys(reasons))

    def _needs_placement(self):
        """Return True if a messaging provider may get this text as its template."""
        return not self.channel

    def _get_rules(self):
        formal = self.topic_id._is_formal_notice()
        return {
            "deny_words": self.env["clinic.discretion.word"]._get_words(formal),
            "approved_labels": self.env["clinic.service.label"]._get_approved(),
            "formal": formal,
        }

    # -- showing --------------------------------------------------------------

    def _preview(self):
        """Return the message with example values of its language, or what is wrong."""
        self.ensure_one()
        if reasons := self._find_problems():
            return self._explain(reasons)
        try:
            message = self._render(registry.EXAMPLE_VALUES[self.language])
        except registry.TemplateError as error:
            return self._explain(error.reasons)
        return "\n\n".join(filter(None, [message["subject"], message["body"]]))

    @api.model
    def _preview_topic(self, topic, channel, company):
        """Return {language: text}: what `topic` says on `channel`."""
        previews = {}
        for language, _name in registry.LANGUAGES:
            template, _used, fell_back = self._pick(
                topic, channel, [language], 0, company
            )
            if template and not fell_back and template.language == language:
                previews[language] = template._preview()
        return previews

    def _get_label(self, name):
        return dict(self._fields[name]._description_selection(self.env)).get(
            self[name], ""
        )

    @api.model
    def _find_reasons(self, name, value):
        """Return in words why `value` can't stand for the variable `name`, or ''."""
        reasons = registry.check_value(
            name,
            value,
            self.env["clinic.discretion.word"]._get_words(),
            self.env["clinic.service.label"]._get_approved(),
        )
        return self._explain(reasons)

    @api.model
    def _explain(self, reasons):
        """Return the reasons in the user's language, a line each."""
        sentences = self._get_sentences()
        return "\n".join(sentences[reason.code] % reason.detail for reason in reasons)

    @api.model
    def _get_sentences(self):
        """The translations of `discretion.REASONS`."""
        return {
            "unknown": self.env._("Unknown variable “%s”."),
            "subject": self.env._("The subject may not hold the variable “%s”."),
            "brace": self.env._("Unbalanced brace near “%s”."),
            "glued": self.env._("The variable “%s” needs a space around it."),
            "greeting": self.env._(
                "“%s” needs a greeting before it: without a name the greeting stays."
            ),
            "edge": self.env._("The text may not start or end with the variable “%s”."),
            "adjacent": self.env._("The variables “%s” need a word between them."),
            "missing": self.env._("The variable “%s” is blank."),
            "address": self.env._("“%s”: no address but the variable link."),
            "number": self.env._("“%s”: no long number but in variables."),
            "code": self.env._("“%s” looks like a medical or billing code."),
            "word": self.env._(
                "“%s” is on the list of words that do not leave the clinic."
            ),
        }


def _select_all(rows, channel, language):
    return [
        row
        for row in rows
        if row["language"] == language and row["channel"] in (channel, False)
    ]


def _keep_pilot(rows, person):
    """Return what a pilot group gets for those in it, the rest for the others."""
    if not any(row["pilot"] for row in rows):
        return rows
    tags = person.category_id.ids if person else []
    own = [row for row in rows if row["pilot"] in tags]
    return own or [row for row in rows if not row["pilot"]]


def _select_best(rows):
    """Return the rows of the channel's own wording, of these the nearest company's."""
    best = max((_get_rank(row) for row in rows), default=None)
    return [row for row in rows if _get_rank(row) == best]


def _get_rank(row):
    return bool(row["channel"]), row["rank"]


def _draw(rows, seed):
    """Return the id of one row, by weight, the same for the same `seed`.

    Each variant draws a lot of its own (weighted rendezvous hashing): when one is
    added, withdrawn or weighed anew, only those change who come to it or leave it, and
    a person has the same variant on all channels and in all languages.
    """
    return min(rows, key=lambda row: _draw_lot(row, seed))["id"]


def _draw_lot(row, seed):
    digest = hashlib.sha256(f"{seed}:{row['variant']}".encode()).digest()
    chance = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
    return -math.log(chance) / row["weight"]
