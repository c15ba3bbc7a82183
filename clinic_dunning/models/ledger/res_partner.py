from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

REVOKING_FIELDS = {"email", "phone", "clinic_wrong_phone", "clinic_guarantor_id"}
DECIDING_FIELDS = {"clinic_followup_mode", "clinic_followup_policy_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    clinic_guarantor_id = fields.Many2one(
        "res.partner",
        string="Guarantor",
        index="btree_not_null",
        tracking=True,
        help="Who pays for this patient: a parent, a guardian, a spouse.",
    )
    clinic_guarantor_until = fields.Date(
        string="Guarantor Until",
        help="Last day on which the guarantor answers for new invoices.",
    )
    clinic_dependant_ids = fields.One2many(
        "res.partner", "clinic_guarantor_id", string="Dependants"
    )
    clinic_is_third_party_payer = fields.Boolean(
        string="Third-party Payer",
        tracking=True,
        help="Insurer, mutual, public scheme or administrator: never chased as a "
        "patient.",
    )
    clinic_birth_date = fields.Date(
        string="Birth Date", groups="clinic_dunning.group_front_desk"
    )
    clinic_share_consent = fields.Boolean(
        string="Shares Details with the Guarantor",
        help="An adult patient agreed that the guarantor sees each item.",
    )
    clinic_preferred_channel = fields.Selection(
        selection="_selection_clinic_channel", string="Preferred Channel"
    )
    clinic_wrong_phone = fields.Char(
        string="Wrong Phone Number",
        readonly=True,
        groups="clinic_dunning.group_front_desk",
        help="This number turned out to be somebody else's. It counts until the phone "
        "number is changed.",
    )
    clinic_phone_is_wrong = fields.Boolean(
        compute="_compute_clinic_phone_is_wrong",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_followup_policy_id = fields.Many2one(
        "clinic.followup.policy",
        string="Follow-up Policy",
        company_dependent=True,
        help="Empty: the policy of the company.",
    )
    clinic_followup_mode = fields.Selection(
        [
            ("auto", "Automatic"),
            ("manual", "A person sends each reminder"),
            ("none", "No follow-up"),
        ],
        string="Follow-up",
        company_dependent=True,
        tracking=True,
        help="Empty: automatic.",
    )
    clinic_balance = fields.Monetary(
        string="Balance",
        compute="_compute_clinic_balance",
        search="_search_clinic_balance",
        currency_field="clinic_currency_id",
        groups="clinic_dunning.group_front_desk",
        help="All that this person is asked to pay in the current company, less "
        "credits.",
    )
    clinic_overdue = fields.Monetary(
        string="Overdue",
        compute="_compute_clinic_balance",
        search="_search_clinic_overdue",
        currency_field="clinic_currency_id",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_oldest_due_date = fields.Date(
        string="Oldest Due Date",
        compute="_compute_clinic_balance",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_currency_id = fields.Many2one(
        "res.currency", compute="_compute_clinic_currency_id"
    )
    clinic_case_ids = fields.One2many(
        "clinic.followup.case",
        "partner_id",
        string="Follow-up Cases",
        groups="clinic_dunning.group_front_desk",
    )
    clinic_message_count = fields.Integer(
        string="Messages to the Patient",
        compute="_compute_clinic_message_count",
        groups="clinic_dunning.group_front_desk",
    )

    @api.model
    def _selection_clinic_channel(self):
        return (
            self.env["clinic.contact.route.line"]
            ._fields["channel"]
            ._description_selection(self.env)
        )

    @api.depends_context("company")
    def _compute_clinic_currency_id(self):
        self.clinic_currency_id = self.env.company.currency_id

    @api.depends_context("company")
    def _compute_clinic_balance(self):
        balances = self.env["clinic.followup.decision"]._get_balances(
            self, self.env.company
        )
        for partner in self:
            row = balances.get(partner.id, {})
            partner.clinic_balance = row.get("balance", 0.0)
            partner.clinic_overdue = row.get("overdue", 0.0)
            partner.clinic_oldest_due_date = row.get("oldest", False)

    def _search_clinic_balance(self, operator, value):
        return self._search_clinic_amount("balance", operator, value)

    def _search_clinic_overdue(self, operator, value):
        return self._search_clinic_amount("overdue", operator, value)

    def _search_clinic_amount(self, column, operator, value):
        if operator not in (">", ">=", "<", "<=", "=", "!="):
            return NotImplemented
        # Odoo checks the groups of a computed field when it is read, not here.
        self._check_field_access(self._fields[f"clinic_{column}"], "read")
        balances = self.env["clinic.followup.decision"]._get_balance_query(
            self.env.company
        )
        people = SQL(
            "(SELECT guarantor_id FROM (%(balances)s) b WHERE b.%(column)s "
            "%(operator)s %(value)s)",
            balances=balances,
            column=SQL.identifier(column),
            operator=SQL(operator),
            value=value or 0.0,
        )
        found = Domain("id", "in", people)
        zero_matches = {
            ">": 0 > value,
            ">=": 0 >= value,
            "<": 0 < value,
            "<=": 0 <= value,
            "=": value == 0,
            "!=": value != 0,
        }[operator]
        if not zero_matches:
            return found
        owing = SQL("(SELECT guarantor_id FROM (%s) b)", balances)
        return found | Domain("id", "not in", owing)

    def _compute_clinic_message_count(self):
        groups = self.env["clinic.message"]._read_group(
            [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
        )
        counts = {partner.id: count for partner, count in groups}
        for partner in self:
            partner.clinic_message_count = counts.get(partner.id, 0)

    @api.constrains("clinic_guarantor_id", "clinic_is_third_party_payer")
    def _check_clinic_guarantor_id(self):
        for partner in self:
            guarantor = partner.clinic_guarantor_id
            if guarantor and (guarantor == partner or guarantor.clinic_guarantor_id):
                raise ValidationError(
                    self.env._(
                        "%(guarantor)s can't be the guarantor of %(patient)s: a "
                        "guarantor "
                        "pays for himself and has no guarantor.",
                        guarantor=guarantor.display_name,
                        patient=partner.display_name,
                    )
                )
            if guarantor and partner.sudo().clinic_dependant_ids:
                raise ValidationError(
                    self.env._(
                        "%(patient)s is the guarantor of others and can't have a "
                        "guarantor.",
                        patient=partner.display_name,
                    )
                )
            dependants = partner.sudo().clinic_dependant_ids
            if partner.clinic_is_third_party_payer and dependants:
                raise ValidationError(
                    self.env._(
                        "%(payer)s is the guarantor of %(patients)s and can't be a "
                        "third-party payer.",
                        payer=partner.display_name,
                        patients=", ".join(dependants.mapped("display_name")),
                    )
                )
            if guarantor.clinic_is_third_party_payer:
                raise ValidationError(
                    self.env._(
                        "%(payer)s is a third-party payer and can't be a guarantor.",
                        payer=guarantor.display_name,
                    )
                )

    def _get_clinic_guarantor(self, day):
        """Return the guarantor that answers for an invoice of that day, or none."""
        guarantor = self.clinic_guarantor_id
        until = self.clinic_guarantor_until
        return guarantor.browse() if until and until < day else guarantor

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get(name) for vals in vals_list for name in DECIDING_FIELDS):
            self._check_clinic_officer()
        return super().create(vals_list)

    @api.model
    def _check_clinic_officer(self):
        """Leave to officers how somebody is followed up: others pause, with a reason.

        :raise AccessError: for others
        """
        if not self.env.su:
            self.env["clinic.message"].check_access("write")

    def write(self, vals):
        if DECIDING_FIELDS & set(vals):
            self._check_clinic_officer()
        changed = REVOKING_FIELDS & set(vals)
        before = {partner.id: [partner[name] for name in changed] for partner in self}
        result = super().write(vals)
        if changed:
            moved = self.filtered(
                lambda partner: before[partner.id]
                != [partner[name] for name in changed]
            )
            moved._revoke_clinic_links()
        return result

    def _revoke_clinic_links(self):
        self.env["clinic.link"].sudo()._revoke_of(self)

    @api.depends("phone", "clinic_wrong_phone", "country_id")
    @api.depends_context("company")
    def _compute_clinic_phone_is_wrong(self):
        for partner in self:
            partner.clinic_phone_is_wrong = partner._is_clinic_phone_wrong(
                partner.company_id or self.env.company
            )

    def _is_clinic_phone_wrong(self, company):
        """Return whether the number on file is somebody else's, however it is written.

        Links that went there were revoked when that was noted.
        """
        wrong = self.sudo().clinic_wrong_phone
        if not (wrong and self.phone):
            return False
        if wrong == self.phone:
            return True
        number = self._get_clinic_phone(self.phone, company)
        return bool(number) and number == self._get_clinic_phone(wrong, company)

    def _get_clinic_phone(self, number, company):
        """Return a number in E.164, the clinic's country first, or False."""
        for country in (company.country_id, self.country_id):
            found = self._phone_format(
                number=number, country=country, force_format="E164"
            )
            if found:
                return found
        return False

    def _get_clinic_languages(self, company):
        """Return the template languages to try for this person, best first."""
        self.ensure_one()
        codes = [self.lang, company.partner_id.lang, "en_US"]
        return list(dict.fromkeys(code.split("_")[0] for code in codes if code))

    def _get_clinic_tz(self, company):
        """Return the time zone name in which this person lives."""
        self.ensure_one()
        return self.tz or company._get_clinic_tz()

    def _clinic_reply_appointment(self, word, company, message=None):
        """Act on what this person answered about an appointment; addons that have any.

        :param str word: book, confirm or cancel
        :param message: the `clinic.message` that is answered, if any
        :return: what `clinic.message._queue` takes to answer with: `topic_code` and
            fields of the message; False: a person has to answer
        """
        return False

    def action_open_clinic_case(self):
        """Open the follow-up case of this person in the current company."""
        self.ensure_one()
        case = self.env["clinic.followup.case"]._get_or_create(self, self.env.company)
        return {
            "type": "ir.actions.act_window",
            "res_model": "clinic.followup.case",
            "res_id": case.id,
            "view_mode": "form",
            "name": self.env._("Follow-up"),
        }

    def action_open_clinic_messages(self):
        """Open the messages sent or to be sent to this person."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "clinic_dunning.clinic_message_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {}
        return action
