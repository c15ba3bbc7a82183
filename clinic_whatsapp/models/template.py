from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import content, lint
from .content import STATUSES

# The worst first: what a manager has to look at.
GRAVITY = (
    "rejected",
    "stopped",
    "disabled",
    "paused",
    "unsubmitted",
    "received",
    "pending",
    "approved",
)
REPLIES = ("pay", "paid", "plan", "call", "confirm", "cancel")
# What a wording that serves each channel gets on WhatsApp beside the button with the
# link, by topic: its addon knows nothing of buttons.
COMMON_REPLIES = {"appointment_reminder": ["confirm", "cancel"]}
# Bills of appointments that other addons bring go out as they are, like appointments.
COMMON_BILLS = ("deposit_kept", "fee_request")
# WhatsApp knows no Hindi in Latin letters.
NOT_WHATSAPPS = ("hi_Latn",)
# What is handed in with the text: a change makes a new version.
SUBMITTED = {
    "body",
    "language",
    "topic_id",
    "button_link",
    *(f"button_{key}" for key in REPLIES),
}


class ClinicMessageTemplate(models.Model):
    """What WhatsApp says of a wording; without its approval it is not sent."""

    _inherit = "clinic.message.template"

    button_link = fields.Boolean(
        string="Button with the Link",
        help="Below the text. The link stays in the text too: an answer that is lost "
        "is found again by it.",
    )
    button_pay = fields.Boolean(string="Reply: Send the Link")
    button_paid = fields.Boolean(string="Reply: Already Paid")
    button_plan = fields.Boolean(string="Reply: Pay in Parts")
    button_call = fields.Boolean(string="Reply: Call Me")
    button_confirm = fields.Boolean(string="Reply: I Will Come")
    button_cancel = fields.Boolean(string="Reply: I Cannot Come")
    content_ids = fields.One2many(
        "clinic.whatsapp.content", "template_id", string="WhatsApp Versions"
    )
    approval_status = fields.Selection(
        STATUSES, string="WhatsApp Approval", compute="_compute_approval"
    )
    approval_category = fields.Char(compute="_compute_approval")
    approval_reason = fields.Char(compute="_compute_approval")
    approval_text = fields.Char(compute="_compute_approval")

    @api.depends("content_ids.status", "content_ids.category", "content_ids.reason")
    def _compute_approval(self):
        for template in self:
            worst = template.sudo()._get_worst_version()
            template.approval_status = worst.status or "unsubmitted"
            template.approval_category = worst.category
            template.approval_reason = worst.reason
            template.approval_text = worst._get_text() if worst else False

    def _get_worst_version(self):
        """Return of each account's newest version the one that most needs a look."""
        newest = {
            version.account_id: version
            for version in self.content_ids.sorted("version")
        }
        ranked = sorted(newest.values(), key=lambda v: GRAVITY.index(v.status))
        return ranked[0] if ranked else self.env["clinic.whatsapp.content"]

    # -- rules -----------------------------------------------------------------

    @api.constrains("button_link", *(f"button_{key}" for key in REPLIES), "body")
    def _check_buttons(self):
        for template in self:
            if len(template._get_reply_keys()) > content.MAX_REPLIES:
                raise ValidationError(
                    self.env._("WhatsApp shows three replies at most.")
                )
            names = content.get_numbered_names(template.body)
            if template.button_link and "link" not in names:
                raise ValidationError(
                    self.env._("A button with the link needs {link} in the text too.")
                )

    def _needs_placement(self):
        return super()._needs_placement() or self.channel == "whatsapp"

    def _find_problems(self):
        reasons = super()._find_problems()
        if self.channel == "whatsapp":
            reasons += lint.find_whatsapp_problems(self.body)
        return list(dict.fromkeys(reasons))

    @api.model
    def _get_sentences(self):
        return super()._get_sentences() | {
            "empty": self.env._("There is no text.%s"),
            "too_long": self.env._(
                "The text has %s characters, WhatsApp takes 1024 at most."
            ),
            "variables": self.env._(
                "Too many variables for so few words (%s): WhatsApp wants two other "
                "words for each variable, and one more."
            ),
            "lines": self.env._("More than two empty lines follow each other.%s"),
            "spaces": self.env._("More than four spaces follow each other.%s"),
        }

    # -- choosing --------------------------------------------------------------

    @api.model
    def _narrow(self, rows, channel, company):
        """On WhatsApp only approved wording, where the language has one."""
        rows = super()._narrow(rows, channel, company)
        if channel != "whatsapp":
            return rows
        account = self.env["clinic.twilio.account"]._get_for(company, channel)
        approved = self.env["clinic.whatsapp.content"]._find_in_force(account.id)
        languages = {row["language"] for row in rows if row["id"] in approved}
        return tuple(
            row
            for row in rows
            if row["language"] not in languages or row["id"] in approved
        )

    # -- what is sent ----------------------------------------------------------

    def _get_content_in_force(self, account):
        """Return the approved version (`clinic.whatsapp.content`), or none."""
        return self.env["clinic.whatsapp.content"]._get_in_force(self, account)

    def _get_approved_content(self, account):
        """Return the SID under which an account may send this wording, or ''.

        :param account: `clinic.twilio.account` record
        """
        return self._get_content_in_force(account).content_sid or ""

    def _get_wording(self):
        """On WhatsApp the approved text counts, not what was written since."""
        account = self.env.context.get("clinic_twilio_account")
        if not account:
            return super()._get_wording()
        account = self.env["clinic.twilio.account"].browse(account)
        return self._get_content_in_force(account).body or super()._get_wording()

    def _get_content_variables(self, values, account):
        """Return the JSON of numbered variables that the wording is sent with.

        :param dict values: text by variable name, as a message keeps it, with the link
        :param account: `clinic.twilio.account` record
        :raise registry.TemplateError: for a variable without text
        """
        self.ensure_one()
        labels = self.env["clinic.service.label"]
        service = labels._translate_label(values.get("service"), self.language)
        version = self._get_content_in_force(account)
        return version._get_variables(values | {"service": service})

    def _stop_sending(self, reason, account):
        """The provider refuses it: nobody gets it until somebody has looked."""
        self._get_content_in_force(account)._stop_sending(reason)

    # -- handing in ------------------------------------------------------------

    def action_submit(self):
        """Have WhatsApp approve these texts, for each account that sends them."""
        self.check_access("write")
        accounts = (
            self.env["clinic.twilio.account"]
            .sudo()
            .search([("whatsapp_sender", "!=", False)])
        )
        if not accounts:
            raise UserError(self.env._("No Twilio account has a WhatsApp sender."))
        for template in self:
            template._check_submittable()
        for account in accounts:
            ours = self.filtered(lambda t, a=account: t._is_sent_through(a))
            self.env["clinic.whatsapp.content"].sudo()._queue(ours, account)

    @api.model
    def _get_wordings_of(self, account):
        """Return the templates that open a conversation through that account.

        WhatsApp's own, and of appointments those for each channel where it has none.
        """
        self.sudo()._make_longer()
        own = self.sudo().search([("channel", "=", "whatsapp")])
        covered = {(template.topic_id, template.language) for template in own}
        common = self.sudo().search(
            [
                ("channel", "=", False),
                ("language", "not in", NOT_WHATSAPPS),
                "|",
                ("topic_id.purpose", "=", "appointment"),
                ("topic_id.code", "in", COMMON_BILLS),
            ]
        )
        common = common.filtered(
            lambda template: (template.topic_id, template.language) not in covered
            and not lint.find_whatsapp_problems(template.body)
        )
        return (own | common).filtered(lambda t: t._is_sent_through(account))

    def _check_submittable(self):
        if self.channel not in (False, "whatsapp"):
            raise UserError(self.env._("This wording is not for WhatsApp."))
        if reasons := lint.find_whatsapp_problems(self.body):
            raise UserError(self._explain(reasons))

    def _is_sent_through(self, account):
        return not self.company_id or account.company_id in self.company_id.parent_ids

    def _get_reply_keys(self):
        chosen = [key for key in REPLIES if self[f"button_{key}"]]
        if chosen or not self._is_common():
            return chosen
        return COMMON_REPLIES.get(self.topic_id.code, [])

    def _has_link_button(self):
        """Return whether the link is a button too."""
        names = content.get_numbered_names(self.body)
        return self.button_link or (self._is_common() and "link" in names)

    def _is_common(self):
        """Return whether it is of an appointment and for each channel."""
        topic = self.topic_id
        return not self.channel and (
            topic.purpose == "appointment" or topic.code in COMMON_BILLS
        )

    def _prepare_content_vals(self, account):
        """Return what an account hands in of this wording, as it is now."""
        base = account.company_id._get_clinic_link_base_url()
        return {
            "template_id": self.id,
            "account_id": account.id,
            "body": self.body.strip(),
            "language": self.language,
            "purpose": self.topic_id.purpose,
            "link_base": base if self._has_link_button() else False,
            "replies": " ".join(self._get_reply_keys()),
        }

    def _get_content_name(self, version):
        """Return what WhatsApp calls a version of this wording."""
        code, variant = self.topic_id.code, self.variant
        return content.to_content_name(
            code, self.language, variant, str(self.id), f"v{version}"
        )

    def write(self, vals):
        """What is submitted and changes is submitted again, as a new version."""
        result = super().write(vals)
        if SUBMITTED & set(vals):
            for template in self.sudo().filtered("content_ids"):
                for account in template.content_ids.account_id:
                    template.content_ids._queue(template, account)
        return result


