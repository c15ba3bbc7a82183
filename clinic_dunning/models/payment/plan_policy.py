from odoo import fields, models


class ClinicFollowupPolicy(models.Model):
    """What patients may agree by themselves about paying later."""

    _inherit = "clinic.followup.policy"

    plan_max_instalments = fields.Integer(
        string="Instalments at Most",
        default=6,
        help="How many instalments patients may ask for on their page. 0 or 1: none.",
    )
    plan_min_amount = fields.Monetary(
        string="Smallest Instalment",
        currency_field="currency_id",
        default=20.0,
        help="In company currency.",
    )
    plan_max_months = fields.Integer(
        string="Longest Plan",
        default=6,
        help="Months between the first and the last instalment.",
    )
    plan_auto_amount = fields.Monetary(
        string="Approved Automatically up to",
        currency_field="currency_id",
        help="Plans of patients up to this amount begin without a person's yes. "
        "0: a person looks at each.",
    )
    plan_later_days = fields.Integer(
        string="Pay on a Date within",
        default=30,
        help="Days within which patients may choose a date for their saved card. "
        "0: none.",
    )
    plan_notice_days = fields.Integer(
        string="Notice before an Instalment",
        default=3,
        help="Days between the message and the date, at least one.",
    )
    plan_grace_days = fields.Integer(
        string="Days of Grace",
        default=5,
        help="Days that a missed instalment may be late before the plan ends and the "
        "former level goes on.",
    )

    _plan_limits = models.Constraint(
        """CHECK (plan_notice_days >= 1 AND plan_grace_days >= 0
            AND plan_max_instalments BETWEEN 0 AND 60 AND plan_max_months >= 0
            AND plan_later_days >= 0 AND plan_min_amount >= 0
            AND plan_auto_amount >= 0)""",
        "A plan needs a day of notice at least; its limits can't be below zero.",
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    def _may_clinic_collect(self):
        """Return whether cards may be charged here while their owner is away.

        Not in India: an e-mandate and the bank's own notice come before each debit.
        Source: RBI circular of 21 August 2019 on e-mandates for recurring transactions.
        """
        self.ensure_one()
        country = self.account_fiscal_country_id or self.country_id
        return country.code != "IN"


class ClinicFollowupCase(models.Model):
    _inherit = "clinic.followup.case"

    def _get_plan_terms(self):
        """Return the policy that limits this person's plans, else new limits."""
        self.ensure_one()
        policy = self._get_policy().sudo()
        return policy or policy.new({"company_id": self.company_id.id})
