from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

ACTIONS = [
    ("deposit", "Ask for money before a visit"),
    ("hold", "Hold an amount on a card"),
    ("keep", "Keep a deposit"),
    ("no_show_fee", "Charge for a missed visit"),
    ("charge_absent", "Charge a saved card while its owner is away"),
    ("recovery_fee", "Charge costs of recovery"),
    ("formal_notice", "Send a formal notice"),
    ("agency", "Hand over to a collector"),
]


class ClinicComplianceRule(models.Model):
    """What a clinic may not do, or should think of, by country and profession.

    Data to be reviewed by the clinic's counsel: each rule says why and by which text.
    """

    _name = "clinic.compliance.rule"
    _description = "Compliance Rule"
    _order = "country_id, profession, action, id"
    _rec_name = "action"

    active = fields.Boolean(default=True)
    country_id = fields.Many2one("res.country", help="Empty: in every country.")
    profession = fields.Selection(
        selection=lambda self: self._selection_profession(),
        help="Empty: for every profession.",
    )
    action = fields.Selection(ACTIONS, required=True)
    effect = fields.Selection(
        [("forbid", "Forbid"), ("warn", "Warn")], default="warn", required=True
    )
    reason = fields.Char(required=True, translate=True)
    source = fields.Char(required=True, help="The text that says so.")
    company_id = fields.Many2one("res.company", help="Empty: for every clinic.")

    def _selection_profession(self):
        return self.env["res.company"]._fields["clinic_profession"].selection

    @api.depends("action", "country_id")
    def _compute_display_name(self):
        names = dict(self._fields["action"]._description_selection(self.env))
        for rule in self:
            place = rule.country_id.name or self.env._("Everywhere")
            rule.display_name = f"{place}: {names.get(rule.action)}"

    @api.model
    def _find_rules(self, action, company):
        """Return the rules about an action at a clinic (sudo), prohibitions first."""
        country = company.account_fiscal_country_id or company.country_id
        return (
            self.sudo()
            .search(
                Domain("action", "=", action)
                & Domain("country_id", "in", [False, country.id])
                & Domain("profession", "in", [False, company.clinic_profession])
                & Domain("company_id", "in", [False, *company.parent_ids.ids])
            )
            .sorted(lambda rule: (rule.effect != "forbid", rule.id))
        )

    @api.model
    def _is_allowed(self, action, company):
        """Return whether no rule forbids an action at a clinic."""
        return "forbid" not in self._find_rules(action, company).mapped("effect")

    @api.model
    def _check_allowed(self, action, company):
        """Ask whether a clinic may do something.

        :param str action: one of `ACTIONS`
        :param company: `res.company`
        :return: the rules that warn of it (sudo), to be shown with their sources
        :raise UserError: with reason and source, where a rule forbids it
        """
        rules = self._find_rules(action, company)
        forbidding = rules.filtered(lambda rule: rule.effect == "forbid")[:1]
        if forbidding:
            raise UserError(forbidding._get_text())
        return rules

    def _get_text(self):
        """Return the reason with its source."""
        self.ensure_one()
        return f"{self.reason} ({self.source})"
