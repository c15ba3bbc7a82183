import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class ResCompany(models.Model):
    _inherit = "res.company"

    clinic_message_name = fields.Char(
        string="Name in Messages",
        translate=True,
        help="Neutral name that patients read in messages and on the pay page, "
        "such as “Clinic Martin”. It must not reveal a specialty.",
    )
    clinic_profession = fields.Selection(
        [
            ("doctor", "Doctor"),
            ("dentist", "Dentist"),
            ("diagnostic", "Diagnostic centre"),
            ("other", "Other"),
        ],
        string="Profession",
        default="other",
    )
    clinic_followup_policy_id = fields.Many2one(
        "clinic.followup.policy",
        string="Follow-up Policy",
        help="Policy of the patients of this company who have none of their own.",
    )
    clinic_link_base_url = fields.Char(
        string="Base Address of Patient Links",
        help="Short address of the clinic's own domain, such as "
        "https://pay.example.com. Empty: the address of this Odoo.",
    )

    @api.constrains("clinic_message_name", "name")
    def _check_clinic_message_name(self):
        for company in self:
            if company.clinic_message_name or company._is_clinic_following_up():
                company._check_clinic_name_is_neutral()

    def _is_clinic_following_up(self):
        """Return whether a policy that is on writes in this company's name."""
        return self._get_clinic_followup_policy().sudo().state == "active"

    def _check_clinic_name_is_neutral(self):
        """Refuse a name with which no message could leave, in any language.

        :raise ValidationError: with the name and each reason
        """
        for code, _name in self.env["res.lang"].get_installed():
            name = self.with_context(lang=code)._get_clinic_message_name()
            reasons = self.env["clinic.message.template"]._find_reasons("clinic", name)
            if reasons:
                raise ValidationError(
                    self.env._(
                        "No message could leave under the name “%(name)s” "
                        "(%(company)s):\n%(reasons)s\nGive the company a neutral name "
                        "in messages, such as “Clinic Martin”.",
                        name=name,
                        company=self.name,
                        reasons=reasons,
                    )
                )

    def _get_clinic_message_name(self):
        """Return the name under which the clinic writes to patients."""
        self.ensure_one()
        return self.clinic_message_name or self.name

    def _get_clinic_tz(self):
        """Return the time zone name of the clinic.

        The time zone of the company's contact, else of the branch's parent, else the
        first one of its country: Odoo leaves the contact's empty, and the night of UTC
        is no night in India.
        """
        self.ensure_one()
        for company in self.parent_ids[::-1]:
            if company.partner_id.tz:
                return company.partner_id.tz
        zones = pytz.country_timezones.get(self.country_id.code or "", ())
        return next(iter(zones), "UTC")

    def _get_clinic_today(self):
        """Return the day it is at the clinic, whoever asks."""
        return fields.Date.context_today(self.with_context(tz=self._get_clinic_tz()))

    @api.model
    def _get_clinic_days(self):
        """Return (today, companies) for each day it is at some clinic now."""
        companies_sudo = self.sudo().search(Domain.TRUE)
        return companies_sudo.grouped(lambda c: c._get_clinic_today()).items()

    def _get_clinic_staff(self, group):
        """Return the users of a group that work in one of these companies (sudo)."""
        people_sudo = self.env.ref(group).sudo().all_user_ids
        return people_sudo.filtered(
            lambda user: user.company_ids & self and user.active and not user.share
        )

    def _get_clinic_followup_policy(self):
        """Return the policy of the company, a branch inheriting its parent's."""
        self.ensure_one()
        for company in self.parent_ids[::-1]:
            if company.clinic_followup_policy_id:
                return company.clinic_followup_policy_id
        return self.env["clinic.followup.policy"]

    def _get_clinic_code_channels(self):
        """Return the channels a code can go by to an address that is not known yet."""
        return ["email"]

    def _get_clinic_link_base_url(self):
        """Return the base address of patient links, without a final slash."""
        self.ensure_one()
        return (self.clinic_link_base_url or self.get_base_url()).rstrip("/")