class ClinicWhatsappContent(models.Model):
    _inherit = "clinic.whatsapp.content"

    def _get_text(self):
        """Return in a sentence what is sent, and what it waits for."""
        if self.status == "approved":
            return self.env._("Version %s is approved and sent.", self.version)
        in_force = self._get_in_force(self.template_id, self.account_id)
        if in_force:
            return self.env._(
                "Version %(new)s is not approved; version %(old)s is sent meanwhile.",
                new=self.version,
                old=in_force.version,
            )
        return self.env._(
            "Version %s is not approved: nothing is sent by WhatsApp.", self.version
        )


class ClinicTwilioAccount(models.Model):
    _inherit = "clinic.twilio.account"

    content_count = fields.Integer(
        string="Wordings Approved", compute="_compute_content_count"
    )

    def _compute_content_count(self):
        contents = self.env["clinic.whatsapp.content"]
        for account in self:
            account.content_count = len(contents._find_in_force(account.id))

    def action_submit_contents(self):
        """Hand in all that is written for WhatsApp; show what becomes of it."""
        self.check_access("write")
        templates = self.env["clinic.message.template"]._get_wordings_of(self)
        self.env["clinic.whatsapp.content"].sudo()._queue(templates, self)
        return self.action_open_contents()

    def action_open_contents(self):
        """Open the wordings of this account."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_whatsapp.clinic_whatsapp_content_action"
        )
        return {**action, "domain": [("account_id", "=", self.id)], "context": {}}
