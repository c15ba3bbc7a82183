"""A front desk: a user without any right to the ledger, and journals it may use."""

from odoo.tests import Form

from .common import DunningCase, create_clinic


class DeskCase(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cash = cls.create_journal("Cash", "CASH", "cash")
        cls.card = cls.create_journal("Card", "CARD", "bank")
        cls.bank = cls.env["account.journal"].search(
            [("code", "=", "BNK"), ("company_id", "=", cls.company.id)]
        )
        cls.desk = cls.create_user("desk", "clinic_dunning.group_front_desk")
        cls.officer = cls.create_user("officer", "clinic_dunning.group_billing_officer")
        cls.manager = cls.create_user("manager", "clinic_dunning.group_clinic_manager")

    @classmethod
    def create_journal(cls, name, code, kind, allowed=True, company=None):
        journal = cls.env["account.journal"].create(
            {
                "name": name,
                "code": code,
                "type": kind,
                "company_id": (company or cls.company).id,
                "clinic_desk_allowed": allowed,
            }
        )
        outstanding = cls.env["account.account"].search(
            [("code", "=", "511000"), ("company_ids", "in", cls.company.ids)]
        )
        journal.inbound_payment_method_line_ids.payment_account_id = outstanding
        return journal

    @classmethod
    def create_other_clinic(cls):
        return create_clinic(cls.env, "Clinic Durand")

    def case_as(self, user, partner=None):
        """Return the person's case as that user sees it."""
        context = {"allowed_company_ids": user.company_ids.ids, "lang": "en_US"}
        case = self.case_of(partner)
        return case.with_user(user).with_context(**context)

    def open_dialog(self, case, action, **context):
        """Return the form of a dialog as the user's browser opens it."""
        opened = getattr(case, action)()
        model = case.env[opened["res_model"]]
        return Form(model.with_context(**opened["context"], **context))
