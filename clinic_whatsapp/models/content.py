from odoo import api, fields, models, tools

from odoo.addons.clinic_dunning.models.outreach import registry

from ..tools import content

STATUSES = [
    ("unsubmitted", "Not submitted"),
    ("received", "Received"),
    ("pending", "Pending"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("paused", "Paused by WhatsApp"),
    ("disabled", "Disabled by WhatsApp"),
    ("stopped", "Stopped here"),
]
# WhatsApp knows no Hindi in Latin letters.
LANGUAGES = {"hi_Latn": "hi"}


class ClinicWhatsappContent(models.Model):
    """One version of a wording as an account submits it: what was approved stays so."""

    _name = "clinic.whatsapp.content"
    _description = "WhatsApp Wording"
    _inherit = ["mail.thread", "mail.activity.mixin", "clinic.cached"]
    _order = "template_id, account_id, version desc"

    template_id = fields.Many2one(
        "clinic.message.template",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    account_id = fields.Many2one(
        "clinic.twilio.account",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    version = fields.Integer(readonly=True, default=1)
    active = fields.Boolean(
        default=True, help="A newer version that is approved takes this one's place."
    )
    name = fields.Char(readonly=True, help="What WhatsApp calls it.")
    body = fields.Text(readonly=True, required=True)
    language = fields.Selection(registry.LANGUAGES, readonly=True, required=True)
    purpose = fields.Char(readonly=True, required=True)
    link_base = fields.Char(
        string="Button's Address",
        readonly=True,
        help="Where the link of the button begins: WhatsApp approves it with the text.",
    )
    replies = fields.Char(readonly=True, help="What can be answered with one tap.")
    content_sid = fields.Char(string="Content SID", readonly=True, help="At Twilio.")
    status = fields.Selection(
        STATUSES, default="unsubmitted", required=True, readonly=True, tracking=True
    )
    category = fields.Char(readonly=True, tracking=True)
    reason = fields.Char(readonly=True)
    next_check_at = fields.Datetime(
        readonly=True, help="When WhatsApp is asked, or the wording is handed in."
    )

    _version = models.Constraint(
        "UNIQUE (template_id, account_id, version)", "This version exists already."
    )
    _due = models.Index("(next_check_at) WHERE next_check_at IS NOT NULL")

    @api.depends("template_id", "version", "account_id")
    def _compute_display_name(self):
        for record in self:
            record.display_name = (
                f"{record.template_id.display_name} · {record.account_id.name} "
                f"v{record.version}"
            )

    # -- which one is sent -----------------------------------------------------

    @api.model
    def _get_in_force(self, template, account):
        """Return the version that an account may send of a wording, or none.

        :param template: `clinic.message.template` record
        :param account: `clinic.twilio.account` record
        """
        return self.sudo().browse(self._find_in_force(account.id).get(template.id, []))

    @api.model
    @tools.ormcache("account_id")
    def _find_in_force(self, account_id):
        """Return {template id: id of its approved version}."""
        approved = self.sudo().search(
            [("account_id", "=", account_id), ("status", "=", "approved")],
            order="version",
        )
        return {version.template_id.id: version.id for version in approved}

    # -- making a version ------------------------------------------------------

    @api.model
    def _queue(self, templates, account):
        """Make the versions that an account has to submit; return the newest ones.

        A text that is submitted already stays; one that waits takes the new words.
        """
        newest = self._get_newest(templates, account)
        todo = self.browse()
        for template in templates:
            version = newest.get(template)
            vals = template._prepare_content_vals(account)
            if version and version._says(vals) and version.status != "rejected":
                todo |= version
            elif version and version.status == "unsubmitted":
                version.write(vals | {"content_sid": False, "reason": False})
                todo |= version
            else:
                number = version.version + 1 if version else 1
                name = template._get_content_name(number)
                todo |= self.sudo().create(vals | {"version": number, "name": name})
        todo._wait_for_turn()
        return todo

    @api.model
    def _get_newest(self, templates, account):
        """Return {template: its newest version} of an account."""
        versions = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("template_id", "in", templates.ids),
                    ("account_id", "=", account.id),
                ],
                order="version",
            )
        )
        return {version.template_id: version for version in versions}

    def _says(self, vals):
        """Return whether this version is what the template says now."""
        return all(
            (self[name] or False) == (vals[name] or False)
            for name in ("body", "language", "purpose", "link_base", "replies")
        )

    def _wait_for_turn(self):
        """Have the scheduled action hand in what is not handed in yet."""
        waiting = self.filtered(lambda version: version.status == "unsubmitted")
        if waiting:
            waiting.next_check_at = fields.Datetime.now()
            self.env.ref("clinic_whatsapp.ir_cron_contents").sudo()._trigger()

    # -- as the provider wants it ----------------------------------------------

    def _get_buttons(self):
        return content.get_buttons(
            self.language,
            self.purpose,
            self.link_base or "",
            (self.replies or "").split(),
        )

    def _get_samples(self):
        """Return an example for each number: WhatsApp's reviewers read them."""
        values = registry.EXAMPLE_VALUES[self.language]
        names = content.get_numbered_names(self.body)
        samples = {str(n): values[name] for n, name in enumerate(names, start=1)}
        if self.link_base:
            samples[str(len(names) + 1)] = "p/Zk3VtQ9aXw71"
        return samples

    def _get_variables(self, values):
        """Return the JSON of numbered variables that this version is sent with.

        :param dict values: text by variable name, as a message keeps it, with the link
        :raise registry.TemplateError: for a variable without text
        """
        values = registry.clean_values(f"{self.body} {{link}}", values)
        if not values.get("first_name"):
            values["first_name"] = registry.neutral_first_name(self.language)
        try:
            return content.to_content_variables(self.body, values, self.link_base or "")
        except KeyError as error:
            reason = registry.Reason("missing", error.args[0])
            raise registry.TemplateError([reason]) from None
